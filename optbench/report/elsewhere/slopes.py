"""How the cost of a success grows along an axis: a slope with an interval over resampled lanes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.report.elsewhere.agreement import ONE_INSTANCE
from optbench.report.statistics.intervals import LEVEL
from optbench.report.statistics.resampling import resampled_interval

Floats = NDArray[np.float64]
TOO_FEW = "the target is reached at fewer than two levels"


def slopes(
    decades: Sequence[float], log_cost: Sequence[float], resampled: Sequence[Floats], instances: int
) -> dict[str, object]:
    """Return the slope of ln(cost) by decade, its interval, and at how many levels it was seen.

    A level counts if the target is reached there in 95 % of resamples; without one in which it
    is, a resample has no slope.

    Parameters
    ----------
    decades, log_cost : sequence of float [m]
        log10 of the level, ascending, and ln of the cost; +inf where nothing was reached.
    resampled : sequence of ndarray [B]
        ln of the cost in each resample.
    instances : int
        Of the level with the fewest.

    Returns
    -------
    dict
        levels, slope, low, high, note.
    """
    stacked = np.stack(list(resampled), axis=1)
    seen = np.isfinite(log_cost) & (np.isfinite(stacked).mean(axis=0) >= LEVEL)
    levels = int(seen.sum())
    note = f"the target is not reached at {len(seen) - levels} levels" if levels < len(seen) else ""
    if levels < 2:
        unknown = dict.fromkeys(("slope", "low", "high"), math.nan)
        return {"levels": levels, **unknown, "note": TOO_FEW}
    x = np.asarray(decades)[seen]
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    own = stacked[:, seen]
    own = own[np.isfinite(own).all(axis=1)]
    # Not by BLAS, whose sums may hang on how many threads there are.
    ends = resampled_interval(np.einsum("bl,l->b", own, weights), instances)
    slope = float(np.einsum("l,l", np.asarray(log_cost)[seen], weights))
    # All may be one number, but for rounding.
    low, high = np.minimum(ends[0], slope), np.maximum(ends[1], slope)
    note = "; ".join(filter(None, [note, "" if instances > 1 else ONE_INSTANCE]))
    return {"levels": levels, "slope": slope, "low": low, "high": high, "note": note}
