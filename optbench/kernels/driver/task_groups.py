"""The groups of arrays that compiled code gets of a task."""

import math

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.step_scalars import Tables
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.memory.buffers import aligned, empty
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
    return Results(
        x=empty((n, d), real),
        f_start=empty(n, real),
        f_final=empty(n, real),
        f_best=empty(n, real),
        status=empty(n, np.int64),
        steps=empty(n, np.int64),
        hits=np.full((n, m), -1, np.int64),
        hit=empty(n, np.int64),
        record_f=np.full((recorded, r), np.nan, real),
        record_best=np.full((recorded, r), np.nan, real),
        record_metrics=np.full(
            (recorded, r if takes_metrics(program, task) else 0, 6), np.nan, real
        ),
        record_x=np.full((points, r, d), np.nan, real),
    )


def takes_metrics(program: Program, task: Task) -> bool:
    """Say whether records hold metrics."""
    return task.metrics and program.metrics is not None


def lanes_group(
    program: Program,
    task: Task,
    numbers: NDArray[np.int64],
    tables: Tables,
    key_by_lane: bool = False,
) -> Lanes:
    """Return the `groups.Lanes` of blocks.

    Parameters
    ----------
    program : Program
    task : Task
    numbers : ndarray [nb, B]
        The lane of each column; columns beyond a block's lanes are copies of one. A net's lane has
        the columns of its block: [nb, 1].
    tables : step_scalars.Tables
    key_by_lane : bool
        Whether each column has a key, as threads on CUDA have.
    """
    real, layout, draws = program.dtype, program.layout, task.draw[numbers]
    blocks, columns = numbers.shape
    if program.across:
        columns = BLOCK
    hyper = aligned((blocks, len(layout.hyper), columns), real)
    values = {**task.values, "f_ref": task.f_ref[task.frames[draws]]}
    with np.errstate(over="ignore"):  # a start or a rate may be infinite in float32
        for row, name in enumerate(layout.hyper):
            value = values[name]
            own = name != "f_ref" and np.ndim(value)
            hyper[:, row] = value[numbers] if own else value
        start = np.ascontiguousarray(_blocked(task.start, draws, program.across), real)
    return Lanes(
        start, np.ascontiguousarray(task.keys[draws if key_by_lane else draws[:, :1]]), hyper,
        *program.beginnings, *tables, task.record_row, task.point_row,
        program.tensor_table,
    )  # fmt: skip


def _blocked(start: np.ndarray, draws: NDArray[np.int64], across: bool) -> np.ndarray:
    """Return the starts [D, d] of the columns' draws [nb, B] by blocks: [nb, rows, B]."""
    if across:
        return start[draws[:, 0]].reshape(len(draws), -1, BLOCK)
    return start[draws].transpose(0, 2, 1)


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
    )
