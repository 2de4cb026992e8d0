"""What of a cell's lanes is recorded, and at which steps."""

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.lanes.records import record_evaluations, records_of, steps_at

if TYPE_CHECKING:
    from optbench.study.cells import Cell

LAYER_EXAMPLES = 1024
"""How many training examples the statistics of layers are over, at most: the first ones."""


class Grid(NamedTuple):
    """When lanes are recorded.

    Attributes
    ----------
    evaluations : ndarray of int64 [r]
        Of the records that are kept.
    steps : ndarray of int64, ascending
        Of the records that are run.
    place : ndarray of int64 [r]
        Of each record among them.
    """

    evaluations: NDArray[np.int64]
    steps: NDArray[np.int64]
    place: NDArray[np.int64]


class Recording(NamedTuple):
    """What is kept of n lanes.

    Attributes
    ----------
    grid : Grid
    exact : bool
        Whether hits are looked for at every step.
    has_hits : bool
        Whether hits are kept.
    metrics : bool
        Whether losses and accuracies are.
    kept : ndarray [n] of bool
        The lanes whose curves are kept.
    recorded : ndarray [n] of bool, optional
        The lanes that are recorded; by default all, since hits are found in records.
    points : ndarray [n] of bool, or False
        The lanes whose points are.
    """

    grid: Grid
    exact: bool
    has_hits: bool
    metrics: bool
    kept: NDArray[np.bool_]
    recorded: NDArray[np.bool_] | None
    points: NDArray[np.bool_] | bool

    @classmethod
    def of(cls, cell: "Cell", trial: NDArray[np.intp]) -> "Recording":
        """Return what is kept of a cell's lanes, which are of the trials `trial` [n]."""
        pair, kind = cell.pair, cell.problem.kind
        exact, net = kind == "deterministic", kind == "net"
        looks = cell.scoring or not (net or exact)  # hits need records, or curves are kept
        count = records_of(kind) if looks else 1
        kept = cell.is_kept[trial]
        keeps_points = cell.scoring and (kind == "data" or cell.problem.dim == 2)
        return cls(
            grid=grid(pair.budget, pair.steps, pair.evaluations_per_step, count),
            exact=exact,
            has_hits=cell.scoring or not net,
            metrics=net,
            kept=kept,
            recorded=kept if exact else None,
            points=kept if keeps_points else False,
        )


@functools.lru_cache(maxsize=256)
def grid(budget: int, steps: int, evaluations_per_step: float, count: int) -> Grid:
    """Return about `count` records, or the start and the end alone; many pairs share them."""
    kept = record_evaluations(budget, count) if count > 1 else np.array([0, budget])
    at = np.minimum(steps_at(kept, evaluations_per_step), steps)
    return Grid(kept, *np.unique(at, return_inverse=True))
