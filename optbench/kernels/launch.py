"""Lanes -> blocks -> the compiled driver -> lanes again, in chunks, on a pool of threads.

A chunk's results depend on its lanes alone, so the same bytes come out whatever the number of
threads or the size of the chunks. Only one chunk a thread is in memory in blocked form.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from optbench.kernels.blocks import WIDTHS
from optbench.kernels.cpu import driver
from optbench.kernels.explain import author_errors_told
from optbench.kernels.floating import flushed
from optbench.kernels.groups import Lanes, Plan, Results, Scratch, Surface, group_types
from optbench.kernels.memory import aligned, empty, kept, spare
from optbench.kernels.pointers import words
from optbench.kernels.status import rounding_floor
from optbench.kernels.tensors import memory_size

BLOCK = 64
"""Columns of a net."""
WIDEST = 256
"""Lanes of a block at most: a step costs a block some forty nanoseconds whatever its width."""
NEAR_BYTES = 32 << 10
"""What a block should not exceed: the first-level cache."""
CHUNK_LANES = 2048
CHUNK_BYTES = 64 << 20


@dataclass(frozen=True)
class Program:
    """Compiled functions and the layout that they share.

    Attributes
    ----------
    problem, metrics, rule : compiled block functions
        `metrics` may be None.
    layout : blocks.Layout
    dtype : numpy.dtype
    layers : ndarray of int64
        The parameter tensors, see `tensors.layers_of`.
    across : bool
        Whether one lane fills a block (nets).
    adjust : compiled block function or None
        What a net does after each step, see `calls`.
    """

    problem: object
    metrics: object
    rule: object
    layout: object
    dtype: np.dtype
    layers: np.ndarray
    across: bool
    adjust: object = None


@dataclass(frozen=True)
class Frame:
    """Constants of an instance and its frame; see `groups.Surface`."""

    p: np.ndarray
    q: np.ndarray
    work_size: int = 0
    shift: np.ndarray = None
    centre: np.ndarray = None
    rotation: np.ndarray = None

    def check(self, dim):
        """Raise `ValueError` unless all arrays are as long as compiled code reads them."""
        wanted = {"shift": (dim,), "centre": (dim,), "rotation": (dim, dim)}
        for name, shape in wanted.items():
            array = getattr(self, name)
            needed = self.rotation is not None  # a rotation is about a centre, after a shift
            if (array is not None or needed) and np.shape(array) != shape:
                raise ValueError(
                    f"the frame of a problem of dimension {dim} has a {name} of shape "
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
    asked : int
        Which of them is the goal, that `hit` and status are about; -1: the last that counts.
    f_ref : float
    exact, full_batch, stop_at_target, store_x, absolute : bool
        See `cpu` and `groups.Plan`.
    """

    start: np.ndarray
    keys: np.ndarray
    lr: np.ndarray
    values: dict
    uniform: np.ndarray
    record_steps: np.ndarray
    targets: np.ndarray
    f_ref: float
    exact: bool
    full_batch: bool = False
    stop_at_target: bool = False
    store_x: bool = False
    absolute: bool = False
    asked: int = -1


def launch(program, frame, task, threads=1):
    """Run all lanes of `task` and return their `groups.Results`."""
    check_sizes(program, frame, task)
    results = empty_results(program, task)
    spans = _spans(program, task)
    if threads == 1 or len(spans) == 1:
        for span in spans:
            _run_span(program, frame, task, results, *span)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for future in [
                pool.submit(_run_span, program, frame, task, results, *span) for span in spans
            ]:
                future.result()
    return results


def check_sizes(program, frame, task):
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
        "shift": ((d,) if frame.shift is None else frame.shift.shape, (d,)),
    }
    for name, (size, needed) in expected.items():
        if size != needed:
            raise ValueError(f"{name} has shape {list(size)}, expected {list(needed)}")


