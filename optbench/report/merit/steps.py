"""The empirical distribution of costs, which profiles of all kinds are."""

from __future__ import annotations

import numpy as np

from optbench.report.merit.arrays import Floats


def shares(values: Floats, at: Floats) -> Floats:
    """Return the share of ``values[n, ...]`` that is at most ``at[k]``, as [k, ...].

    F(x) = #{i: v_i <= x} / n; +inf is never reached, and NaN does not count in n. Of no value F is
    NaN.
    """
    ordered = np.sort(values.reshape(len(values), -1), axis=0)  # NaN sorts last
    counts = np.stack([np.searchsorted(column, at, side="right") for column in ordered.T], axis=1)
    with np.errstate(invalid="ignore"):
        parts = counts / np.sum(~np.isnan(ordered), axis=0)
    return np.asarray(parts.reshape(len(at), *values.shape[1:]))


def steps(values: Floats) -> tuple[Floats, Floats]:
    """Return where F of ``values[n]`` jumps, ascending, and its height from there on.

    +inf counts in n and makes no jump; equal values make one.
    """
    at = np.unique(values[np.isfinite(values)])
    return at, shares(values, at)
