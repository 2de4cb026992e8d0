"""Whether two optimizers take the same steps, and where they part.

First the same gradients are handed to both, so that nothing of a difference comes back as another
gradient: what is left is the rule. Their coordinates have gradients of sizes from 1e-8 to 1e3, so
that an eps shows, and a start of the size of some steps, so that decay does. Then each runs alone,
by the gradients at its own points. Where one takes matrices alone, both get matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.catalog import finding
from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.kernels.authors.tensors import tensor_table
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.minimizing import EVERY, run_lanes
from optbench.lanes.records import record_steps
from optbench.lanes.replaying import replay
from optbench.rules.compose import Optimizer
from optbench.rules.guests.making import refusal
from optbench.rules.guests.rule import GuestRule

Floats = NDArray[np.float64]
SIZES = (1e3, 1.0, 1e-2, 1e-4, 1e-6, 1e-8)
"""Of the gradients of the coordinates."""
START = 10.0
"""Of the start, in rates."""
ROUNDING = 1e-10
"""Relative difference up to which two may be one rule written in two ways, in 1,000 steps."""
ROUNDING_ALONE = 1e-6
"""Likewise where each has gradients of its own, which carry what rounding there was."""
MATRIX = (3, 2)
"""Of the coordinates, where they are a matrix."""
VALLEY, MATRICES = "rosenbrock", "kronecker_1e2"
"""Where each runs alone: a surface of two coordinates, and one of a matrix."""


@dataclass(frozen=True)
class Parting:
    """How far the points of two optimizers are apart.

    Attributes
    ----------
    differences : ndarray [T, d]
        After each step, relative to the largest that a coordinate has been by then; NaN where one
        of both is not finite and the other is.
    points : tuple of ndarray [T + 1, d]
        Of both, the start first.
    rounding : float
        Up to which difference they are the same.
    """

    differences: Floats
    points: tuple[Floats, Floats]
    rounding: float

    @classmethod
    def of(cls, one: Floats, other: Floats, rounding: float) -> "Parting":
        """Compare points [T + 1, d] of two optimizers."""
        with np.errstate(all="ignore"):
            so_far = np.fmax.accumulate(np.fmax(np.abs(one), np.abs(other)), axis=0)
            relative = np.abs(one - other) / so_far
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return cls(np.where(same, 0.0, relative)[1:], (one, other), rounding)

    @property
    def largest(self) -> float:
        """The largest difference of all, infinite where only one is finite."""
        return float(np.nan_to_num(self.differences, nan=np.inf).max())

    @property
    def same(self) -> bool:
        """Whether they take the same steps but for rounding."""
        return self.largest <= self.rounding

    @property
    def first(self) -> tuple[int, int] | None:
        """The step, from 1, and the coordinate, from 0, where they part beyond rounding."""
        beyond = ~(self.differences <= self.rounding)
        steps = np.flatnonzero(beyond.any(axis=1))
        if not steps.size:
            return None
        row = np.nan_to_num(self.differences[steps[0]], nan=np.inf)
        return int(steps[0]) + 1, int(np.argmax(row))


def on_the_same_gradients(one: Optimizer, other: Optimizer, steps: int) -> Parting:
    """Hand the same gradients and values to two optimizers.

    Raises
    ------
    SettingError
        If one takes more gradients a step than the other.
    """
    if one.evaluations != other.evaluations:
        raise SettingError(
            f"{one.label} takes {one.evaluations} gradients a step and {other.label} "
            f"{other.evaluations}: they cannot be compared step by step"
        )
    rng = np.random.Generator(np.random.Philox(key=int(stream_key(0, "parting"))))
    gradients = rng.standard_normal((steps * one.evaluations, len(SIZES))) * SIZES
    values = 1.0 + rng.random(len(gradients))
    start = START * one.lr * rng.standard_normal(len(SIZES))
    shape = [MATRIX] if take_matrices(one, other) else None
    points = [
        np.asarray(replay(each, gradients, start, values=values, shape=shape))
        for each in (one, other)
    ]
    return Parting.of(points[0], points[1], ROUNDING)


def take_matrices(*optimizers: Optimizer) -> bool:
    """Say whether one of several optimizers takes matrices alone."""
    return not all(map(_takes_vectors, optimizers))


def _takes_vectors(optimizer: Optimizer) -> bool:
    if not isinstance(optimizer.rule, GuestRule):
        return not optimizer.rule.matrix
    vector = tensor_table([(len(SIZES),)], [0, len(SIZES)])
    return refusal(optimizer.rule, {**optimizer.values, "lr": optimizer.lr}, vector) is None


def surface_for(*optimizers: Optimizer) -> str:
    """Return the name of the surface on which each of several optimizers runs alone."""
    return MATRICES if take_matrices(*optimizers) else VALLEY


def alone(one: Optimizer, other: Optimizer, steps: int) -> Parting:
    """Run two optimizers on the surface for them, each from the start of it."""
    problem = finding.problem(surface_for(one, other))
    job = Job(steps=steps, records=record_steps(steps, EVERY * steps), store_x=True)
    points = [
        run_lanes(
            problem, each,
            LaneInputs(problem.starts([0]), problem.keys([0]), np.array([each.lr]), {}), job,
        ).record_x[0].astype(float)
        for each in (one, other)
    ]  # fmt: skip
    return Parting.of(points[0], points[1], ROUNDING_ALONE)


def shown_steps(steps: int) -> Sequence[int]:
    """Return the steps of a table: 1, 2, 5, 10, 20, ... and the last."""
    decades = range(len(str(steps)))
    own = [digit * 10**decade for decade in decades for digit in (1, 2, 5)]
    return [step for step in own if step < steps] + [steps]
