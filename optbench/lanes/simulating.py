"""Run lanes of one optimizer on one problem: what `minimize` and studies share.

`simulate` is the one place where a problem, an optimizer and the compiled driver meet.
"""

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.catalog.data_range import check_range
from optbench.catalog.instance import Problem
from optbench.catalog.surface import SurfaceInstance
from optbench.errors import UserError
from optbench.kernels.authors import blocks
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.memory.calls import Block, Callee
from optbench.kernels.memory.groups import Results
from optbench.lanes import solvers
from optbench.lanes.asked_targets import AskedTargets, asked_targets
from optbench.lanes.guests import running
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.lane_settings import settings_apart
from optbench.lanes.records import record_steps, records_of
from optbench.lanes.runnable import CPU_ALONE, NOT_COMPILED, Runnable
from optbench.rules.compose import Optimizer
from optbench.rules.lane_tables import step_scalars
from optbench.rules.step_tables import compile_loops


def compile_functions(
    problem: Problem,
    optimizer: Runnable,
    dtype: DTypeLike,
    device: str = "cpu",
    by_lane: bool = False,
) -> None:
    """Compile what `optimizer` on `problem` needs, so that running it does not have to.

    `by_lane` says that lanes will differ in more than the rate.
    """
    if isinstance(optimizer, Optimizer):
        program(problem, optimizer, np.dtype(dtype), device, by_lane)
        if by_lane:
            compile_loops(optimizer.parts)
    else:
        problem.compiled(np.float64)


def program(
    problem: Problem,
    optimizer: Optimizer,
    dtype: DTypeLike,
    device: str = "cpu",
    by_lane: bool = False,
) -> Program:
    """Compile, or fetch, the functions of an optimizer on a problem.

    Kernels for CUDA are compiled when they first run. With `by_lane` lanes differ in more than the
    rate. A net's lane has a block, and a device's a thread, of its own: what differs by lane is a
    number there. So it is for rules that can only be compiled lane by lane that way, though not
    otherwise (they branch on a hyperparameter): blocks then have one setting.

    Raises
    ------
    UserError
        If the optimizer is not for such problems, or the dtype cannot hold the data.
    """
    dtype = np.dtype(dtype)
    check_range(problem, dtype)
    if (optimizer.rule.matrix and not problem.has_matrices) or (
        problem.constrained and optimizer.iterate
    ):
        raise UserError(optimizer.wants(problem))
    if device == "cuda" and not optimizer.compiled:
        raise UserError(f'{optimizer.name}: {NOT_COMPILED}; give device="cpu"')
    products = _products(problem, optimizer, dtype, device) if optimizer.hessian_every else None
    if device == "cuda":
        function, metrics, adjust = problem.written
        layout, rule = optimizer.layout(), None
    else:
        function, metrics, adjust = problem.compiled(dtype)
        each = by_lane and not problem.across and not optimizer.rule.matrix
        layout, rule = _rule(optimizer, dtype, each)
    return Program(
        problem=function,
        metrics=metrics,
        rule=rule,
        layout=layout,
        dtype=dtype,
        tensor_table=problem.tensor_table,
        across=problem.across,
        adjust=adjust,
        products=products,
    )


def _products(problem: Problem, optimizer: Optimizer, dtype: np.dtype, device: str) -> Block:
    """Return products with the Hessian, or say why there are none."""
    if device == "cuda":
        raise UserError(f'{optimizer.name}: {CPU_ALONE}; give device="cpu"')
    if not isinstance(problem, SurfaceInstance) or not problem.has_hessian:
        raise UserError(optimizer.wants(problem))
    block: Block = problem.products(dtype)
    return block


@functools.lru_cache(maxsize=512)
def _rule(optimizer: Optimizer, dtype: np.dtype, by_lane: bool) -> tuple[RuleLayout, Callee]:
    """Return the layout and the block function of an optimizer, the same on all problems."""
    if not optimizer.compiled:
        return running.layout_of(optimizer), running.python_rule(optimizer, dtype)
    both: tuple[RuleLayout, Block] = blocks.rule_for(optimizer.layout(), dtype, by_lane)
    return both


_program = functools.lru_cache(maxsize=256)(program)
"""A study asks again for every phase of a pair."""


