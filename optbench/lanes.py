"""Run lanes of one optimizer on one problem: the public `minimize`, and what studies use.

`simulate` is the one place where a problem, an optimizer and the compiled driver meet.
"""

import contextlib
import functools
import math
import os
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from optbench import baselines, catalog, devices
from optbench.baselines import Baseline
from optbench.errors import SettingError, UserError
from optbench.instances import Problem
from optbench.kernels import blocks
from optbench.kernels.groups import STATUS_NAMES
from optbench.kernels.launch import Program, Task, launch
from optbench.rules import compose

RECORDS = 64
TARGETS = 10.0 ** (-np.arange(2, 21) / 2)
"""Shares of the initial gap, 10^-1 .. 10^-10 in half decades."""
ABSOLUTE_TARGETS = 10.0 ** (-np.arange(-4, 17) / 2)
"""Gaps 10^2 .. 10^-8 in half decades, for problems whose targets are absolute."""


@dataclass(frozen=True)
class Records:
    """Lanes at about 64 log-spaced steps.

    Attributes
    ----------
    steps : ndarray [r] of int64
    f, best : ndarray [lanes, r]
        Noise-free value at the reported point, and the least so far; +inf after a lane diverged.
    x : ndarray [lanes, r, d]
        The reported points; r = 0 unless they were asked for (d = 2).
    metrics : ndarray [lanes, r, 6]
        Loss and accuracy on the training, validation and test part; r = 0 without data.
    """

    steps: np.ndarray
    f: np.ndarray
    best: np.ndarray
    x: np.ndarray
    metrics: np.ndarray


@dataclass(frozen=True)
class Trajectories:
    """What `minimize` returns; lanes come first.

    Attributes
    ----------
    x : ndarray [lanes, d]
        The reported point at the end (the last finite one).
    f, best : ndarray [lanes]
        Noise-free value there, and the least value seen.
    f_start : ndarray [lanes]
    status : ndarray [lanes] of str
        "target" (last target hit), "stationary", "budget", "not finite" or "stopped" (early, by
        a net that declares `stopping`).
    steps : ndarray [lanes] of int64
        Steps taken.
    hits : ndarray [lanes, 19] of int64
        Steps until f - f_ref fell to 10^-1, 10^-1.5, ... 10^-10 of the start's; -1 where it did
        not, or where the target does not count (see DESIGN: "Targets"). Problems with absolute
        targets have 21: f - f_ref at 10^2, 10^1.5, ... 10^-8.
    evaluations_per_step : int
    records : Records
    """

    x: np.ndarray
    f: np.ndarray
    best: np.ndarray
    f_start: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    hits: np.ndarray
    evaluations_per_step: int
    records: Records


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
    f_ref=None, store_x=False, stop_at_target=False, values=None, device="cpu", switch=None,
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
        Reference value of gaps; by default the problem's.
    values : dict, optional
        Hyperparameters other than ``lr``; by default the optimizer's.
    device : {"cpu", "cuda"}
    switch : cuda_switch.Switch, optional
        A kernel that the pair shares with others.

    Returns
    -------
    groups.Results
    """
    if problem.kind == "net":
        f_ref = np.nan
    elif f_ref is None:
        f_ref = problem.reference[0]
    targets, absolute = _targets(problem, f_ref, dtype)
    recorded = record_steps(steps) if records is None else records
    if isinstance(optimizer, Baseline):
        return baselines.simulate(
            problem, optimizer, starts=starts, keys=keys, steps=steps, records=recorded,
            targets=targets, f_ref=math.nan if absolute else float(f_ref), store_x=store_x,
            stop_at_target=stop_at_target,
        )  # fmt: skip
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
    )
    compiled = program(problem, shaped, dtype, device)
    if device == "cuda":
        from optbench.kernels import cuda_launch

        return cuda_launch.launch(compiled, problem.frame, task, switch)
    return launch(compiled, problem.frame, task, threads)


def _targets(problem, f_ref, dtype):
    """Return the targets of a run, and whether they are values of f, not shares of the gap."""
    if problem.kind == "net":
        return np.array([problem.definition.loss_target]), True
    if np.isnan(f_ref):
        return np.zeros(0), False
    if not problem.absolute_targets:
        return TARGETS, False
    floor = 100 * np.finfo(dtype).eps * max(1.0, abs(f_ref))
    return np.where(ABSOLUTE_TARGETS >= floor, f_ref + ABSOLUTE_TARGETS, np.nan), True


def minimize(
    optimizer, problem, *, steps, lanes=1, seed=0, dtype="float64", device="cpu", threads=None,
    start=None, records=RECORDS, **hyper,
):  # fmt: skip
    """Run `lanes` lanes of an optimizer on a problem.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
        A name ("adam"), a name with settings ("adam[beta1=0.8,clip_norm=1]") or an object.
    problem : str, definition or Problem
    steps : int
        Steps of every lane (a step of SAM costs two gradient evaluations).
    lanes : int
        Number of lanes; lane i has seed `seed` + i, which decides its start, noise and batches.
    seed : int
        Seed of the first lane; seed 0 starts at the problem's declared start.
    dtype : {"float64", "float32"}
    device : {"cpu", "cuda", "auto"}
        "auto" is CUDA where there is a device, else the CPU.
    threads : int, optional
        By default the number of processors.
    start : array_like [d] or [lanes, d], optional
        Start points in place of the problem's.
    records : int
        About how many steps to record; a million lanes want few.
    **hyper : float, array_like [lanes] or str
        Hyperparameters; a wrapper is switched on by giving one of its own, a schedule by its name
        (``schedule="cosine"``).

    Returns
    -------
    Trajectories

    Raises
    ------
    UserError
        If a name, a hyperparameter, a shape or a count is wrong.

    Examples
    --------
    >>> import optbench
    >>> run = optbench.minimize("gd", "sphere", steps=100, lr=0.1)
    >>> bool(run.best[0] < 1e-15)
    True
    """
    problem = problem if isinstance(problem, Problem) else catalog.problem(problem)
    optimizer = compose.optimizer(optimizer)
    names = {name: value for name, value in hyper.items() if isinstance(value, str)}
    arrays = {n: _per_lane(n, value, lanes) for n, value in hyper.items() if n not in names}
    first = {name: values[0] for name, values in arrays.items()}
    optimizer = optimizer.with_settings(**names, **first)
    for name, values in arrays.items():
        compose.check(optimizer.name, name, values, optimizer.hyper[name])
    _check_counts(steps=steps, lanes=lanes, records=records)
    device = devices.chosen(device)
    if dtype not in ("float32", "float64"):
        raise SettingError(f"dtype {dtype!r} is unknown; use 'float64' or 'float32'")
    seeds = range(seed, seed + lanes)
    starts = problem.starts(seeds) if start is None else _starts(problem, start, lanes)
    lr = arrays.pop("lr", np.full(lanes, optimizer.lr))
    merged, recorded = None, record_steps(steps, records)
    program(problem, optimizer, dtype, device)  # compiling loads the BLAS that nets use
    for index, values in _settings(optimizer, arrays, lanes):
        with _one_blas_thread(problem):
            outcome = simulate(
                problem, optimizer, starts=starts[index], keys=problem.keys(seeds)[index],
                lr=lr[index], steps=steps, dtype=dtype, records=recorded,
                threads=threads or os.cpu_count() or 1,
                store_x=problem.dim == 2, values=values, device=device,
            )  # fmt: skip
        merged = _merged(merged, outcome, index, lanes)
    return _trajectories(merged, optimizer, recorded)


def _one_blas_thread(problem):
    """Keep BLAS to one thread while nets run: its threads would fight the lanes'."""
    if not problem.across:
        return contextlib.nullcontext()
    return _libraries().limit(limits=1, user_api="blas")


