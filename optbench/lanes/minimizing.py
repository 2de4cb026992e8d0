"""The public `minimize`: lanes of one optimizer on one problem, from Python."""

import contextlib
import functools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from threadpoolctl import ThreadpoolController

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.instance import Floats, Problem
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule
from optbench.errors import SettingError
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.capacity import processors
from optbench.kernels.memory.groups import Results
from optbench.kernels.status import STATUS_NAMES
from optbench.lanes import devices
from optbench.lanes.cost import of_lanes
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import RECORDS, fill_records, record_steps
from optbench.lanes.simulating import compile_functions, simulate
from optbench.lanes.starts import start_points
from optbench.rules import compose
from optbench.rules.compose import Optimizer

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
        The reported points; r = 0 unless d = 2.
    metrics : ndarray [lanes, r, 6]
        Loss and accuracy on the training, validation and test part; r = 0 without data. After
        a lane diverged losses are +inf and accuracies NaN.
    """

    steps: NDArray[np.int64]
    f: NDArray[np.floating]
    best: NDArray[np.floating]
    x: NDArray[np.floating]
    metrics: NDArray[np.floating]


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

    x: NDArray[np.floating]
    f: NDArray[np.floating]
    best: NDArray[np.floating]
    f_start: NDArray[np.floating]
    status: NDArray[np.str_]
    steps: NDArray[np.int64]
    hits: NDArray[np.int64]
    evaluations_per_step: int
    records: Records


def minimize(
    optimizer: str | Rule | Optimizer,
    problem: str | ProblemDefinition | NetDefinition | Problem,
    *,
    steps: int,
    lanes: int = 1,
    seed: int = 0,
    dtype: DTypeLike = "float64",
    device: Literal["cpu", "cuda", "auto"] = "cpu",
    threads: int | None = None,
    start: ArrayLike | None = None,
    records: int = RECORDS,
    folders: plugins.Folders = (),
    **hyper: Any,
) -> Trajectories:
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
    if not isinstance(problem, Problem):
        problem = finding.problem(problem, folders=folders)
    optimizer = compose.optimizer(optimizer, folders)
    dtype, place = gate.precision(dtype), devices.resolve(device)
    steps, lanes = gate.whole("steps", steps, low=1), gate.whole("lanes", lanes, low=1)
    records = min(gate.whole("records", records, low=1), EVERY * steps)
    threads = processors() if threads is None else gate.whole("threads", threads, low=1)
    seed = gate.whole("seed", seed, high=gate.LARGEST - lanes)
    store_x = problem.dim == 2
    cost = of_lanes(
        problem, optimizer, lanes=lanes, steps=steps, records=records, dtype=dtype,
        threads=threads, points=store_x,
    )  # fmt: skip
    cost.refuse(
        f"{optimizer.label} on {problem.label}",
        f"lanes ({lanes}), steps ({steps}) or records ({records})",
    )
    optimizer, arrays = _with_arrays(optimizer, hyper, lanes, dtype)
    seeds = range(seed, seed + lanes)
    inputs = LaneInputs(
        start_points(problem, seeds) if start is None else _starts(problem, start, lanes),
        problem.keys(seeds),
        arrays.pop("lr", np.full(lanes, optimizer.lr)),
    )
    job = Job(
        steps=steps, dtype=dtype, records=record_steps(steps, records), store_x=store_x,
        device=place, threads=threads,
    )  # fmt: skip
    compile_functions(problem, optimizer, dtype, place)  # this loads the BLAS that nets use
    with _one_blas_thread(problem):
        results = _simulate_settings(problem, optimizer, arrays, inputs, job)
    return _trajectories(results, optimizer, job)


def _one_blas_thread(problem: Problem) -> AbstractContextManager[Any]:
    """Keep BLAS to one thread while nets run: its threads would fight the lanes'."""
    if not problem.across:
        return contextlib.nullcontext()
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limits


@functools.cache
def _libraries() -> ThreadpoolController:
    """Return the libraries with threads of their own: to look for them takes milliseconds."""
    return ThreadpoolController()


def _with_arrays(
    optimizer: Optimizer, hyper: Mapping[str, Any], lanes: int, dtype: str
) -> tuple[Optimizer, dict[str, Floats]]:
    """Return the optimizer set for the first lane, and the float64 arrays [lanes] of all."""
    arrays = {
        name: _per_lane(name, value, lanes)
        for name, value in hyper.items()
        if not isinstance(value, str)
    }
    first = {name: values[0] for name, values in arrays.items()}
    optimizer = optimizer.with_settings(**{**hyper, **first})
    for name, values in arrays.items():
        compose.check(optimizer.name, name, values, optimizer.hyper[name])
        arrays[name] = values.astype(np.float64) + 0.0
        gate.check_fits(f"{optimizer.name}: {name}", arrays[name], dtype)
    optimizer.check_fits(dtype)
    return optimizer, arrays


def _per_lane(name: str, value: Any, lanes: int) -> NDArray[Any]:
    """Return a value of each lane, of the type that was passed."""
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


def _starts(problem: Problem, start: ArrayLike, lanes: int) -> Floats:
    """Return the user's start points [lanes, d]."""
    points = gate.reals(f"{problem.name}: start", start)
    if points.shape not in ((problem.dim,), (lanes, problem.dim)):
        raise SettingError(
            f"{problem.name}: start has shape {list(points.shape)}; expected [{problem.dim}] or "
            f"[{lanes}, {problem.dim}]"
        )
    return np.broadcast_to(points, (lanes, problem.dim))


def _simulate_settings(
    problem: Problem,
    optimizer: Optimizer,
    arrays: Mapping[str, Floats],
    inputs: LaneInputs,
    job: Job,
) -> Results:
    """Run the lanes of each distinct setting in `arrays` by themselves: a block holds only one."""
    if not arrays:
        return simulate(problem, optimizer, inputs, job)
    merged: Results | None = None
    for index, settings in _distinct_settings(arrays):
        results = simulate(
            problem, optimizer.with_settings(**settings), inputs.of_lanes(index), job
        )
        if len(index) == len(inputs):
            return results
        merged = merged or Results(
            *(empty((len(inputs), *array.shape[1:]), array.dtype) for array in results)
        )
        for whole, array in zip(merged, results, strict=True):
            whole[index] = array
    return merged


def _distinct_settings(
    arrays: Mapping[str, Floats],
) -> Iterator[tuple[NDArray[np.intp], dict[str, float]]]:
    """Yield (lane numbers, settings) of each distinct setting."""
    table = np.stack(list(arrays.values()), axis=1)
    distinct, member = np.unique(table, axis=0, return_inverse=True)
    for i, row in enumerate(distinct):
        settings = dict(zip(arrays, map(float, row), strict=True))
        yield np.flatnonzero(member.ravel() == i), settings


def _trajectories(results: Results, optimizer: Optimizer, job: Job) -> Trajectories:
    """Return results as users read them."""
    assert job.records is not None
    f, best, metrics = fill_records(results)
    return Trajectories(
        x=results.x,
        f=results.f_final,
        best=results.f_best,
        f_start=results.f_start,
        status=np.array(STATUS_NAMES)[results.status],
        steps=results.steps,
        hits=results.hits,
        evaluations_per_step=optimizer.evaluations,
        records=Records(steps=job.records, f=f, best=best, x=results.record_x, metrics=metrics),
    )
