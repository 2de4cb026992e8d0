"""Why lanes did not reach their target, each with the number that decided.

Of any lane can be said that it is not finite, diverged, left the box, was stopped, stalled, or was
still descending when its budget was spent. Where surfaces are smooth and not convex, no budget
helps a lane that stands on a plateau, at a saddle or at another minimum: see `lanes.standing`.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats, Problem
from optbench.define.definitions import ProblemDefinition
from optbench.kernels.status import NOT_FINITE, STOPPED, Failure
from optbench.lanes.standing import SMALL, Ends, standing

DIVERGED = 100.0
"""Gaps at the start that a lane ended above: swings of lanes that come back are far smaller."""
OUTSIDE = 1.0
"""Diagonals of the box by which a lane left it, unless next to nothing of its gap at the start is
left: other minima may be there."""
PROGRESS = 0.01
"""Share of its best gap by which a lane falls in the second half of its budget, if it descends:
with less, twice the budget gains next to nothing."""


def failures(instances: tuple[Problem, ...], ends: Ends) -> tuple[NDArray[np.int8], Floats]:
    """Return why lanes failed, and the evidence.

    Parameters
    ----------
    instances : tuple of Problem
        Of one problem in one dimension.
    ends : Ends

    Returns
    -------
    failure : ndarray [n] of int8
        See `kernels.status.Failure`; the first that holds. Where there is no target, only lanes
        that are not finite or diverged have failed.
    evidence : ndarray [n]
        After how many steps the lane was not finite, or was stopped; how many gaps at the start it
        ended above; how many diagonals of the box it is outside; of plateaus the slope, see
        `standing`; of saddles and minima the least eigenvalue of the Hessian; else the share of its
        best gap by which the lane fell in the second half of its budget. NaN where it did not fail.
    """
    with np.errstate(all="ignore"):
        growth = np.where(ends.reached, 0.0, ends.gap / (ends.f_start - ends.f_ref))
        outside = _diagonals_outside(instances, ends)
    lost, diverged = ends.status == NOT_FINITE, growth > DIVERGED
    missed = ends.asked & ~ends.reached
    away = missed & (outside > OUTSIDE) & (growth > SMALL)
    stalled = ends.fall < PROGRESS
    stands = standing(instances, ends, missed & ~(lost | diverged | away), stalled)
    cases = [
        (Failure.NOT_FINITE, lost, ends.steps),
        (Failure.DIVERGED, diverged, growth),
        (Failure.LEFT_THE_BOX, away, outside),
        (Failure.PLATEAU, stands.plateau, stands.slope),
        (Failure.SADDLE, stands.saddle, stands.least),
        (Failure.OTHER_MINIMUM, stands.minimum, stands.least),
        (Failure.STOPPED, missed & (ends.status == STOPPED), ends.steps),
        (Failure.STALLED, missed & stalled, ends.fall),
        (Failure.BUDGET, missed, ends.fall),
    ]
    codes, masks, numbers = zip(*cases, strict=True)
    failure = np.select(masks, codes, Failure.NONE).astype(np.int8)
    return failure, np.select(masks, [column.astype(float) for column in numbers], np.nan)


def _diagonals_outside(instances: tuple[Problem, ...], ends: Ends) -> Floats:
    """Return how many diagonals lanes [n] are outside of the box, enlarged to hold the minimum."""
    low, high = _boxes(instances)[:, ends.instance]
    beyond = np.linalg.norm(ends.x - np.clip(ends.x, low, high), axis=1)
    outside: Floats = beyond / np.linalg.norm(high - low, axis=1)
    return outside


@functools.lru_cache(maxsize=512)
def _boxes(instances: tuple[Problem, ...]) -> Floats:
    """Return the low and the high ends [2, P, d] of where the minimum is searched.

    NaN where nobody said where: no box is declared, or the minimum is not known.
    """
    ends = np.full((2, len(instances), instances[0].dim), np.nan)
    for i, problem in enumerate(instances):
        declared = isinstance(problem.definition, ProblemDefinition) and problem.definition.box
        if declared and problem.box is not None and problem.minimum is not None:
            points = np.stack([*problem.box, problem.minimum])
            ends[:, i] = points.min(axis=0), points.max(axis=0)
    return ends
