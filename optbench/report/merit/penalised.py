"""PAR-10: the mean cost, with ten budgets for each lane that failed.

The penalised average running time of algorithm configuration (Hutter, Hoos and Leyton-Brown 2009,
JAIR 36, sec. 2): ERT charges a failure with the restarts that it takes, PAR-10 with a constant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.merit.arrays import Floats, lane_pair

PENALTY = 10.0


def par10(cost: ArrayLike, reached: ArrayLike, budget: ArrayLike) -> Floats:
    """Return the mean of costs in budgets, where a failure counts as ten [...].

    In units of the budget, so that problems of several budgets compare: between 0 and 10.

    Parameters
    ----------
    cost, reached : array_like [..., lanes]
        Evaluations at the target, where it was reached.
    budget : array_like [...]
        Evaluations.

    Raises
    ------
    ValueError
        If a budget is not greater than 0; and see `arrays.lane_pair`.
    """
    spent, success = lane_pair(cost, reached)
    most = np.asarray(budget, np.float64)
    if not (most > 0).all():
        raise ValueError(f"budgets {most.min():g}: expected numbers greater than 0")
    return np.asarray(np.where(success, spent / most[..., None], PENALTY).mean(axis=-1))
