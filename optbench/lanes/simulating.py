"""Run lanes of one optimizer on one problem: what `minimize` and studies share.

`simulate` is the one place where a problem, an optimizer and the compiled driver meet.
"""

import math

import numpy as np

from optbench.errors import UserError
from optbench.kernels.authors import blocks
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.status import NOT_FINITE, PARTS, rounding_floor
from optbench.lanes import solvers
from optbench.lanes.solvers import Baseline

RECORDS = 64
TARGETS = 10.0 ** (-np.arange(2, 21) / 2)
"""Shares of the initial gap, 10^-1 .. 10^-10 in half decades."""
ABSOLUTE_TARGETS = 10.0 ** (-np.arange(-4, 17) / 2)
"""Gaps 10^2 .. 10^-8 in half decades, for problems whose targets are absolute."""


def record_steps(steps, count=RECORDS):
    """Return 0, `steps` and log-spaced steps between, about `count` in all, int64 ascending."""
    spaced = np.round(np.geomspace(1, steps, max(count - 1, 1))).astype(np.int64)
    return np.unique(np.concatenate([[0], spaced, [steps]]))


def program(problem, optimizer, dtype, device="cpu"):
    """Compile (or fetch) what `optimizer` on `problem` needs; nothing more for a baseline.

    Kernels for CUDA are compiled when they first run.
    """
    dtype = np.dtype(dtype)
    if isinstance(optimizer, Baseline):
        return problem.compiled(np.dtype("float64"))
    problem.check_range(dtype)
    if optimizer.rule.matrix and not problem.across:
        raise UserError(optimizer.wants(problem))
    if problem.constrained and optimizer.iterate:
        raise UserError(optimizer.wants(problem))
    layout = optimizer.layout()
    if device == "cuda":
        function, metrics, adjust = problem.written
        return Program(
            function, metrics, None, layout, dtype, problem.layers, problem.across, adjust
        )
    function, metrics = problem.compiled(dtype)
    return Program(
        function,
        metrics,
        blocks.rule_block(layout, dtype),
        layout,
        dtype,
        problem.layers,
        problem.across,
        problem.adjustment(dtype),
    )


def simulate(
    problem, optimizer, *, starts, keys, lr, steps, dtype="float64", records=None, threads=1,
    f_ref=None, target=None, store_x=False, stop_at_target=False, values=None, device="cpu",
    switch=None,
):  # fmt: skip
    """Run lanes with given starts, keys and rates.

    Parameters
    ----------
    problem : Problem
    optimizer : Optimizer or Baseline
    starts : ndarray [n, d]
    keys : ndarray [n] of uint64
    lr : ndarray [n]
    steps : int
    records : ndarray of int64, optional
        Steps to record; by default about 64, log-spaced.
    f_ref : float, optional
        Reference value of gaps; by default the problem's. Where it is NaN there are no targets.
    target : float, optional
        The asked target, beside the grid: a share of the gap at the start, a gap where targets are
        absolute, a loss for nets (see `Problem.success`). By default the last of the grid that
        counts for a lane.
    values : dict, optional
        Hyperparameters other than ``lr``; by default the optimizer's.
    device : {"cpu", "cuda"}
    switch : cuda_switch.Switch, optional
        A kernel that the pair shares with others.

    Returns
    -------
    groups.Results
        `hits` are of the grid, `hit` is of the asked target: the number of steps, 0 if it was met
        at the start (absolute ones can be), -1 if not. Status "target" says that there is a hit
        and that the lane stayed finite.
    """
    if problem.kind == "net":
        f_ref = np.nan
    elif f_ref is None:
        f_ref = problem.reference[0]
    targets, asked, absolute = _targets(problem, f_ref, dtype, target)
    recorded = record_steps(steps) if records is None else records
    if isinstance(optimizer, Baseline):
        outcome = solvers.simulate(
            problem, optimizer, starts=starts, keys=keys, steps=steps, records=recorded,
            targets=targets, asked=asked, f_ref=math.nan if absolute else float(f_ref),
            store_x=store_x, stop_at_target=stop_at_target,
        )  # fmt: skip
        return _on_grid(outcome, asked)
    values = values or optimizer.values
    shaped = optimizer if values is optimizer.values else optimizer.with_settings(**values)
    task = Task(
        start=starts,
        keys=keys,
        lr=lr,
        values=values,
        uniform=shaped.uniform_table(steps),
        record_steps=recorded,
        targets=targets,
        f_ref=float(f_ref),
        exact=problem.kind == "deterministic",
        full_batch=optimizer.rule.full_batch,
        store_x=store_x,
        stop_at_target=stop_at_target,
        absolute=absolute,
        goal=asked,
    )
    compiled = program(problem, shaped, dtype, device)
    if device == "cuda":
        from optbench.kernels.cuda import launch as cuda_launch

        return _on_grid(cuda_launch.launch(compiled, problem.placement, task, switch), asked)
    return _on_grid(launch(compiled, problem.placement, task, threads), asked)