def simulate(
    instances: Problem | Sequence[Problem], optimizer: Runnable, lanes: LaneInputs, job: Job
) -> Results:
    """Run lanes.

    Parameters
    ----------
    instances : Problem or sequence of Problem
        Instances of one problem in one dimension, which the draws of `lanes` name by number.
    optimizer : Optimizer or Solver
    lanes : LaneInputs
    job : Job

    Returns
    -------
    groups.Results
        Arrays of records have a row for each lane that is recorded. `hits` are of the grid, `hit`
        is of the goal: the number of steps, 0 if it was met at the start (absolute ones can be), -1
        if not. Status "target" says that there is a hit and that the lane stayed finite.
    """
    instances = (instances,) if isinstance(instances, Problem) else tuple(instances)
    if job.records is None:
        job = replace(job, records=record_steps(job.steps, records_of(instances[0].kind)))
    asked = asked_targets(instances, np.dtype(job.dtype), job.target, job.f_ref, job.grid)
    if isinstance(optimizer, Optimizer):
        results = _driven(instances, optimizer, lanes, job, asked)
    else:
        results = solvers.simulate(instances, optimizer.name, lanes, job, asked.targets)
    return results._replace(hits=asked.most.grid_hits(results.hits))


def _driven(
    instances: tuple[Problem, ...],
    optimizer: Optimizer,
    lanes: LaneInputs,
    job: Job,
    asked: AskedTargets,
) -> Results:
    """Run the lanes with the compiled driver: a launch for each choice of what is one in it.

    These are flags, which are compiled in, and how often the Hessian is estimated.
    """
    if lanes.values:
        optimizer, values = settings_apart(optimizer, lanes.values)
        lanes = replace(lanes, values=values)
    flags = [name for name in lanes.values if name in optimizer.flags or name == "hessian_every"]
    if not flags:
        return _launched(instances, optimizer, lanes, job, asked)
    pieces, order = [], []
    table = np.stack([lanes.values[name] for name in flags], axis=1)
    for row in np.unique(table, axis=0):
        index = np.flatnonzero((table == row).all(axis=1))
        own = optimizer.with_settings(**dict(zip(flags, row.tolist(), strict=True)))
        values = {name: column[index] for name, column in lanes.values.items() if name not in flags}
        some = replace(lanes, lr=lanes.lr[index], values=values, draw=lanes.draw[index])
        masks: dict[str, Any] = {
            name: mask[index]
            for name, mask in (("recorded", job.recorded), ("store_x", job.store_x))
            if isinstance(mask, np.ndarray)
        }
        pieces.append(_launched(instances, own, some, replace(job, **masks), asked))
        order.append(index)
    return _joined(pieces, order, lanes, job)


def _points(job: Job, lanes: int) -> NDArray[np.bool_] | None:
    """Return the lanes whose points are kept [n], None if there are none."""
    kept = job.store_x
    if isinstance(kept, bool):
        return np.ones(lanes, bool) if kept else None
    return kept if kept.any() else None


def _joined(
    pieces: Sequence[Results], order: Sequence[NDArray[np.int64]], lanes: LaneInputs, job: Job
) -> Results:
    """Return the results of all lanes, in order, from those of launches of some."""
    lane = np.concatenate(order)
    kept = {
        "record_x": np.broadcast_to(np.asarray(job.store_x), len(lanes)),
        **dict.fromkeys(
            ("record_f", "record_best", "record_metrics"),
            np.ones(len(lanes), bool) if job.recorded is None else job.recorded,
        ),
    }
    arrays = []
    for name in Results._fields:
        of_rows = lane[kept[name][lane]] if name in kept else lane
        rows = np.concatenate([getattr(piece, name) for piece in pieces])
        arrays.append(rows[np.argsort(of_rows)])
    return Results(*arrays)


def _launched(
    instances: tuple[Problem, ...],
    optimizer: Optimizer,
    lanes: LaneInputs,
    job: Job,
    asked: AskedTargets,
) -> Results:
    """Run lanes that have the optimizer's flags, which are compiled in, in one launch."""
    task = Task(
        start=lanes.starts,
        keys=lanes.keys,
        frames=lanes.instance,
        f_ref=asked.f_ref,
        draw=lanes.draw,
        values={**optimizer.values, **lanes.values, "lr": lanes.lr},
        uniform=step_scalars(optimizer, lanes.values, job.steps),
        record_steps=job.records,
        targets=asked.values,
        exact=instances[0].kind == "deterministic",
        full_batch=optimizer.full_batch,
        stop_at_target=job.stop_at_target,
        absolute=asked.most.are_values,
        goal=asked.most.goal,
        recorded=job.recorded,
        points=_points(job, len(lanes)),
        metrics=job.metrics,
    )
    functions = _program(
        instances[0], optimizer, np.dtype(job.dtype), job.device, bool(lanes.values)
    )
    placements = [problem.placement for problem in instances]
    if job.device == "cuda":
        from optbench.kernels.cuda import launch as cuda_launch

        return cuda_launch.launch(functions, placements, task, job.switch)
    if not optimizer.compiled:
        with running.launching(functions) as own:
            return launch(own, placements, task, job.idle)
    return launch(functions, placements, task, job.idle)
