"""Lanes -> blocks -> the compiled driver -> lanes again, in chunks, on a pool of threads.

A chunk's results depend on its lanes alone, so the same bytes come out whatever the number of
threads or the size of the chunks. Only one chunk a thread is in memory in blocked form.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.authors.tensors import memory_size
from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.cpu.driver import driver
from optbench.kernels.driver.tasks import (
    Placement,
    Program,
    Task,
    check_sizes,
    empty_results,
    lanes_group,
    plan_group,
    surface_group,
)
from optbench.kernels.memory.buffers import empty, reused, spare
from optbench.kernels.memory.calls import Block
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.groups import Results, Scratch, group_types
from optbench.kernels.memory.pointers import words
from optbench.kernels.sizes import BLOCK, WIDTHS, padded

WIDEST = 256
"""Lanes of a block at most: a step costs a block some forty nanoseconds whatever its width."""
NEAR_BYTES = 32 << 10
"""What a block should not exceed: the first-level cache."""
CHUNK_LANES = 2048
CHUNK_BYTES = 64 << 20


def launch(program: Program, placement: Placement, task: Task, threads: int = 1) -> Results:
    """Run all lanes of `task` and return their `groups.Results`."""
    check_sizes(program, placement, task)
    results = empty_results(program, task)
    spans = _spans(program, task)
    if threads == 1 or len(spans) == 1:
        for span in spans:
            _run_span(program, placement, task, results, span)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for future in [
                pool.submit(_run_span, program, placement, task, results, span) for span in spans
            ]:
                future.result()
    return results


class _Span(NamedTuple):
    """The lanes of a chunk: so many blocks of so many lanes, from the lane `first` on."""

    first: int
    blocks: int
    width: int


def _spans(program: Program, task: Task) -> list[_Span]:
    """Cut the lanes into chunks of full blocks, then a narrow one."""
    n, d = task.start.shape
    width = 1 if program.across else block_width(d, program)
    per_lane = d * (5 + len(program.layout.state)) + 2 * len(task.record_steps)
    limit = max(1, CHUNK_BYTES // (8 * width * per_lane))
    blocks, rest = divmod(n, width)
    # A net's lane has the columns of a block. Few lanes a chunk keep all threads busy.
    step = min(limit, max(1, CHUNK_LANES // (BLOCK if program.across else width)))
    spans = [_Span(b * width, min(step, blocks - b), width) for b in range(0, blocks, step)]
    if rest:
        spans.append(_Span(blocks * width, 1, rest))
    return spans


def block_width(d: int, program: Program) -> int:
    """Return the lanes of a block: as many whole Vecs as stay in the first-level cache."""
    whole = WIDTHS[np.dtype(program.dtype)]
    arrays = 4 + len(program.layout.state)  # x, the point before or after, g, and a frame's z
    fitting = NEAR_BYTES // (program.dtype.itemsize * d * arrays)
    return int(min(WIDEST, max(whole, fitting // whole * whole)))


def _run_span(
    program: Program, placement: Placement, task: Task, results: Results, span: _Span
) -> None:
    """Run one chunk, and write what its lanes give into `results`."""
    real, (first, blocks, width) = program.dtype, span
    rows = task.start.shape[1] // BLOCK if program.across else task.start.shape[1]
    columns = BLOCK if program.across else padded(width, real)
    lanes = slice(first, first + blocks * width)
    work, scratch = _room(program, placement, rows, columns, width, len(task.targets))
    groups = (
        lanes_group(program, task, lanes, blocks, columns),
        surface_group(placement, real, task.start.shape[1], work),
        plan_group(program, task),
        Results(*(array[lanes] for array in results)),
        scratch,
    )
    written = [words(*pair) for pair in zip(groups, group_types(real), strict=True)]
    functions = program.problem, program.metrics, program.rule, program.adjust
    addresses = [function.address if function else 0 for function in functions]
    drive = driver(real)
    with flushed(), locating_author_errors():
        drive(*addresses, *(group.ctypes.data for group in written))


def _room(
    program: Program, placement: Placement, rows: int, columns: int, width: int, m: int
) -> tuple[np.ndarray, Scratch]:
    """Return the problem's buffers and `groups.Scratch`."""
    layout, real = program.layout, program.dtype
    block, line = (rows, columns), (columns,)
    shapes = [(placement.work_size,), (len(layout.state), *block), *[block] * 5, *[line] * 4]
    work, state, x, y, g, z, gz, f, f_clean, best, next_target = reused.take(shapes, real)
    spare(work)
    scratch = Scratch(
        x=x, y=y, g=g, z=z, gz=gz, f=f, f_clean=f_clean, best=best, next_target=next_target,
        next_index=empty(width, np.int64),
        thresholds=empty((m, width), real), scale=empty(width, real),
        phase=empty(width, np.int64), state=state,
        lane_state=empty((len(layout.lane_state), columns), real),
        metrics=empty((2, columns), real),
        memory=empty(memory_size(layout.parts[-1], program.tensor_table), real),
    )  # fmt: skip
    return work, scratch


def evaluate(
    problem: Block,
    placement: Placement,
    points: NDArray[np.float64],
    across: bool,
    keys: NDArray[np.uint64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values [n] and gradients [n, d] at float64 points [n, d], in float64.

    They are computed in the dtype of the compiled `problem`, free of noise; with stream keys
    [n] they are those that lanes with these keys meet at their first step.
    """
    placement.check(points.shape[1])
    x = points if placement.shift is None else points - placement.shift
    if placement.rotation is not None:
        x = placement.centre + (x - placement.centre) @ (placement.rotation.T / placement.scale)
    elif placement.scale != 1.0:
        x = placement.centre + (x - placement.centre) / placement.scale
    gradients = empty(x.shape, np.float64)
    if across:
        values = empty(len(x), np.float64)
        for i, point in enumerate(x):
            columns = np.ascontiguousarray(point.reshape(-1, BLOCK))
            f, g = _call(problem, placement, columns, keys if keys is None else keys[i : i + 1])
            values[i], gradients[i] = f[0], g.ravel()
    else:
        values, g = _call(problem, placement, x.T, keys)
        gradients = np.ascontiguousarray(g.T, np.float64)
    if placement.rotation is not None:
        gradients = gradients @ placement.rotation
    if placement.scale != 1.0:
        gradients = gradients / placement.scale
    return values, gradients


def _call(
    problem: Block, placement: Placement, x: np.ndarray, keys: NDArray[np.uint64] | None
) -> tuple[NDArray[np.float64], np.ndarray]:
    """Call a block function on all columns of x, padded to whole Vecs."""
    count, real = x.shape[1], problem.dtype
    columns = padded(count, real)
    x = np.ascontiguousarray(np.pad(x, ((0, 0), (0, columns - count)), "edge"), real)
    surface = surface_group(
        Placement(placement.p, placement.q, placement.work_size), real, x.shape[0]
    )
    f, g = empty(columns, real), np.zeros_like(x)  # as in lanes, nothing of g is there yet
    streams = np.zeros(columns, np.uint64) if keys is None else np.resize(keys, columns)
    problem(x, g, f, surface.p, surface.q, surface.work, streams, 0, int(keys is None))
    return f[:count].astype(np.float64), g[:, :count]