@functools.cache
def _libraries():
    """Return the libraries with threads of their own: to look for them takes milliseconds."""
    return ThreadpoolController()


def _check_counts(**counts):
    for name, value in counts.items():
        if isinstance(value, bool) or value != int(value) or value < 1:
            raise SettingError(f"{name} = {value} must be an integer of at least 1")


def _per_lane(name, value, lanes):
    values = np.asarray(value, dtype=np.float64)
    if values.shape not in ((), (1,), (lanes,)):
        raise UserError(
            f"{name} has shape {list(values.shape)}; give a number or one value for each of the "
            f"{lanes} lanes"
        )
    return np.broadcast_to(values, (lanes,))


def _starts(problem, start, lanes):
    start = np.asarray(start, dtype=np.float64)
    if start.shape not in ((problem.dim,), (lanes, problem.dim)):
        raise UserError(
            f"{problem.name}: start has shape {list(start.shape)}; expected [{problem.dim}] or "
            f"[{lanes}, {problem.dim}]"
        )
    return np.broadcast_to(start, (lanes, problem.dim))


def _settings(optimizer, arrays, lanes):
    """Yield (lane indices, values) for each distinct setting: a block holds only one."""
    if not arrays:
        yield np.arange(lanes), optimizer.values
        return
    table = np.stack(list(arrays.values()), axis=1)
    distinct, member = np.unique(table, axis=0, return_inverse=True)
    for i, row in enumerate(distinct):
        given = dict(zip(arrays, map(float, row), strict=True))
        yield np.flatnonzero(member.ravel() == i), {**optimizer.values, **given}


def _merged(merged, outcome, index, lanes):
    if len(index) == lanes:
        return outcome._asdict()
    merged = merged or {
        name: np.empty((lanes, *a.shape[1:]), a.dtype) for name, a in outcome._asdict().items()
    }
    for name, values in outcome._asdict().items():
        merged[name][index] = values
    return merged


def _trajectories(merged, optimizer, recorded):
    status = np.array(STATUS_NAMES)[merged["status"]]
    f, best, metrics = fill_records(merged)
    records = Records(recorded, f, best, merged["record_x"], metrics)
    return Trajectories(
        merged["x"], merged["f_final"], merged["f_best"], merged["f_start"], status,
        merged["steps"], merged["hits"], optimizer.evaluations, records,
    )  # fmt: skip


def fill_records(outcome):
    """Return recorded f, best and metrics, completed after a lane's end.

    If it diverged, f and best are +inf there, and the metrics NaN.

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
    diverged = (outcome["status"] == STATUS_NAMES.index("not finite"))[:, None]
    for array, last in ((f, outcome["f_final"]), (best, outcome["f_best"])):
        array[missing & diverged] = np.inf
        array[missing & ~diverged] = np.broadcast_to(last[:, None], f.shape)[missing & ~diverged]
    if metrics.size:
        last = np.maximum.accumulate(
            np.where(missing & ~diverged, 0, np.arange(f.shape[1])), axis=1
        )
        metrics = np.take_along_axis(metrics, last[:, :, None], axis=1)
    return f, best, metrics
