"""What counts as success: the grid of targets, and the one among them that is the goal.

NumPy only: reports read it without the engine.
"""

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench.kernels.status import rounding_floor

TARGETS = 10.0 ** (-np.arange(2, 21) / 2)
"""Shares of the initial gap, 10^-1 .. 10^-10 in half decades."""
ABSOLUTE_TARGETS = 10.0 ** (-np.arange(-4, 17) / 2)
"""Gaps 10^2 .. 10^-8 in half decades, for problems whose targets are absolute."""
ABSOLUTE_SUCCESS = 1e-8
"""The gap that counts as success where targets are absolute (Hansen et al. 2021, COCO)."""
NOISY_SUCCESS = 1e-2
"""The share of the initial gap that counts as success where gradients are noisy."""


class HasTargets(Protocol):
    """What targets depend on: a `catalog.instance.Problem` has it."""

    @property
    def kind(self) -> str:
        """One of "deterministic", "stochastic", "data" and "net"."""

    @property
    def target(self) -> float | None:
        """The declared target."""

    @property
    def absolute_targets(self) -> bool:
        """Whether targets are gaps, not shares of the initial gap."""


class Success(NamedTuple):
    """What tables count as success.

    Attributes
    ----------
    target : float
        A share of the gap at the start, a gap where targets are absolute, a loss for nets.
    text : str
        How to say it.
    """

    target: float
    text: str


def success(problem: HasTargets, default: float) -> Success:
    """Return what tables count as success.

    Parameters
    ----------
    problem : Problem
    default : float
        The relative gap of a study for deterministic surfaces that declare none; with absolute
        targets the last of them counts.
    """
    target = problem.target
    if problem.kind == "net" and target is not None:
        return Success(target, f"training loss <= {target:g}")
    if problem.absolute_targets:
        target = target or ABSOLUTE_SUCCESS
        return Success(target, f"f - f_ref <= {_short(target)}")
    target = target or (default if problem.kind == "deterministic" else NOISY_SUCCESS)
    return Success(target, f"f - f_ref <= {_short(target)} (f(x0) - f_ref)")


def _short(value: float) -> str:
    """Write a number with a short exponent: ``1e-8``."""
    return f"{value:g}".replace("e-0", "e-")


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of lanes: a grid, with the goal in its place.

    Attributes
    ----------
    values : ndarray [m], decreasing
        Shares of the gap at the start, or values of f (NaN: does not count).
    f_ref : float
        The value that gaps are measured from; NaN where it is unknown.
    goal : int
        Which of them is the goal; -1 for the last of the grid that counts for a lane.
    are_values : bool
        Whether they are values of f, not shares of the gap.
    """

    values: NDArray[np.float64]
    f_ref: float
    goal: int = -1
    are_values: bool = False

    def grid_hits(self, hits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the columns of `hits` [n, m] that belong to the grid alone."""
        if self.goal < 0:
            return hits
        # `np.delete` takes three times as long where lanes are few.
        return np.concatenate([hits[:, : self.goal], hits[:, self.goal + 1 :]], axis=1)


def targets_of(
    problem: HasTargets, f_ref: float, dtype: DTypeLike, target: float | None, grid: bool = True
) -> Targets:
    """Return the targets of lanes.

    Parameters
    ----------
    problem : Problem
    f_ref : float
        NaN where it is unknown; then only nets have a target.
    dtype : str or numpy.dtype
        Of the lanes: a target that rounding hides does not count.
    target : float or None
        The goal, beside the grid: see `success`.
    grid : bool
        Whether the grid counts; a goal is alone without.
    """
    net = problem.kind == "net"
    if not net and math.isnan(f_ref):
        return Targets(np.zeros(0), f_ref)
    losses = () if not net else (math.nan if problem.target is None else problem.target,)
    values, place = _with_goal(problem.absolute_targets, losses, target)
    if not grid:
        values, place = values[place:][:1], min(place, 0)
    if problem.absolute_targets:
        counts = values >= rounding_floor(f_ref, dtype)
        values = np.where(counts, f_ref + values, np.nan)
    return Targets(values, f_ref, place, are_values=net or problem.absolute_targets)


@functools.lru_cache(maxsize=256)
def _with_goal(
    absolute: bool, losses: tuple[float, ...], target: float | None
) -> tuple[NDArray[np.float64], int]:
    """Return the grid, or the losses of a net, with the goal in its place, and that place or -1.

    All instances of a problem share it.
    """
    grid = ABSOLUTE_TARGETS if absolute else TARGETS
    if losses:
        grid = np.array(losses, np.float64)
    if target is None:
        return grid, -1
    place = int(np.sum(grid >= target))
    return np.insert(grid, place, target), place


def thresholds(
    kind: str,
    absolute: bool,
    targets: ArrayLike,
    *,
    f_start: NDArray[np.float64],
    f_ref: NDArray[np.float64],
    dtype: DTypeLike,
) -> NDArray[np.float64]:
    """Return the values of f at which targets are met, NaN where one does not count.

    A share of the gap at the start counts if what it leaves is more than rounding hides, and lies
    below the start.

    Parameters
    ----------
    kind : {"deterministic", "stochastic", "data", "net"}
        Of the problem.
    absolute : bool
        Whether targets are gaps.
    targets : array_like [m]
        Shares of the gap at the start, gaps, or losses of nets: see `success`.
    f_start, f_ref : ndarray [D]
        The value at the start, and the reference value, NaN where it is unknown.
    dtype : str or numpy.dtype
        Of the lanes.

    Returns
    -------
    ndarray [D, m]
    """
    asked, start, reference = np.asarray(targets, float), f_start[:, None], f_ref[:, None]
    if kind == "net":
        return np.broadcast_to(asked, (len(f_start), asked.size)).copy()
    with np.errstate(all="ignore"):  # f at the start may be anything
        gap = asked if absolute else asked * (start - reference)
        values = reference + gap
        counts = gap >= rounding_floor(reference, dtype)
        if not absolute:
            counts &= values < start
    return np.where(counts, values, np.nan)


def target_grid(kind: str, absolute: bool) -> NDArray[np.float64]:
    """Return the grid of targets [m], decreasing; nets have none but the asked one."""
    if kind == "net":
        return np.zeros(0)
    return ABSOLUTE_TARGETS if absolute else TARGETS
