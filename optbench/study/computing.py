"""From a cell to its arrays: its lanes are run, and nets are diagnosed on the way."""

import math
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.basins import basin_gap
from optbench.catalog.net import NetInstance
from optbench.catalog.references import reference
from optbench.kernels.memory.groups import Results
from optbench.kernels.status import NOT_FINITE, NOT_RUN
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.metrics import metrics_at
from optbench.lanes.record_hits import record_hits
from optbench.lanes.records import (
    fill_records,
    final_metrics,
    record_evaluations,
    records_of,
    steps_at,
)
from optbench.lanes.simulating import simulate
from optbench.lanes.targets import target_grid, thresholds
from optbench.study import probing
from optbench.study.lane_ends import failure_arrays
from optbench.study.trials import RATE

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch
    from optbench.study.cells import Cell
    from optbench.study.results import Arrays, Facts


def compute(
    cell: "Cell", idle: Semaphore | int = 0, switch: "Switch | None" = None
) -> "tuple[Arrays, Facts, list[Facts]]":
    """Run the lanes of a cell.

    Parameters
    ----------
    cell : cells.Cell
    idle : int or threading.Semaphore
        How many threads stand idle and may help; it may change as lanes run.
    switch : cuda.switch.Switch, optional
        A kernel that the cell's pair shares with others on CUDA.

    Returns
    -------
    arrays : dict of str to ndarray
        See `docs/runs.md`: D draws come first, then T trials. f_ref is NaN where the reference
        value is unknown.
    facts : dict
        Where reference values are from.
    layers : list of dict
        Rows of the table ``layers``.
    """
    lanes = CellLanes(cell, idle=idle, switch=switch)
    plan = _Plan(cell)
    outcome = lanes(plan.steps, plan.points, recorded=plan.recorded, metrics=plan.metrics)
    draws, trials = cell.draws, cell.trials
    arrays: Arrays = {
        "instance": draws.instance,
        "seed": draws.seed,
        "f_ref": draws.f_ref,
        "trial": trials.number.astype(np.int32),
        **{name if name == "lr" else f"value_{name}": v for name, v in trials.values.items()},
        "f_start": lanes.by_draw(outcome.f_start)[:, cell.kept[0] if cell.kept else 0],
        "f_final": lanes.by_draw(outcome.f_final),
        "f_best": lanes.by_draw(outcome.f_best),
        "status": lanes.by_draw(outcome.status.astype(np.int8), NOT_RUN),
        "steps": lanes.by_draw(outcome.steps.astype(np.int32), 0),
    }
    if plan.has_hits:
        arrays.update(_hits(lanes, plan, arrays, outcome))
    if plan.metrics and outcome.record_metrics.size:
        arrays["metrics"] = lanes.by_draw(final_metrics(outcome))
    if cell.kept:
        arrays.update(_curves(cell, plan, outcome))
    layers: list[Facts] = []
    if isinstance(cell.problem, NetInstance):
        layers = _diagnose(lanes, outcome, arrays)
    if cell.scoring and basin_gap(cell.problem) is not None:
        gaps = [basin_gap(instance) for instance in draws.instances]
        arrays["basin_gap"] = np.array(gaps, float)[draws.position]
    if cell.scoring:
        arrays.update(failure_arrays(cell, arrays, outcome.x[plan.kept]))
    return arrays, {"f_ref_source": reference(cell.problem).source}, layers


class _Plan:
    """What of a cell's lanes is recorded, and at which steps."""

    def __init__(self, cell: "Cell") -> None:
        pair, kind = cell.pair, cell.problem.kind
        self.exact = kind == "deterministic"
        net = kind == "net"
        looks = cell.scoring or not (net or self.exact)  # hits need records, or curves are kept
        count = records_of(kind) if looks else 1
        grid = record_evaluations(pair.budget, count) if looks else np.array([0, pair.budget])
        self.evaluations: NDArray[np.int64] = grid
        at = np.minimum(steps_at(grid, pair.evaluations_per_step), pair.steps)
        self.steps, self.place = np.unique(at, return_inverse=True)
        self.has_hits = cell.scoring or not net
        self.metrics = net
        self.kept: NDArray[np.bool_] = np.broadcast_to(cell.is_kept, cell.runs.shape)[cell.runs]
        self.recorded = self.kept if self.exact else np.ones(self.kept.size, bool)
        data = cell.scoring and kind == "data"
        keeps_points = data or (cell.scoring and cell.problem.dim == 2)
        self.points: NDArray[np.bool_] | bool = self.kept if keeps_points else False


def _hits(lanes: "CellLanes", plan: _Plan, arrays: "Arrays", outcome: Results) -> "Arrays":
    """Return when lanes hit their targets, in evaluations from 1; 0 where they did not."""
    cell, problem = lanes.cell, lanes.cell.problem
    grid = target_grid(problem.kind, problem.absolute_targets)
    values = thresholds(
        problem.kind, problem.absolute_targets, np.append(cell.goal, grid),
        f_start=arrays["f_start"].astype(float), f_ref=arrays["f_ref"], dtype=cell.pair.dtype,
    )  # fmt: skip
    if plan.exact:
        cost = cell.pair.evaluations_per_step  # target by target: there may be a million lanes
        columns = [_evaluations(steps, cost) for steps in (outcome.hit, *outcome.hits.T)]
        hits = np.stack([lanes.by_draw(column, 0) for column in columns])
    else:
        zero = np.zeros(len(cell.draws)) if problem.kind == "net" else arrays["f_ref"]
        f = fill_records(outcome)[0][:, plan.place]
        draw = lanes.inputs.draw
        hits = record_hits(plan.evaluations, f, values[draw], zero[draw])
        hits = np.moveaxis(lanes.by_draw(hits, 0), -1, 0)
    goal = values[:, 0]
    finite = arrays["status"] != NOT_FINITE
    holds = finite & (arrays["f_final"].astype(float) <= goal[:, None])
    met = (hits[1:] > 0).any(axis=(1, 2))
    return {
        "goal": goal,
        "hit": np.ascontiguousarray(hits[0]),
        "reached": (hits[0] > 0) & holds,
        "targets": grid[met],
        "hits": hits[1:][met],
    }


