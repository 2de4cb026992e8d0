"""Log-ratio profiles: two optimizers, problem by problem, sorted.

For each problem log2(t[p, a] / t[p, b]); sorted upwards, what lies below 0 are the problems on
which a is the faster one, and by how many doublings (Morales 2002, SIAM J. Optim. 13). A profile of
ratios to the best depends on who else takes part, and can order two optimizers the other way round
when a third one is added (Gould and Scott 2016, ACM TOMS 43); this one cannot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.merit.arrays import Floats, positive

BEYOND = 1.1
"""Where failures are placed, in units of the largest ratio: outside of all others, and drawable."""
FLAT = float(np.finfo(float).eps)
"""The largest ratio where all are 1: failures still need a side."""


def log_ratio_profile(cost: ArrayLike, other: ArrayLike) -> Floats:
    """Return log2(cost / other) of each problem, ascending.

    Where one failed the ratio is 1.1 of the largest, on the side of the other; a problem on which
    both failed is on both sides, so that the profile gets one longer (optiprofiler's convention).

    Parameters
    ----------
    cost, other : array_like [problems]
        Evaluations; +inf where not solved, NaN where not run: then the problem does not count.

    Returns
    -------
    ndarray [problems that count + those of them on which both failed]

    Raises
    ------
    ValueError
        If their numbers differ; and see `arrays.positive`.
    """
    a, b = positive("costs", cost, "problems"), positive("other costs", other, "problems")
    if len(a) != len(b):
        raise ValueError(f"costs on {len(a)} and {len(b)} problems: expected the same problems")
    counts = ~(np.isnan(a) | np.isnan(b))
    a, b = a[counts], b[counts]
    fail_a, fail_b = np.isinf(a), np.isinf(b)
    both = ~fail_a & ~fail_b
    ratios = np.log2(a[both]) - np.log2(b[both])
    end = BEYOND * (np.abs(ratios).max(initial=0.0) or FLAT)
    above, below = np.full(fail_a.sum(), end), np.full(fail_b.sum(), -end)
    return np.sort(np.concatenate([below, ratios, above]))
