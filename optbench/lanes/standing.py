"""Lanes that stand where nothing leads on: on plateaus, at saddles, at other minima.

Of a convex function the gap is at most slope x distance to the minimum. Where that product is far
less than the gap, the slope does not lead to the minimum, whatever the scales of values and
coordinates; then curvature says what holds the lane. No convex problem has such points, however
ill-conditioned, and the start, which may lie on a plateau itself, does not come into it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.basins import minima_compare
from optbench.catalog.curvature import LARGEST_DENSE, curvature
from optbench.catalog.gradients import gradients
from optbench.catalog.instance import Floats, Problem

SMALL = 0.01
"""The share of the gap that counts as nothing: what slope or curvature would gain on a way as long
as that to the minimum. A lane that leaves `strict_saddle` passes it at a 400th of the way."""
ELSEWHERE = {"convex", "nonsmooth", "no_gradient", "game"}
"""Tags of surfaces on which no lane stands in this sense, or whose gradients do not tell."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ends:
    """Where and how n lanes ended.

    Attributes
    ----------
    instance : ndarray [n] of int
        Position of each lane's instance.
    x : ndarray [n, d]
        The reported point.
    f_ref : ndarray [n]
        Of nets 0; NaN where it is unknown.
    f_start, f_final : ndarray [n]
        Noise-free.
    status, steps : ndarray [n] of int
        See `kernels.status`.
    asked, reached : ndarray [n] of bool
        Whether there is a target, and whether the lane reached it.
    fall : ndarray [n]
        The share of its best gap by which a lane fell in the second half of its budget.
    basin_gap : ndarray [n]
        Gaps below it are in the global basin; NaN where no other one is known.
    """

    instance: NDArray[np.integer]
    x: Floats
    f_ref: Floats
    f_start: Floats
    f_final: Floats
    status: NDArray[np.integer]
    steps: NDArray[np.integer]
    asked: Bools
    reached: Bools
    fall: Floats
    basin_gap: Floats

    @property
    def gap(self) -> Floats:
        """The gap at the end [n]."""
        return self.f_final - self.f_ref


class Standing(NamedTuple):
    """Which lanes [n] stand at what, and the evidence, NaN of lanes that were not looked at.

    Attributes
    ----------
    plateau, saddle, minimum : ndarray [n] of bool
    slope : ndarray [n]
        |g| |x - x*| / gap; where no minimum is declared the box's diagonal takes the place of the
        distance.
    least : ndarray [n]
        The least eigenvalue of the Hessian.
    """

    plateau: Bools
    saddle: Bools
    minimum: Bools
    slope: Floats
    least: Floats


def standing(instances: tuple[Problem, ...], ends: Ends, missed: Bools, stalled: Bools) -> Standing:
    """Return which lanes stand where nothing leads on.

    A slope that is `SMALL` is a plateau's where curvature is, too; else a saddle's where the
    surface bends down, another minimum's where it does not. A lane that stalled while it swings
    about a minimum is told by the quadratic model: of what is left it gains next to nothing.

    Parameters
    ----------
    instances : tuple of Problem
        Of one problem in one dimension.
    ends : Ends
    missed : ndarray [n] of bool
        The lanes that are looked at.
    stalled : ndarray [n] of bool
        Those that made no progress at last.
    """
    n, number = len(ends.x), ends.instance
    distance, least, strongest, gain = np.full((4, n), np.nan)
    g = np.full(ends.x.shape, np.nan)
    outside = ~(ends.gap < ends.basin_gap)
    smooth = missed & _leads_astray(instances[0])
    with np.errstate(all="ignore"):
        if smooth.any():
            g[smooth] = gradients(instances, number[smooth], ends.x[smooth, None])[:, 0]
            distance[smooth] = _distance(instances, number[smooth], ends.x[smooth])
        slope = np.linalg.norm(g, axis=1) * distance / ends.gap
        flat = slope <= SMALL
        swings = smooth & stalled & outside & _may_swing(instances[0])
        suspect = flat | swings
        if suspect.any():
            bend = curvature(
                instances, number[suspect], ends.x[suspect], g[suspect], distance[suspect]
            )
            least[suspect], strongest[suspect], gain[suspect] = (
                bend.least,
                bend.strongest,
                bend.gain,
            )
        # Curvature that has the slope vanish only so far away, or that would gain so little.
        weak = np.maximum(slope / SMALL, 2 * SMALL) * ends.gap / distance**2
    down = least < -np.minimum(weak, SMALL * strongest)
    holds = flat & (strongest > weak)
    return Standing(
        plateau=flat & (strongest <= weak),
        saddle=holds & down,
        minimum=outside & ((holds & ~down) | (swings & (gain <= SMALL * ends.gap))),
        slope=slope,
        least=least,
    )


def _leads_astray(problem: Problem) -> bool:
    """Say whether lanes may stand where nothing leads on, and the gradient would tell."""
    return problem.kind in ("deterministic", "stochastic") and not ELSEWHERE & set(problem.tags)


def _may_swing(problem: Problem) -> bool:
    """Say whether lanes may swing about another minimum, and a quadratic model would tell."""
    return not minima_compare(problem) and problem.dim <= LARGEST_DENSE


def _distance(instances: tuple[Problem, ...], number: NDArray[np.integer], x: Floats) -> Floats:
    """Return how far points [n, d] are from the minimum; if it is unknown, the box's diagonal."""
    points = [problem.minimum for problem in instances]
    if any(minimum is None for minimum in points):
        boxes = np.array([problem.box for problem in instances], float)
        diagonals: Floats = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)[number]
        return diagonals
    distance: Floats = np.linalg.norm(x - np.array(points, float)[number], axis=1)
    return distance