def _evaluations(steps: NDArray[np.int64], cost: float) -> NDArray[np.int32]:
    """Return in which evaluation, from 1, lanes [n] hit a target after so many steps; -1: 0."""
    return np.where(steps < 0, 0, np.rint(steps * cost).astype(np.int32) + 1)


def _curves(cell: "Cell", plan: _Plan, outcome: Results) -> "Arrays":
    """Return the records of the trials whose curves are kept, completed after a lane's end."""
    shape = len(cell.draws), len(cell.kept), len(plan.evaluations)
    of_kept = {name: getattr(outcome, name)[plan.kept] for name in ("status", "f_final", "f_best")}
    rows = slice(None) if plan.exact else plan.kept
    if plan.metrics:
        measured = outcome.record_metrics[rows]
    elif cell.problem.kind == "data":
        measured = _metrics(cell, outcome.record_x)
    else:
        measured = outcome.record_metrics[:0]
    records = outcome._replace(
        **of_kept, record_f=outcome.record_f[rows], record_best=outcome.record_best[rows],
        record_metrics=measured,
    )  # fmt: skip
    f, best, metrics = fill_records(records)
    arrays: Arrays = {
        "kept": np.array(cell.kept, np.int32),
        "record_evaluations": plan.evaluations,
        "record_f": f[:, plan.place].reshape(shape),
        "record_best": best[:, plan.place].reshape(shape),
    }
    if metrics.size:
        arrays["record_metrics"] = metrics[:, plan.place].reshape(*shape, -1)
    if cell.problem.dim == 2 and outcome.record_x.size:
        arrays["record_x"] = outcome.record_x[:, plan.place].reshape(*shape, -1)
    return arrays


def _metrics(cell: "Cell", points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the metrics [lanes, r, 6] at recorded points [lanes, r, d] of the kept trials."""
    draws, (_, r, d) = cell.draws, points.shape
    by_draw = points.reshape(len(draws), -1, d)
    metrics = [
        metrics_at(draws.instances[position], own, cell.pair.dtype)
        for position, own in zip(draws.position, by_draw, strict=True)
    ]
    return np.concatenate(metrics).reshape(-1, r, metrics[0].shape[1])


class CellLanes:
    """The lanes of a cell, or some of them; a call runs them."""

    def __init__(
        self,
        cell: "Cell",
        *,
        which: NDArray[np.bool_] | None = None,
        idle: Semaphore | int = 0,
        switch: "Switch | None" = None,
    ) -> None:
        self.cell, self.idle, self.switch = cell, idle, switch
        self.which = cell.runs if which is None else which
        draw, trial = np.nonzero(self.which)
        values = {name: column[trial] for name, column in cell.trials.values.items()}
        draws = cell.draws
        self.inputs = LaneInputs(
            draws.starts, draws.keys, values.pop(RATE), values, draws.position, draw
        )

    @property
    def starts(self) -> NDArray[np.float64]:
        """Where the lanes start."""
        return self.inputs.starts[self.inputs.draw]

    def by_draw(self, array: NDArray[Any], fill: float = math.nan) -> NDArray[Any]:
        """Return an array of lanes [n, ...] as [D, T, ...], with `fill` where no lane runs."""
        table = np.full((*self.which.shape, *array.shape[1:]), fill, array.dtype)
        table[self.which] = array
        return table

    def __call__(
        self,
        records: NDArray[np.int64],
        points: NDArray[np.bool_] | bool,
        /,
        *,
        recorded: NDArray[np.bool_] | None = None,
        metrics: bool = True,
    ) -> Results:
        """Run them; see `lanes.job.Job` for what is recorded."""
        cell, pair = self.cell, self.cell.pair
        job = Job(
            steps=pair.steps, dtype=pair.dtype, records=records, recorded=recorded, metrics=metrics,
            store_x=points, target=cell.goal, stop_at_target=cell.stop_at_target,
            device=pair.device, idle=self.idle, switch=self.switch,
        )  # fmt: skip
        return simulate(cell.draws.instances, pair.optimizer, self.inputs, job)


def _diagnose(lanes: CellLanes, outcome: Results, arrays: "Arrays") -> "list[Facts]":
    """Add to the `arrays` of a net those of `probing`; return rows of the table of layers."""
    cell, dtype, steps = lanes.cell, lanes.cell.pair.dtype, lanes.cell.pair.steps
    nets = cell.draws.instances
    first = nets[0]
    assert isinstance(first, NetInstance)
    arrays["chance"] = np.array(probing.chance(first))
    if not cell.scoring:
        swept = CellLanes(cell, which=_only(cell, slice(None)))
        arrays.update(probing.rate_sweep(first, dtype, steps, swept))
        return []
    points = zip(
        cell.draws.position, lanes.by_draw(lanes.starts), lanes.by_draw(outcome.x), strict=True
    )
    arrays["saturated"] = np.stack(
        [probing.saturated(nets[position], dtype, *own) for position, *own in points]
    )
    watched = CellLanes(cell, which=_only(cell, cell.kept[0]))
    return probing.layer_rows(first, dtype, steps, watched)


def _only(cell: "Cell", trials: int | slice) -> NDArray[np.bool_]:
    """Return which lanes are of some trials on the first draw [D, T]."""
    which = np.zeros_like(cell.runs)
    which[0, trials] = True
    return which
