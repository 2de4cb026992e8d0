"""Lanes -> blocks -> the compiled driver -> lanes again, in chunks, on idle threads too.

A chunk's results depend on its lanes alone, so the same bytes come out whatever the number of
threads or the size of the chunks. Only one chunk a thread is in memory in blocked form.
"""

from collections.abc import Sequence
from threading import Semaphore

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.cpu.blocking import Chunk, chunks
from optbench.kernels.cpu.drawn_tables import Table, keys_with_tables
from optbench.kernels.cpu.driver import driver, is_general
from optbench.kernels.cpu.idle import run_pieces
from optbench.kernels.cpu.rooms import rooms
from optbench.kernels.cpu.shared_rule import shared
from optbench.kernels.driver.surfaces import plans_of, surface_group, surfaces_of
from optbench.kernels.driver.task_groups import blocked_starts, empty_results, lanes_group
from optbench.kernels.driver.tasks import Placement, Program, Task, check_sizes
from optbench.kernels.memory.buffers import empty, spare
from optbench.kernels.memory.calls import Block
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.groups import Blocks, Results, group_types
from optbench.kernels.memory.kept import LARGEST, Kept
from optbench.kernels.memory.pointers import address, words
from optbench.kernels.sizes import BLOCK, WIDTHS, padded

LARGE = 1 << 15
"""Parameters of nets whose products are worth sharing."""


def launch(
    program: Program, placements: Sequence[Placement], task: Task, idle: Semaphore | int = 0
) -> Results:
    """Run all lanes of `task` and return their `groups.Results`.

    Parameters
    ----------
    program : Program
    placements : sequence of Placement
        Instances of the program's problem.
    task : Task
    idle : int or threading.Semaphore
        How many threads stand idle, which may change as it runs.
    """
    check_sizes(program, placements, task)
    program = program if idle == 0 else shared(program)
    prepared = _Launch(program, placements, task)
    counter = Semaphore(idle) if isinstance(idle, int) else idle
    sharing = program.across and task.start.shape[1] >= LARGE
    run_pieces(chunks(program, task), prepared.run, counter, sharing)
    return prepared.results


class _Launch:
    """What all chunks of a launch share: addresses of functions, of instances and of results."""

    def __init__(self, program: Program, placements: Sequence[Placement], task: Task) -> None:
        self.program, self.task, self._placements = program, task, placements
        self._surfaces = surfaces_of(placements, program.dtype, task.start.shape[1])
        self._plans = plans_of(program, task)
        self.results = empty_results(program, task)
        functions = (
            program.problem, program.metrics, program.rule, program.adjust, program.products,
        )  # fmt: skip
        self._functions = [function.address if function else 0 for function in functions]
        self._types = group_types(program.dtype)
        self._results = words(self.results, self._types[4])
        general = is_general(
            program.layout, task.exact, program.across, program.metrics is not None
        )
        self._drive = driver(program.dtype, general, program.products is not None)

    def run(self, chunk: Chunk) -> None:
        """Run one chunk, and write what its lanes give into the results."""
        program, task, cut, part = self.program, self.task, chunk.cut, chunk.part
        frames = cut.frames[part]
        blocks = Blocks(
            cut.first[part], self._surfaces.addresses[frames], self._plans.addresses[frames]
        )
        start = _starts(program, task, chunk)
        lanes = lanes_group(program, task, cut.lanes[part], start, chunk.tables.of(part))
        held: list[Table] = []  # what it reads and writes beside
        if program.across:
            own = [self._placements[frame] for frame in frames.tolist()]
            keys, held = keys_with_tables(lanes.key, own, task.steps, program.dtype)
            lanes = lanes._replace(key=keys)
        rows, targets = start.shape[1], task.targets.shape[-1]
        room = rooms.of(program, rows, cut, targets, self._surfaces.room(cut.columns))
        lanes_words, blocks_words = words(lanes, self._types[0]), words(blocks, self._types[1])
        groups = lanes_words, blocks_words, self._results, room.words
        with flushed(), locating_author_errors():
            self._drive(*self._functions, *map(address, groups))


