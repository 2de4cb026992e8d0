"""The public `minimize`: lanes of one optimizer on one problem, from Python."""

import contextlib
import functools
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.instance import Problem
from optbench.errors import SettingError
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.capacity import processors
from optbench.kernels.status import STATUS_NAMES
from optbench.lanes import devices
from optbench.lanes.cost import of_lanes
from optbench.lanes.simulating import RECORDS, fill_records, program, record_steps, simulate
from optbench.lanes.starts import start_points
from optbench.rules import compose, setting_checks

EVERY = 50
"""So many times as many records as steps record every step, however many steps there are."""


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
        Loss and accuracy on the training, validation and test part; r = 0 without data. After
        a lane diverged losses are +inf and accuracies NaN.
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
        Noise-free value at the end, +inf for a lane that is not finite, and the least value seen.
    f_start : ndarray [lanes]
    status : ndarray [lanes] of str
        "target" (last target hit), "stationary", "budget", "not finite" or "stopped" (early, by
        a net that declares `stopping`).
    steps : ndarray [lanes] of int64
        Steps taken.
    hits : ndarray [lanes, 19] of int64
        Steps until f - f_ref fell to 10^-1, 10^-1.5, ... 10^-10 of the start's; -1 where it did
        not, or where there is no target: f_ref is unknown, or rounding hides a gap as small as
        that. Problems with absolute targets have 21: f - f_ref at 10^2, 10^1.5, ... 10^-8. Nets
        have one: their declared training loss. Absolute targets that are met at the start are hits
        after 0 steps.
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


def minimize(
    optimizer, problem, *, steps, lanes=1, seed=0, dtype="float64", device="cpu", threads=None,
    start=None, records=RECORDS, folders=(), **hyper,
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
        Or NumPy's type of that name.
    device : {"cpu", "cuda", "auto"}
        "auto" is CUDA where there is a device, else the CPU.
    threads : int, optional
        By default the number of processors.
    start : array_like [d] or [lanes, d], optional
        Start points in place of the problem's.
    records : int
        About how many steps to record; a million lanes want few.
    folders : path or sequence of path
        Folders with definitions of the user's own, in which names are looked up too.
    **hyper : float, array_like [lanes] or str
        Hyperparameters; a wrapper is switched on by giving one of its own, a schedule by its name
        (``schedule="cosine"``).

    Returns
    -------
    Trajectories

    Raises
    ------
    UserError
        If a name, a hyperparameter, a shape or a count is wrong, or it would take more memory or
        time than there is.

    Examples
    --------
    >>> import optbench
    >>> run = optbench.minimize("gd", "sphere", steps=100, lr=0.1)
    >>> bool(run.best[0] < 1e-15)
    True
    """
    problem = problem if isinstance(problem, Problem) else finding.problem(problem, folders=folders)
    optimizer = compose.optimizer(optimizer, folders)
    dtype, device = gate.precision(dtype), devices.chosen(device)
    steps, lanes = gate.whole("steps", steps, low=1), gate.whole("lanes", lanes, low=1)
    records = min(gate.whole("records", records, low=1), EVERY * steps)
    threads = processors() if threads is None else gate.whole("threads", threads, low=1)
    seed = gate.whole("seed", seed, high=gate.LARGEST - lanes)
    store_x = problem.dim == 2
    of_lanes(problem, optimizer, lanes, steps, records, dtype, threads, store_x).refuse(
        f"{optimizer.label} on {problem.label}",
        f"lanes ({lanes}), steps ({steps}) or records ({records})",
    )
    optimizer, arrays = _set(optimizer, hyper, lanes, dtype)
    seeds = range(seed, seed + lanes)
    starts = start_points(problem, seeds) if start is None else _starts(problem, start, lanes)
    lr = arrays.pop("lr", np.full(lanes, optimizer.lr))
    merged, recorded = None, record_steps(steps, records)
    program(problem, optimizer, dtype, device)  # compiling loads the BLAS that nets use
    with _one_blas_thread(problem):
        for index, values in _settings(optimizer, arrays, lanes):
            outcome = simulate(
                problem, optimizer, starts=starts[index], keys=problem.keys(seeds)[index],
                lr=lr[index], steps=steps, dtype=dtype, records=recorded, threads=threads,
                store_x=store_x, values=values, device=device,
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


def _set(optimizer, hyper, lanes, dtype):
    """Return the optimizer set for the first lane, and the float64 arrays [lanes] of all."""
    arrays = {
        name: _per_lane(name, value, lanes)
        for name, value in hyper.items()
        if not isinstance(value, str)
    }
    first = {name: values[0] for name, values in arrays.items()}
    optimizer = optimizer.with_settings(**{**hyper, **first})
    for name, values in arrays.items():
        setting_checks.check(optimizer.name, name, values, optimizer.hyper[name])
        arrays[name] = values.astype(np.float64) + 0.0
        gate.check_fits(f"{optimizer.name}: {name}", arrays[name], dtype)
    optimizer.check_fits(dtype)
    return optimizer, arrays


def _per_lane(name, value, lanes):
    """Return a value of each lane, of the type that was given."""
    try:
        values = np.asarray(value)
    except ValueError:
        raise SettingError(f"{name} has rows of different lengths") from None
    if values.shape not in ((), (1,), (lanes,)):
        raise SettingError(
            f"{name} has shape {list(values.shape)}; give a number or one value for each of the "
            f"{lanes} lanes"
        )
    return np.broadcast_to(values, (lanes,))


def _starts(problem, start, lanes):
    start = gate.reals(f"{problem.name}: start", start)
    if start.shape not in ((problem.dim,), (lanes, problem.dim)):
        raise SettingError(
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
        name: empty((lanes, *a.shape[1:]), a.dtype) for name, a in outcome._asdict().items()
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
