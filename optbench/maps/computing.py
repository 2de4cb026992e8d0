"""Computing a map: its pixels are lanes, run in bands, of which only the outcomes are kept.

All lanes of a map meet the same draws: instance 0 and seed 0, from the declared start. A lane ends
at its target, or where it is no longer finite, so that most of a map costs less than its budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.catalog.instance import Problem
from optbench.catalog.references import reference
from optbench.kernels.memory.groups import Results
from optbench.kernels.status import NOT_FINITE, TARGET
from optbench.lanes.cost import LANE_BYTES, Cost, of_lanes
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.minimizing import run_lanes
from optbench.lanes.record_hits import record_hits
from optbench.lanes.records import fill_records, record_steps, records_of
from optbench.lanes.starts import start_points
from optbench.lanes.targets import Success, success, thresholds
from optbench.maps.axes import Axis
from optbench.rules.compose import Optimizer
from optbench.rules.lane_tables import table_settings
from optbench.rules.setting_checks import check
from optbench.waiting import tell, working

RELATIVE = 1e-6
"""The share of the start's gap that is the target of surfaces that declare none, as in studies."""
BAND_LANES, BAND_BYTES = 1 << 17, 256 << 20
"""Lanes that run at once, and what they may hold: the rest of a map is an outcome a pixel."""
PIXEL_BYTES = 9 + 8
"""Of an outcome, and of its place in a band."""
ENDED_THERE, WENT_ON, DIVERGED = 0, 1, 2
NAMES = ("target", "neither", "not finite")
"""Of these outcomes."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a map is of.

    Attributes
    ----------
    optimizer : Optimizer
    problem : Problem
    x, y : Axis
    size, steps, threads : int
        Pixels along each side, steps of a lane.
    dtype : {"float64", "float32"}
    """

    optimizer: Optimizer
    problem: Problem
    x: Axis
    y: Axis
    size: int
    steps: int
    dtype: str
    threads: int

    @property
    def success(self) -> Success:
        """The target."""
        return success(self.problem, RELATIVE)

    @property
    def exact(self) -> bool:
        """Whether the target is looked for at every step."""
        return self.problem.kind == "deterministic"

    @property
    def records(self) -> NDArray[np.int64]:
        """The steps at which the target is looked for where that is not so."""
        count = 2 if self.exact else records_of(self.problem.kind)
        return record_steps(self.steps, count)

    @property
    def band(self) -> int:
        """Lines of pixels that run at once; more than one, so that lanes differ in both axes."""
        numbers = 3 * self.problem.dim + 2 * len(self.records)
        lanes = min(BAND_LANES, BAND_BYTES // (LANE_BYTES + 8 * numbers))
        return max(2, lanes // self.size)

    def cost(self) -> Cost:
        """Return what the map would take."""
        lines = min(self.band, self.size)

        def cost(lanes: int) -> Cost:
            return of_lanes(
                self.problem, self.optimizer, lanes=lanes, steps=self.steps,
                records=len(self.records), dtype=self.dtype, threads=self.threads,
                points=False, settings=self.size,
            )  # fmt: skip

        at_once, whole = cost(lines * self.size), cost(self.size**2)
        return replace(whole, bytes=at_once.bytes + PIXEL_BYTES * self.size**2)


class Outcomes(NamedTuple):
    """How lanes ended: arrays of one shape.

    Attributes
    ----------
    outcome : ndarray of uint8
        `ENDED_THERE`, `WENT_ON` or `DIVERGED`.
    steps : ndarray of int32
        Until the target was reached, or the lane left the finite; else its budget.
    value : ndarray of float32
        f at the end, minus its reference value where that is known; of nets the training loss.
    """

    outcome: NDArray[np.uint8]
    steps: NDArray[np.int32]
    value: NDArray[np.float32]


def compute(asked: Asked) -> tuple[Outcomes, float]:
    """Run the lanes of a map.

    Returns
    -------
    outcomes : Outcomes
        Arrays [size, size], a row for each value of y.
    start : float
        The largest value that a lane starts with, from where `outcomes.value` is measured, too.
    """
    x, y = asked.x.values(asked.size), asked.y.values(asked.size)
    for axis, values in ((asked.x, x), (asked.y, y)):
        _check(asked, axis, values)
    # Blocks whose columns have the same tables of step scalars share them: lanes that follow one
    # another differ in the axis on which tables depend.
    turned = asked.y.name in table_settings(asked.optimizer) and asked.x.name not in table_settings(
        asked.optimizer
    )
    inner, outer = ((asked.y, y), (asked.x, x)) if turned else ((asked.x, x), (asked.y, y))
    size = asked.size
    whole = Outcomes(
        np.empty((size, size), np.uint8),
        np.empty((size, size), np.int32),
        np.empty((size, size), np.float32),
    )
    start = -np.inf
    with working(f"running {asked.optimizer.label} on {asked.problem.label}"):
        for lines in _bands(size, asked.band):
            tell("lanes", lines.start * size, size * size)
            count = lines.stop - lines.start
            columns = {
                inner[0].name: np.tile(inner[1], count),
                outer[0].name: np.repeat(outer[1][lines], size),
            }
            arrays: tuple[NDArray[Any], ...] = whole
            parts, highest = _band(asked, columns)
            start = max(start, highest)
            for array, part in zip(arrays, parts, strict=True):
                (array.T if turned else array)[lines] = part.reshape(count, size)
    return whole, start


def _check(asked: Asked, axis: Axis, values: NDArray[np.float64]) -> None:
    """Refuse values that a hyperparameter may not have."""
    if axis.coordinate is None:
        name = asked.optimizer.name
        check(name, axis.name, values, asked.optimizer.hyper[axis.name])
        gate.check_fits(f"{name}: {axis.name}", values, asked.dtype)


def _bands(lines: int, most: int) -> Iterator[slice]:
    """Cut lines into bands of about `most`, none of one line unless there is but one."""
    edges = np.linspace(0, lines, max(1, lines // most) + 1).astype(int).tolist()
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        yield slice(first, last)


def _band(
    asked: Asked, columns: dict[str, NDArray[np.float64]]
) -> tuple[tuple[NDArray[Any], ...], float]:
    """Return the outcomes of lanes [n] whose axes have the values `columns`, and their start."""
    optimizer, problem = asked.optimizer, asked.problem
    n = len(next(iter(columns.values())))
    starts, keys = start_points(problem, [0]), problem.keys([0])
    values = dict(columns)
    draw = np.zeros(n, np.int64)
    if moved := [axis for axis in (asked.x, asked.y) if axis.coordinate is not None]:
        starts, keys, draw = np.repeat(starts, n, axis=0), np.repeat(keys, n), np.arange(n)
        for axis in moved:
            starts[:, axis.coordinate] = values.pop(axis.name)
    lr = values.pop("lr", np.full(n, optimizer.lr))
    inputs = LaneInputs(starts, keys, lr, values, np.zeros(len(starts), np.int64), draw)
    job = Job(
        steps=asked.steps, dtype=asked.dtype, records=asked.records,
        recorded=np.full(n, not asked.exact), metrics=False, target=asked.success.target,
        grid=False, stop_at_target=asked.exact, idle=asked.threads - 1,
    )  # fmt: skip
    results = run_lanes(problem, optimizer, inputs, job)
    start = float(results.f_start.max()) - _reference_or_zero(problem)
    return _outcomes(asked, results), start


def _reference_or_zero(problem: Problem) -> float:
    """Return the value that the map's values are measured from: 0 where none is known."""
    f_ref = reference(problem).value
    return 0.0 if np.isnan(f_ref) else f_ref


def _outcomes(asked: Asked, results: Results) -> Outcomes:
    """Return how lanes ended from the results of a run."""
    lost = results.status == NOT_FINITE
    hit = results.hit if asked.exact else _hits_at_records(asked, results)
    there = (hit >= 0) & ((results.status == TARGET) if asked.exact else ~lost)
    outcome = np.select([lost, there], [DIVERGED, ENDED_THERE], WENT_ON).astype(np.uint8)
    steps = np.where(there, hit, results.steps).astype(np.int32)
    with np.errstate(over="ignore"):
        value = (results.f_final - _reference_or_zero(asked.problem)).astype(np.float32)
    return Outcomes(outcome, steps, value)


def _hits_at_records(asked: Asked, results: Results) -> NDArray[np.int32]:
    """Return the step at which each lane reached the target for good [n], -1 where it did not."""
    problem, f_start = asked.problem, results.f_start.astype(float)
    f_ref = np.full(len(f_start), reference(problem).value)
    goals = thresholds(
        problem.kind, problem.absolute_targets, [asked.success.target],
        f_start=f_start, f_ref=f_ref, dtype=asked.dtype,
    )  # fmt: skip
    zero = np.zeros_like(f_ref) if problem.kind == "net" else f_ref
    # Evaluations are numbered from 1, 0 stands for none: steps from 0, and -1.
    return record_hits(asked.records, fill_records(results)[0], goals, zero)[:, 0] - 1