_STARTS: Kept[np.ndarray] = Kept(32)


def _starts(program: Program, task: Task, chunk: Chunk) -> np.ndarray:
    """Return where the lanes of a chunk start [nb, d, B]: the same for most optimizers."""
    cut, key = chunk.cut, None
    draws = cut.draws[chunk.part]
    if task.start.nbytes + 8 * draws.size * task.start.shape[1] <= LARGEST:
        part = chunk.part.start, chunk.part.stop  # chunks of fewer steps have more blocks
        key = (cut, part, task.start.shape, task.start.tobytes(), program.dtype)
    return _STARTS.of(key, lambda: blocked_starts(program, task, draws))


def evaluate(
    problem: Block,
    placement: Placement,
    points: NDArray[np.float64],
    across: bool,
    keys: NDArray[np.uint64] | None = None,
    step: int = 0,
    work: np.ndarray | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values [n] and gradients [n, d] at float64 points [n, d], in float64.

    They are computed in the dtype of the compiled `problem`, free of noise; with stream keys
    [n] they are those that lanes with these keys meet at their first step, or at step `step`, from
    0. Problems that remember earlier steps do so in `work` (see `work_of_one`), of one point.
    """
    placement.check(points.shape[1])
    x = _into_frame(placement, points)
    gradients = empty(x.shape, np.float64)
    values = empty(len(x), np.float64)
    for which, key in _calls(len(x), across, keys):
        columns = x[which].reshape(-1, BLOCK) if across else x[which].T
        f, g = _call(problem, placement, columns, key, step, work)
        values[which] = f[: 1 if across else None]
        gradients[which] = g.reshape(1, -1) if across else g.T
    if placement.rotation is not None:
        gradients = gradients @ placement.rotation
    return values, gradients if placement.scale == 1 else gradients / placement.scale


def work_of_one(problem: Block, placement: Placement, across: bool) -> np.ndarray:
    """Return what a problem keeps from step to step of one lane, before its first."""
    columns = BLOCK if across else padded(1, max(problem.lanes, WIDTHS[problem.dtype]))
    return spare(empty(placement.room(columns), problem.dtype))


def _into_frame(placement: Placement, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the problem sees of points [n, d]."""
    x = points if placement.shift is None else points - placement.shift
    if placement.rotation is None and placement.scale == 1:
        return x
    x = x - placement.centre
    if placement.rotation is not None:
        x = x @ placement.rotation.T
    return placement.centre + x / placement.scale


def _calls(
    n: int, across: bool, keys: NDArray[np.uint64] | None
) -> list[tuple[NDArray[np.intp] | slice, np.uint64 | None]]:
    """Return the points that one call takes, and their key: a block is one draw, a net its own."""
    if across:
        return [(slice(i, i + 1), None if keys is None else keys[i]) for i in range(n)]
    if keys is None:
        return [(slice(None), None)]
    return [(np.flatnonzero(keys == key), key) for key in np.unique(keys)]


def _call(
    problem: Block,
    placement: Placement,
    x: np.ndarray,
    key: np.uint64 | None,
    step: int,
    work: np.ndarray | None,
) -> tuple[NDArray[np.float64], np.ndarray]:
    """Call a block function on all columns of x, padded to whole Vecs."""
    count, real = x.shape[1], problem.dtype
    columns = padded(count, max(problem.lanes, WIDTHS[real]))
    x = np.ascontiguousarray(np.pad(x, ((0, 0), (0, columns - count)), "edge"), real)
    surface = surface_group(Placement(placement.p, placement.q), real, x.shape[0])
    if work is None:
        work = spare(empty(placement.room(columns), real))
    f, g = empty(columns, real), np.zeros_like(x)  # as in lanes, nothing of g is there yet
    stream = np.array([0 if key is None else key], np.uint64)
    problem(x, g, f, surface.p, surface.q, work, stream, step, int(key is None))
    return f[:count].astype(np.float64), g[:, :count]
