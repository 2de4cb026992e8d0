"""What a launch is handed, and the groups of arrays that compiled code gets of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.memory.buffers import aligned, empty, spare
from optbench.kernels.memory.calls import Block
from optbench.kernels.memory.groups import Lanes, Plan, Results, Surface
from optbench.kernels.sizes import BLOCK
from optbench.kernels.status import rounding_floor


@dataclass(frozen=True)
class Program:
    """The functions of a pair and the layout that they share.

    Attributes
    ----------
    problem, metrics, rule : memory.calls.Block
        For CUDA the authors' functions, and no rule, which follows from the layout. Where a problem
        has none, `metrics` is None.
    layout : authors.rule_layout.RuleLayout
    dtype : numpy.dtype
    tensor_table : ndarray of int64
        The parameter tensors, see `authors.tensors.tensor_table`.
    across : bool
        Whether one lane fills a block (nets).
    adjust : memory.calls.Block or None
        What a net does after each step, see `memory.calls`.
    """

    problem: Block | Callable[..., Any]
    metrics: Block | Callable[..., Any] | None
    rule: Block | None
    layout: RuleLayout
    dtype: np.dtype
    tensor_table: NDArray[np.int64]
    across: bool
    adjust: Block | Callable[..., Any] | None = None


@dataclass(frozen=True)
class Placement:
    """Constants of an instance and its frame; see `groups.Surface`.

    The problem sees z = centre + rotation (x - shift - centre) / scale; None stands for zeros, or
    for no rotation.
    """

    p: np.ndarray
    q: np.ndarray
    work_size: int = 0
    shift: np.ndarray | None = None
    centre: np.ndarray | None = None
    rotation: np.ndarray | None = None
    scale: float = 1.0

    def check(self, dim: int) -> None:
        """Raise `ValueError` unless all arrays are as long as compiled code reads them."""
        shapes = {"shift": (dim,), "centre": (dim,), "rotation": (dim, dim)}
        for name, shape in shapes.items():
            array = getattr(self, name)
            # Rotating and scaling are about a centre, after a shift.
            moved = self.rotation is not None or self.scale != 1.0
            needed = moved if name != "rotation" else self.rotation is not None
            if (array is not None or needed) and np.shape(array) != shape:
                raise ValueError(
                    f"the placement of a problem of dimension {dim} has a {name} of shape "
                    f"{list(np.shape(array))}; expected {list(shape)}"
                )


@dataclass(frozen=True)
class Task:
    """What to run: the lanes, the step scalars, and what to look for.

    Attributes
    ----------
    start : ndarray [n, d]
    keys : ndarray [n] of uint64
    lr : ndarray [n]
    values : dict of str to float
        All other hyperparameters, the same for all lanes.
    uniform : ndarray [steps, u]
    record_steps : ndarray of int64
    targets : ndarray, decreasing
        Shares of the initial gap, or values of f where `absolute` (NaN: does not count).
    goal : int
        Which of them is the goal, that `hit` and status are about; -1: the last that counts.
    f_ref : float
    exact, full_batch, stop_at_target, store_x, absolute : bool
        See `driver.steps` and `memory.groups.Plan`.
    """

    start: NDArray[np.float64]
    keys: NDArray[np.uint64]
    lr: NDArray[np.float64]
    values: dict[str, float]
    uniform: NDArray[np.float64]
    record_steps: NDArray[np.int64]
    targets: NDArray[np.float64]
    f_ref: float
    exact: bool
    full_batch: bool = False
    stop_at_target: bool = False
    store_x: bool = False
    absolute: bool = False
    goal: int = -1


def check_sizes(program: Program, placement: Placement, task: Task) -> None:
    """Refuse a task with arrays that are shorter than compiled code reads.

    Raises
    ------
    ValueError
    """
    n, d = task.start.shape
    expected = {
        "keys": (task.keys.shape, (n,)),
        "lr": (task.lr.shape, (n,)),
        "uniform": (task.uniform.shape[1:], (program.layout.uniforms,)),
        "shift": ((d,) if placement.shift is None else placement.shift.shape, (d,)),
    }
    for name, (size, needed) in expected.items():
        if size != needed:
            raise ValueError(f"{name} has shape {list(size)}, expected {list(needed)}")


def empty_results(program: Program, task: Task) -> Results:
    """Return `groups.Results` to be filled."""
    n, d = task.start.shape
    r, m = len(task.record_steps), len(task.targets)
    real = program.dtype
    return Results(
        x=empty((n, d), real),
        f_start=empty(n, real),
        f_final=empty(n, real),
        f_best=empty(n, real),
        status=empty(n, np.int64),
        steps=empty(n, np.int64),
        hits=np.full((n, m), -1, np.int64),
        hit=empty(n, np.int64),
        record_f=np.full((n, r), np.nan, real),
        record_best=np.full((n, r), np.nan, real),
        record_metrics=np.full((n, r if program.metrics else 0, 6), np.nan, real),
        record_x=np.full((n, r if task.store_x else 0, d), np.nan, real),
    )


def lanes_group(program: Program, task: Task, lanes: slice, blocks: int, columns: int) -> Lanes:
    """Return the `groups.Lanes` of the slice `lanes`, in so many blocks."""
    real, layout = program.dtype, program.layout
    width = (lanes.stop - lanes.start) // blocks
    rows = task.start.shape[1] // BLOCK if program.across else task.start.shape[1]
    # Columns beyond the lanes are copies of the last one.
    order = np.minimum(np.arange(columns), width - 1)
    hyper = aligned((blocks, len(layout.hyper), columns), real)
    with np.errstate(over="ignore"):  # a start or a rate may be infinite in float32
        start = _blocked(task.start[lanes], blocks, rows, order, program.across, real)
        hyper[:, 0] = task.lr[lanes].reshape(blocks, width)[:, order]
    hyper[:, 1] = task.f_ref
    for row, name in enumerate(layout.hyper[2:], 2):
        hyper[:, row] = task.values[name]
    keys = np.ascontiguousarray(task.keys[lanes].reshape(blocks, width)[:, order])
    starts = [math.nan if value == "x" else value for value in layout.state.values()]
    return Lanes(
        start, keys, hyper, np.array(starts, real),
        np.array(list(layout.lane_state.values()), real),
        np.ascontiguousarray(task.uniform, real), program.tensor_table,
    )  # fmt: skip


def _blocked(
    start: np.ndarray, blocks: int, rows: int, order: np.ndarray, across: bool, real: np.dtype
) -> np.ndarray:
    """Return starts [n, d] by blocks: [nb, rows, B]."""
    if across:
        return np.ascontiguousarray(start.reshape(blocks, rows, len(order)), real)
    lanes = start.reshape(blocks, -1, rows)[:, order]
    return np.ascontiguousarray(lanes.transpose(0, 2, 1), real)


def surface_group(
    placement: Placement, real: np.dtype, dim: int, work: np.ndarray | None = None
) -> Surface:
    """Return the `groups.Surface` of an instance, with `work` or buffers of its own."""
    placement.check(dim)
    if work is None:
        work = spare(empty(placement.work_size, real))

    def constant(value: np.ndarray | None, ndim: int) -> np.ndarray:
        return np.zeros((0,) * ndim, real) if value is None else np.ascontiguousarray(value, real)

    return Surface(
        constant(placement.p, 1), np.ascontiguousarray(placement.q, np.int64),
        work, constant(placement.shift, 1), constant(placement.centre, 1),
        constant(placement.rotation, 2),
    )  # fmt: skip


def plan_group(program: Program, task: Task) -> Plan:
    """Return the `groups.Plan` of a task."""
    real = program.dtype.type
    eps = float(np.finfo(program.dtype).eps)
    return Plan(
        steps=len(task.uniform),
        record_steps=np.ascontiguousarray(task.record_steps, np.int64),
        targets=np.ascontiguousarray(task.targets, program.dtype),
        goal=task.goal,
        f_ref=real(np.nan if task.absolute else task.f_ref),
        floor=real(rounding_floor(task.f_ref, program.dtype)),
        tolerance=real(math.sqrt(eps)),
        exact=int(task.exact and program.layout.iterate < 0),
        full_batch=int(task.full_batch),
        stop_at_target=int(task.stop_at_target),
        across=int(program.across),
        evaluations=program.layout.evaluations,
        iterate=program.layout.iterate,
        has_metrics=int(program.metrics is not None),
        store_x=int(task.store_x),
        adjusts=int(program.adjust is not None),
    )
