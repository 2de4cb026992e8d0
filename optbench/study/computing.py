"""From a cell to its arrays: its lanes are run, and nets are diagnosed on the way."""

import functools
from threading import Semaphore
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.basins import basin_gap
from optbench.catalog.net import NetInstance
from optbench.catalog.references import reference
from optbench.kernels.memory.groups import Results
from optbench.kernels.memory.kept import Kept
from optbench.kernels.status import NOT_FINITE, NOT_RUN
from optbench.lanes.metrics import metrics_at
from optbench.lanes.record_hits import record_hits
from optbench.lanes.records import fill_records, final_metrics
from optbench.lanes.runnable import Runnable
from optbench.lanes.targets import target_grid, thresholds
from optbench.study.cell_lanes import CellLanes
from optbench.study.lane_ends import failure_arrays
from optbench.study.recording import Recording

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch
    from optbench.study.cells import Cell
    from optbench.study.draws import Draws
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
        Where reference values are from, and the names of a net's layers in the order of `layers`.
    layers : list of dict
        Rows of the table ``layers``.
    """
    lanes = CellLanes(cell, idle=idle, switch=switch)
    recording = Recording.of(cell, lanes.trial)
    outcome = lanes(
        recording.grid.steps,
        recording.points,
        recorded=recording.recorded,
        metrics=recording.metrics,
    )
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
    if recording.has_hits:
        arrays.update(_hits(lanes, recording, arrays, outcome))
    if recording.metrics and outcome.record_metrics.size:
        arrays["metrics"] = lanes.by_draw(final_metrics(outcome))
    if cell.kept:
        arrays.update(_curves(cell, recording, outcome))
    layers: list[Facts] = []
    if isinstance(cell.problem, NetInstance):
        from optbench.study import diagnosing

        layers = diagnosing.diagnose(lanes, outcome, arrays)
    if cell.scoring:
        if (gaps := _basin_gaps(draws)) is not None:
            arrays["basin_gap"] = gaps
        arrays.update(failure_arrays(cell, arrays, outcome.x[recording.kept]))
    facts: Facts = {"f_ref_source": reference(cell.problem).source}
    if layers:
        facts["layer_names"] = list(dict.fromkeys(row.pop("name") for row in layers))
    return arrays, facts, layers


@functools.lru_cache(maxsize=512)
def _basin_gaps(draws: "Draws") -> NDArray[np.float64] | None:
    """Return the `basin_gap` of each draw [D], or None."""
    if basin_gap(draws.instances[0]) is None:
        return None
    gaps = [basin_gap(instance) for instance in draws.instances]
    return np.array(gaps, float)[draws.position]


def _hits(lanes: CellLanes, recording: Recording, arrays: "Arrays", outcome: Results) -> "Arrays":
    """Return when lanes hit their targets, in evaluations from 1; 0 where they did not."""
    cell, problem = lanes.cell, lanes.cell.problem
    grid = target_grid(problem.kind, problem.absolute_targets)
    f_start, f_ref = arrays["f_start"].astype(float), arrays["f_ref"]
    if recording.exact:
        goal = _thresholds(cell, np.array([cell.goal]), f_start, f_ref)[:, 0]
        by_target = _exact_hits(outcome, cell.pair.optimizer)
    else:
        values = _thresholds(cell, np.append(cell.goal, grid), f_start, f_ref)
        goal = values[:, 0]
        zero = np.zeros(len(cell.draws)) if problem.kind == "net" else f_ref
        f = fill_records(outcome)[0][:, recording.grid.place]
        draw = lanes.inputs.draw
        by_target = record_hits(recording.grid.evaluations, f, values[draw], zero[draw]).T
    met = by_target[1:].max(axis=1, initial=0) > 0
    hits = lanes.by_target(by_target[np.concatenate([[True], met])])
    finite = arrays["status"] != NOT_FINITE
    holds = finite & (arrays["f_final"].astype(float) <= goal[:, None])
    return {
        "goal": goal,
        "hit": hits[0],
        "reached": (hits[0] > 0) & holds,
        "targets": grid[met],
        "hits": hits[1:],
    }


_THRESHOLDS: Kept[NDArray[np.float64]] = Kept(256)


def _thresholds(
    cell: "Cell", targets: NDArray[np.float64], f_start: NDArray[np.float64],
    f_ref: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Return the `thresholds` of a cell's targets: optimizers start at the same values."""
    problem, dtype = cell.problem, cell.pair.dtype
    kind, absolute = problem.kind, problem.absolute_targets
    key = (kind, absolute, dtype, *(array.tobytes() for array in (targets, f_start, f_ref)))
    values: NDArray[np.float64] = _THRESHOLDS.of(
        key, lambda: thresholds(kind, absolute, targets, f_start=f_start, f_ref=f_ref, dtype=dtype)
    )
    return values


def _exact_hits(outcome: Results, optimizer: Runnable) -> NDArray[np.int32]:
    """Return in which evaluation, from 1, lanes hit the goal and the grid [1 + m, n], 0 for never.

    A surface has no examples that a full batch could pay for.
    """
    hits = np.empty((1 + outcome.hits.shape[1], len(outcome.hit)), np.int32)
    hits[0], hits[1:] = outcome.hit, outcome.hits.T  # in steps, -1 for never
    products = -(-hits // optimizer.hessian_every) if optimizer.hessian_every else 0
    hits *= optimizer.evaluations
    hits += 1 + products
    return np.maximum(hits, 0, out=hits)


def _curves(cell: "Cell", recording: Recording, outcome: Results) -> "Arrays":
    """Return the records of the trials whose curves are kept, completed after a lane's end."""
    shape = len(cell.draws), len(cell.kept), len(recording.grid.evaluations)
    of_kept = {
        name: getattr(outcome, name)[recording.kept] for name in ("status", "f_final", "f_best")
    }
    rows = recording.kept if recording.recorded is None else slice(None)
    if recording.metrics:
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
        "record_evaluations": recording.grid.evaluations,
        "record_f": f[:, recording.grid.place].reshape(shape),
        "record_best": best[:, recording.grid.place].reshape(shape),
    }
    if metrics.size:
        arrays["record_metrics"] = metrics[:, recording.grid.place].reshape(*shape, -1)
    if cell.problem.dim == 2 and outcome.record_x.size:
        arrays["record_x"] = outcome.record_x[:, recording.grid.place].reshape(*shape, -1)
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
