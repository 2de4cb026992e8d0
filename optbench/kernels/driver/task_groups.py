"""The groups of arrays that compiled code gets of a task."""

import math

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.step_scalars import Tables
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.memory.buffers import aligned, empty, filled
from optbench.kernels.memory.groups import Lanes, Plan, Results
from optbench.kernels.sizes import BLOCK
from optbench.kernels.status import rounding_floor


def empty_results(program: Program, task: Task) -> Results:
    """Return `groups.Results` to be filled."""
    n, d = len(task.draw), task.start.shape[1]
    r, m = len(task.record_steps), task.targets.shape[-1]
    real = program.dtype
    recorded = n if task.recorded is None else np.count_nonzero(task.recorded)
    points = 0 if task.points is None else np.count_nonzero(task.points)
    measured = r if takes_metrics(program, task) else 0
    return Results(
        x=empty((n, d), real),
        f_start=empty(n, real),
        f_final=empty(n, real),
        f_best=empty(n, real),
        status=empty(n, np.int64),
        steps=empty(n, np.int64),
        hits=filled((n, m), -1, np.int64),
        hit=empty(n, np.int64),
        record_f=filled((recorded, r), np.nan, real),
        record_best=filled((recorded, r), np.nan, real),
        record_metrics=filled((recorded, measured, 6), np.nan, real),
        record_x=filled((points, r, d), np.nan, real),
    )


def takes_metrics(program: Program, task: Task) -> bool:
    """Say whether records hold metrics."""
    return task.metrics and program.metrics is not None


def lanes_group(
    program: Program,
    task: Task,
    lanes: NDArray[np.int64],
    start: np.ndarray,
    tables: Tables,
    key_by_lane: bool = False,
) -> Lanes:
    """Return the `groups.Lanes` of blocks.

    Parameters
    ----------
    program : Program
    task : Task
    lanes : ndarray [nb, B]
        The lane of each column; columns beyond a block's lanes are copies of one. A net's lane has
        the columns of its block: [nb, 1].
    start : ndarray [nb, d, B]
        Their `blocked_starts`.
    tables : step_scalars.Tables
    key_by_lane : bool
        Whether each column has a key, as threads on CUDA have.
    """
    draws = task.draw[lanes if key_by_lane else lanes[:, :1]]
    return Lanes(
        start, task.keys[draws], _hyper(program, task, lanes, draws), *program.beginnings, *tables,
        task.record_row, task.point_row, program.tensor_table,
    )  # fmt: skip


def blocked_starts(program: Program, task: Task, draws: NDArray[np.int64]) -> np.ndarray:
    """Return the starts of the columns' draws [nb, B], or [nb, 1] of nets, as [nb, d, B]."""
    if program.across:
        blocked = task.start[draws[:, 0]].reshape(len(draws), -1, BLOCK)
    else:
        blocked = task.start[draws].transpose(0, 2, 1)
    with np.errstate(over="ignore"):  # a start may be infinite in float32
        return np.ascontiguousarray(blocked, program.dtype)


def _hyper(
    program: Program, task: Task, lanes: NDArray[np.int64], draws: NDArray[np.int64]
) -> np.ndarray:
    """Return the hyperparameters [nb, h, B] of the lanes in columns [nb, B].

    `draws` are those of all columns, or [nb, 1] of blocks on one placement each.
    """
    columns = BLOCK if program.across else lanes.shape[1]
    hyper = aligned((len(lanes), len(program.layout.hyper), columns), program.dtype)
    with np.errstate(over="ignore"):  # a rate may be infinite in float32
        for row, name in enumerate(program.layout.hyper):
            if name == "f_ref":
                hyper[:, row] = task.f_ref[task.frames[draws]]
            else:
                value = task.values[name]
                hyper[:, row] = value[lanes] if isinstance(value, np.ndarray) else value
    return hyper


def plan_group(program: Program, task: Task, placement: int = 0) -> Plan:
    """Return the `groups.Plan` of a task on one of its placements."""
    real = program.dtype.type
    eps, f_ref = float(np.finfo(program.dtype).eps), float(task.f_ref[placement])
    targets = task.targets if task.targets.ndim == 1 else task.targets[placement]
    return Plan(
        steps=task.steps,
        record_steps=np.ascontiguousarray(task.record_steps, np.int64),
        targets=np.ascontiguousarray(targets, program.dtype),
        goal=task.goal,
        f_ref=real(np.nan if task.absolute else f_ref),
        floor=real(rounding_floor(f_ref, program.dtype)),
        tolerance=real(math.sqrt(eps)),
        exact=int(task.exact),
        full_batch=int(task.full_batch),
        stop_at_target=int(task.stop_at_target),
        across=int(program.across),
        evaluations=program.layout.evaluations,
        iterate=program.layout.iterate,
        has_metrics=int(takes_metrics(program, task)),
        adjusts=int(program.adjust is not None),
        hessian=program.layout.hessian,
        hessian_every=int(task.values.get("hessian_every", 1)),
    )
