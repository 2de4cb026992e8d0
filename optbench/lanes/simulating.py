"""Run lanes of one optimizer on one problem: what `minimize` and studies share.

`simulate` is the one place where a problem, an optimizer and the compiled driver meet.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.catalog.data_range import check_range
from optbench.catalog.instance import Problem
from optbench.catalog.references import reference
from optbench.errors import UserError
from optbench.kernels.authors import blocks
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.memory.groups import Results
from optbench.lanes import solvers
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import record_steps, records_of
from optbench.lanes.runnable import Runnable
from optbench.lanes.targets import Targets, targets_of
from optbench.rules.compose import Optimizer


def compile_functions(
    problem: Problem, optimizer: Runnable, dtype: DTypeLike, device: str = "cpu"
) -> None:
    """Compile what `optimizer` on `problem` needs, so that running it does not have to."""
    if isinstance(optimizer, Optimizer):
        program(problem, optimizer, dtype, device)
    else:
        problem.compiled(np.float64)


def program(
    problem: Problem, optimizer: Optimizer, dtype: DTypeLike, device: str = "cpu"
) -> Program:
    """Compile, or fetch, the functions of an optimizer on a problem.

    Kernels for CUDA are compiled when they first run.

    Raises
    ------
    UserError
        If the optimizer is not for such problems, or the dtype cannot hold the data.
    """
    dtype = np.dtype(dtype)
    check_range(problem, dtype)
    if (optimizer.rule.matrix and not problem.across) or (
        problem.constrained and optimizer.iterate
    ):
        raise UserError(optimizer.wants(problem))
    layout, on_device = optimizer.layout(), device == "cuda"
    function, metrics, adjust = problem.written if on_device else problem.compiled(dtype)
    return Program(
        problem=function,
        metrics=metrics,
        rule=None if on_device else blocks.rule_block(layout, dtype),
        layout=layout,
        dtype=dtype,
        tensor_table=problem.tensor_table,
        across=problem.across,
        adjust=adjust,
    )


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
    targets = [
        targets_of(problem, _reference(problem, job), job.dtype, job.target)
        for problem in instances
    ]
    if isinstance(optimizer, Optimizer):
        results = _driven(instances, optimizer, lanes, job, targets)
    else:
        results = solvers.simulate(instances, optimizer.name, lanes, job, targets)
    return results._replace(hits=targets[0].grid_hits(results.hits))


def _reference(problem: Problem, job: Job) -> float:
    """Return the value that gaps are measured from."""
    if problem.kind == "net":
        return np.nan
    return float(reference(problem).value if job.f_ref is None else job.f_ref)


def _driven(
    instances: tuple[Problem, ...],
    optimizer: Optimizer,
    lanes: LaneInputs,
    job: Job,
    targets: Sequence[Targets],
) -> Results:
    """Run the lanes with the compiled driver."""
    pieces, order = [], []
    of_lane = lanes.instance[lanes.draw]
    for number, problem in enumerate(instances):
        columns = [lanes.values[name] for name in lanes.values] or [np.zeros(len(lanes))]
        table = np.stack(columns, axis=1)
        for row in np.unique(table[of_lane == number], axis=0):
            index = np.flatnonzero((of_lane == number) & (table == row).all(axis=1))
            changed = dict(zip(lanes.values, map(float, row), strict=False))
            own = optimizer.with_settings(**changed) if changed else optimizer
            pieces.append(_of_one(problem, own, lanes, index, job, targets[number]))
            order.append(index)
    order = np.concatenate(order)
    recorded = np.ones(len(lanes), bool) if job.recorded is None else job.recorded
    points = np.broadcast_to(np.asarray(job.store_x), len(lanes))
    back = np.argsort(order)
    joined = Results(*(np.concatenate(arrays)[back] for arrays in zip(*pieces, strict=True)))
    return joined._replace(
        record_f=joined.record_f[recorded],
        record_best=joined.record_best[recorded],
        record_metrics=joined.record_metrics[recorded],
        record_x=joined.record_x[points],
    )


def _of_one(
    problem: Problem, optimizer: Optimizer, lanes: LaneInputs, index: NDArray[np.int64], job: Job,
    targets: Targets,
) -> Results:  # fmt: skip
    draw = lanes.draw[index]
    task = Task(
        start=lanes.starts[draw],
        keys=lanes.keys[draw],
        lr=lanes.lr[index],
        values=optimizer.values,
        uniform=optimizer.uniform_table(job.steps),
        record_steps=job.records,
        targets=targets.values,
        f_ref=targets.f_ref,
        exact=problem.kind == "deterministic",
        full_batch=optimizer.full_batch,
        store_x=bool(np.any(job.store_x)),
        stop_at_target=job.stop_at_target,
        absolute=targets.are_values,
        goal=targets.goal,
    )
    functions = program(problem, optimizer, job.dtype, job.device)
    if not job.metrics:
        functions = replace(functions, metrics=None)
    if job.device == "cuda":
        from optbench.kernels.cuda import launch as cuda_launch

        return cuda_launch.launch(functions, problem.placement, task, job.switch)
    return launch(functions, problem.placement, task, job.idle)
