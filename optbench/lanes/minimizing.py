"""The public `minimize`: lanes of one optimizer on one problem, from Python."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.blas import one_blas_thread_of_nets
from optbench.catalog.instance import Floats, Problem
from optbench.catalog.perturbing import check_budget
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import threads_of
from optbench.kernels.memory.groups import Results
from optbench.lanes import devices, lane_settings
from optbench.lanes.cost import of_lanes
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.pool import compile_all
from optbench.lanes.records import record_steps, records_of
from optbench.lanes.simulating import compile_functions, simulate
from optbench.lanes.starts import start_points
from optbench.lanes.trajectories import Trajectories, trajectories_of
from optbench.lanes.units import units_of
from optbench.rules import compose
from optbench.rules.compose import Optimizer

EVERY = 50
"""So many times as many records as steps record every step, however many steps there are."""


def minimize(
    optimizer: str | Rule | Optimizer | Callable[..., Any],
    problem: str | ProblemDefinition | NetDefinition | Problem,
    *,
    steps: int,
    lanes: int = 1,
    seed: int = 0,
    dtype: DTypeLike = "float64",
    device: Literal["cpu", "cuda", "auto"] = "cpu",
    threads: int | None = None,
    start: ArrayLike | None = None,
    records: int | None = None,
    folders: plugins.Folders = (),
    **hyper: Any,
) -> Trajectories:
    """Run `lanes` lanes of an optimizer on a problem.

    Parameters
    ----------
    optimizer : str, Rule, Optimizer, class or factory
        A name ("adam"), a name with settings ("adam[beta1=0.8,clip_norm=1]") or an object; of other
        libraries a name ("torch:Adam", "optax:lion"), a class of torch or a factory of optax.
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
    records : int, optional
        About how many steps to record, by default 64, and 20 of nets; a million lanes want few.
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
    check_budget(problem.definition, steps)
    records = records_of(problem.kind) if records is None else records
    records = min(gate.whole("records", records, low=1), EVERY * steps)
    threads = threads_of(threads)
    seed = gate.whole("seed", seed, high=gate.LARGEST - lanes)
    store_x = problem.dim == 2
    title = f"{optimizer.label} on {problem.label}"
    cost = of_lanes(
        problem, optimizer, lanes=lanes, steps=steps, records=records, dtype=dtype,
        threads=threads, points=store_x, settings=_settings(hyper),
    )  # fmt: skip
    cost.refuse(title, f"lanes ({lanes}), steps ({steps}) or records ({records})")
    optimizer, arrays = lane_settings.with_lane_values(optimizer, hyper, lanes, dtype)
    seeds = range(seed, seed + lanes)
    inputs = LaneInputs(
        start_points(problem, seeds) if start is None else _starts(problem, start, lanes),
        problem.keys(seeds),
        arrays.pop("lr", np.full(lanes, optimizer.lr)),
        arrays,
    )
    job = Job(
        steps=steps, dtype=dtype, records=record_steps(steps, records), store_x=store_x,
        device=place, idle=threads - 1,
    )  # fmt: skip
    return trajectories_of(run_lanes(problem, optimizer, inputs, job), optimizer, job, title)


def _settings(hyper: Mapping[str, Any]) -> int:
    """Return how many settings lanes have at most, the rate apart."""
    return max([1, *(np.size(value) for name, value in hyper.items() if name != "lr")])


def run_lanes(problem: Problem, optimizer: Optimizer, inputs: LaneInputs, job: Job) -> Results:
    """Compile what lanes need, and run them with BLAS at one thread."""
    optimizer, values = lane_settings.settings_apart(optimizer, inputs.values)
    if problem.across and job.device == "cpu" and isinstance(job.idle, int):
        needed = units_of(problem, optimizer, job.dtype, bool(values))
        compile_all(needed, processes=1 + job.idle)
    # This loads the BLAS that nets use.
    compile_functions(problem, optimizer, job.dtype, job.device, bool(values))
    with one_blas_thread_of_nets(problem):
        return simulate(problem, optimizer, replace(inputs, values=values), job)


def _starts(problem: Problem, start: ArrayLike, lanes: int) -> Floats:
    """Return the user's start points [lanes, d]."""
    points = gate.reals(f"{problem.name}: start", start)
    if points.shape not in ((problem.dim,), (lanes, problem.dim)):
        raise SettingError(
            f"{problem.name}: start has shape {list(points.shape)}; expected [{problem.dim}] or "
            f"[{lanes}, {problem.dim}]"
        )
    return np.broadcast_to(points, (lanes, problem.dim))
