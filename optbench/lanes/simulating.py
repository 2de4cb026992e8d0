"""Run lanes of one optimizer on one problem: what `minimize` and studies share.

`simulate` is the one place where a problem, an optimizer and the compiled driver meet.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

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
from optbench.lanes.records import record_steps
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


def simulate(problem: Problem, optimizer: Runnable, lanes: LaneInputs, job: Job) -> Results:
    """Run lanes.

    Returns
    -------
    groups.Results
        `hits` are of the grid, `hit` is of the goal: the number of steps, 0 if it was met
        at the start (absolute ones can be), -1 if not. Status "target" says that there is a hit
        and that the lane stayed finite.
    """
    f_ref = np.nan
    if problem.kind != "net":
        f_ref = reference(problem).value if job.f_ref is None else job.f_ref
    targets = targets_of(problem, float(f_ref), job.dtype, job.target)
    if job.records is None:
        job = replace(job, records=record_steps(job.steps))
    if isinstance(optimizer, Optimizer):
        results = _driven(problem, optimizer, lanes, job, targets)
    else:
        results = solvers.simulate(problem, optimizer.name, lanes, job, targets)
    return results._replace(hits=targets.grid_hits(results.hits))


def _driven(
    problem: Problem, optimizer: Optimizer, lanes: LaneInputs, job: Job, targets: Targets
) -> Results:
    """Run the lanes with the compiled driver."""
    task = Task.of_lanes(
        lanes.starts, lanes.keys, lanes.lr, optimizer.values, optimizer.uniform_table(job.steps),
        targets.f_ref, record_steps=job.records, targets=targets.values,
        exact=problem.kind == "deterministic", full_batch=optimizer.full_batch,
        points=np.ones(len(lanes), bool) if job.store_x else None, metrics=True,
        stop_at_target=job.stop_at_target, absolute=targets.are_values, goal=targets.goal,
    )  # fmt: skip
    functions = program(problem, optimizer, job.dtype, job.device)
    if job.device == "cuda":
        from optbench.kernels.cuda import launch as cuda_launch

        return cuda_launch.launch(functions, [problem.placement], task, job.switch)
    return launch(functions, [problem.placement], task, job.threads)