def _targets(problem, f_ref, dtype, target):
    """Return the targets of a run: the grid with the asked one in its place.

    Returns
    -------
    targets : ndarray, decreasing
    asked : int
        Which is the asked one, -1 if none was asked or there are no targets.
    absolute : bool
        Whether they are values of f, not shares of the gap.
    """
    if problem.kind == "net":
        grid = np.array([problem.definition.loss_target])
    elif np.isnan(f_ref):
        return np.zeros(0), -1, False
    else:
        grid = ABSOLUTE_TARGETS if problem.absolute_targets else TARGETS
    asked = -1
    if target is not None:
        asked = int(np.sum(grid >= target))
        grid = np.insert(grid, asked, target)
    if problem.kind == "net" or not problem.absolute_targets:
        return grid, asked, problem.kind == "net"
    floor = rounding_floor(f_ref, dtype)
    return np.where(grid >= floor, f_ref + grid, np.nan), asked, True


def _on_grid(outcome, asked):
    """Return results whose `hits` are of the grid alone."""
    return outcome if asked < 0 else outcome._replace(hits=np.delete(outcome.hits, asked, axis=1))


def diverged(outcome):
    """Say which lanes left the finite; `outcome` is a dict of the fields of `groups.Results`."""
    return outcome["status"] == NOT_FINITE


def final_metrics(outcome):
    """Return the metrics of each lane at its end: [lanes, 6], or [lanes, 0] where there are none.

    They are those of its last record; where it diverged losses are +inf, and accuracies NaN.

    Parameters
    ----------
    outcome : dict of arrays
        Fields of a `groups.Results`.
    """
    metrics = fill_records(outcome)[2]
    if not metrics.size:
        return np.zeros((len(metrics), 0), metrics.dtype)
    return np.where(
        diverged(outcome)[:, None],
        np.array([np.inf, np.nan] * PARTS, metrics.dtype),
        metrics[:, -1],
    )


def fill_records(outcome):
    """Return recorded f, best and metrics, completed after a lane's end.

    If it diverged, f and best are +inf from there on, losses too, and accuracies NaN.

    Parameters
    ----------
    outcome : dict of arrays
        Fields of a `groups.Results`.

    Returns
    -------
    f, best : ndarray [lanes, r]
    metrics : ndarray [lanes, r or 0, 6]
    """
    metrics = outcome["record_metrics"]
    f, best = outcome["record_f"].copy(), outcome["record_best"].copy()
    missing = np.isnan(f)
    lost = missing & diverged(outcome)[:, None]
    for array, last in ((f, outcome["f_final"]), (best, outcome["f_best"])):
        array[missing] = np.broadcast_to(last[:, None], f.shape)[missing]
        array[lost] = np.inf
    if metrics.size:
        last = np.maximum.accumulate(np.where(missing, 0, np.arange(f.shape[1])), axis=1)
        metrics = np.take_along_axis(metrics, last[:, :, None], axis=1)
        metrics[lost] = np.array([np.inf, np.nan] * PARTS, metrics.dtype)
    return f, best, metrics