def _spans(program, task):
    """Cut the lanes into (first, blocks, lanes a block): full blocks, then a narrow one."""
    n, d = task.start.shape
    width = 1 if program.across else block_width(d, program)
    per_lane = d * (5 + len(program.layout.state)) + 2 * len(task.record_steps)
    limit = max(1, CHUNK_BYTES // (8 * width * per_lane))
    blocks, rest = divmod(n, width)
    # A net's lane has the columns of a block. Few lanes a chunk keep all threads busy.
    step = min(limit, max(1, CHUNK_LANES // (BLOCK if program.across else width)))
    spans = [(b * width, min(step, blocks - b), width) for b in range(0, blocks, step)]
    if rest:
        spans.append((blocks * width, 1, rest))
    return spans


def block_width(d, program):
    """Return the lanes of a block: as many whole Vecs as stay in the first-level cache."""
    whole = WIDTHS[np.dtype(program.dtype)]
    arrays = 4 + len(program.layout.state)  # x, the point before or after, g, and a frame's z
    fitting = NEAR_BYTES // (program.dtype.itemsize * d * arrays)
    return int(min(WIDEST, max(whole, fitting // whole * whole)))


def empty_results(program, task):
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


def _run_span(program, frame, task, results, first, blocks, width):
    """Run one chunk: `blocks` blocks of `width` lanes from lane `first` on."""
    real = program.dtype
    rows = task.start.shape[1] // BLOCK if program.across else task.start.shape[1]
    columns = BLOCK if program.across else padded(width, real)
    lanes = slice(first, first + blocks * width)
    work, scratch = _room(program, frame, rows, columns, width, len(task.targets))
    groups = (
        lanes_group(program, task, lanes, blocks, columns),
        surface_group(frame, real, task.start.shape[1], work),
        plan_group(program, task),
        Results(*(array[lanes] for array in results)),
        scratch,
    )
    written = [words(*pair) for pair in zip(groups, group_types(real), strict=True)]
    blocks = (
        program.problem.entry,
        (program.metrics or _no_metrics(real)).entry,
        program.rule.entry,
        (program.adjust or program.problem).entry,  # a stand-in is never called
    )
    drive = driver(real)
    with flushed(), author_errors_told():
        drive(*blocks, *(group.ctypes.data for group in written))


def lanes_group(program, task, lanes, blocks, columns):
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
        np.ascontiguousarray(task.uniform, real), program.layers,
    )  # fmt: skip


def padded(width, real):
    """Return the columns of a block of `width` lanes: whole Vecs."""
    whole = WIDTHS[np.dtype(real)]
    return -(-width // whole) * whole


def _blocked(start, blocks, rows, order, across, real):
    if across:
        return np.ascontiguousarray(start.reshape(blocks, rows, len(order)), real)
    lanes = start.reshape(blocks, -1, rows)[:, order]
    return np.ascontiguousarray(lanes.transpose(0, 2, 1), real)


def surface_group(frame, real, dim, work=None):
    """Return the `groups.Surface` of an instance, with `work` or buffers of its own."""
    frame.check(dim)
    if work is None:
        work = spare(empty(frame.work_size, real))

    def constant(value, ndim):
        return np.zeros((0,) * ndim, real) if value is None else np.ascontiguousarray(value, real)

    return Surface(
        constant(frame.p, 1), np.ascontiguousarray(frame.q, np.int64),
        work, constant(frame.shift, 1), constant(frame.centre, 1), constant(frame.rotation, 2),
    )  # fmt: skip


def plan_group(program, task):
    """Return the `groups.Plan` of a task."""
    real = program.dtype.type
    eps = float(np.finfo(program.dtype).eps)
    return Plan(
        steps=len(task.uniform),
        record_steps=np.ascontiguousarray(task.record_steps, np.int64),
        targets=np.ascontiguousarray(task.targets, program.dtype),
        asked=task.asked,
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


def _room(program, frame, rows, columns, width, m):
    """Return the problem's buffers and `groups.Scratch`."""
    layout, real = program.layout, program.dtype
    block, line = (rows, columns), (columns,)
    shapes = [(frame.work_size,), (len(layout.state), *block), *[block] * 5, *[line] * 4]
    work, state, x, y, g, z, gz, f, seen, best, wanted = kept.take(shapes, real)
    spare(work)
    scratch = Scratch(
        x=x, y=y, g=g, z=z, gz=gz, f=f, seen=seen, best=best, wanted=wanted,
        following=empty(width, np.int64),
        thresholds=empty((m, width), real), scale=empty(width, real),
        phase=empty(width, np.int64), state=state,
        lane_state=empty((len(layout.lane_state), columns), real),
        metrics=empty((2, columns), real),
        memory=empty(memory_size(layout.parts[-1], program.layers), real),
    )  # fmt: skip
    return work, scratch


def _no_metrics(real):
    """Return a metrics function for problems without one; the driver never calls it."""
    from optbench.kernels.blocks import metrics_block

    return metrics_block(_nothing, real)


def _nothing(x):
    return 0.0, 0.0


def evaluate(problem, frame, points, across, keys=None):
    """Return values [n] and gradients [n, d] at float64 points [n, d], in float64.

    They are computed in the dtype of the compiled `problem`, free of noise; with stream keys
    [n] they are those that lanes with these keys meet at their first step.
    """
    frame.check(points.shape[1])
    x = points if frame.shift is None else points - frame.shift
    if frame.rotation is not None:
        x = frame.centre + (x - frame.centre) @ frame.rotation.T
    gradients = empty(x.shape, np.float64)
    if across:
        values = empty(len(x), np.float64)
        for i, point in enumerate(x):
            columns = np.ascontiguousarray(point.reshape(-1, BLOCK))
            f, g = _call(problem, frame, columns, keys if keys is None else keys[i : i + 1])
            values[i], gradients[i] = f[0], g.ravel()
    else:
        values, g = _call(problem, frame, x.T, keys)
        gradients = np.ascontiguousarray(g.T, np.float64)
    if frame.rotation is not None:
        gradients = gradients @ frame.rotation
    return values, gradients


def _call(problem, frame, x, keys):
    """Call a block function on all columns of x, padded to whole Vecs."""
    count, real = x.shape[1], problem.dtype
    columns = padded(count, real)
    x = np.ascontiguousarray(np.pad(x, ((0, 0), (0, columns - count)), "edge"), real)
    surface = surface_group(Frame(frame.p, frame.q, frame.work_size), real, x.shape[0])
    f, g = empty(columns, real), np.zeros_like(x)  # as in lanes, nothing of g is there yet
    streams = np.zeros(columns, np.uint64) if keys is None else np.resize(keys, columns)
    problem(x, g, f, surface.p, surface.q, surface.work, streams, 0, int(keys is None))
    return f[:count].astype(np.float64), g[:, :count]
