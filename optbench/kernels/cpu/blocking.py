"""How the lanes of a launch are cut into blocks, and blocks into chunks.

Lanes of a frame share blocks, whatever their draw; where anything draws, a block is one draw, and
where a rule does not take settings by lane, it is one setting. So what a block holds follows from
the task alone, and a lane's bytes do not depend on its neighbours: no Vec reaches from one block
into another, nor beyond its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.step_scalars import TABLE_BYTES, BlockTables
from optbench.kernels.driver.tasks import Program, Task, check_numbers
from optbench.kernels.memory.kept import LARGEST, Kept
from optbench.kernels.sizes import BLOCK, padded

WIDEST_BYTES = 2 << 10
"""Of a block's line at most: a step costs a block some 25 ns whatever its width.

`passes.update_best` has a bit for each of its Vecs in a word of 63.
"""
NEAR_BYTES = 32 << 10
"""What a block should not exceed: the first-level cache."""
CHUNK_LANES = 2048
CHUNK_BYTES = 64 << 20
CHUNK_STEPS = 1 << 24
"""Steps of coordinates after which a chunk ends: some milliseconds, so that idle threads help."""


@dataclass(frozen=True, eq=False)
class Cut:
    """All blocks of one width that the lanes of a launch are cut into.

    Attributes
    ----------
    first : ndarray [nb] of int64
        The first lane of each block.
    width, columns : int
        Lanes of a block, and columns of its arrays.
    lanes, draws : ndarray [nb, B] of int64
        The lane of each column, and its draw: columns beyond the lanes copy the last one. A net's
        lane has all columns of its block: [nb, 1].
    frames : ndarray [nb] of int64
        The placement that each block is on.
    """

    first: NDArray[np.int64]
    width: int
    columns: int
    lanes: NDArray[np.int64]
    draws: NDArray[np.int64]
    frames: NDArray[np.int64]


class Chunk(NamedTuple):
    """Some blocks of a cut, and what all of its blocks step by."""

    cut: Cut
    tables: BlockTables
    part: slice


_CUTS: Kept[list[Cut]] = Kept(64)


def chunks(program: Program, task: Task) -> Iterator[Chunk]:
    """Yield all lanes of a task in chunks."""
    changes = None if program.layout.by_lane or program.across else task.changes
    limit = len(task.draw)
    if not program.across:
        limit = min(limit, _widest(program, task))
    key = None
    if 64 * len(task.draw) <= LARGEST:
        settings = None if changes is None else changes.tobytes()
        blocks = (limit, program.across or (program.draws, program.vec_lanes))
        counts = (len(task.start), len(task.f_ref))
        key = (task.draw.tobytes(), task.frames.tobytes(), counts, settings, blocks)
    for cut in _CUTS.of(key, lambda: _cuts(program, task, changes, limit)):
        yield from chunks_of(program, task, cut)


def chunks_of(program: Program, task: Task, cut: Cut) -> Iterator[Chunk]:
    """Cut blocks of one width into chunks that fit in memory and keep many threads busy."""
    rows = task.start.shape[1] // (BLOCK if program.across else 1)
    limit = min(
        CHUNK_BYTES // (8 * rows * cut.columns),
        CHUNK_LANES // (BLOCK if program.across else cut.width),
        CHUNK_STEPS // (rows * cut.columns * max(1, task.steps)),
    )
    tables = BlockTables(task.uniform, cut.lanes, program.layout.by_lane, program.dtype)
    if not tables.fit:
        limit = min(limit, TABLE_BYTES // tables.bytes)
    step = max(1, limit)
    for begin in range(0, len(cut.first), step):
        yield Chunk(cut, tables, slice(begin, begin + step))


def cut_of(program: Program, task: Task, first: NDArray[np.int64], width: int) -> Cut:
    """Return the blocks of `width` lanes that begin at the lanes `first` [nb]."""
    columns = BLOCK if program.across else padded(width, program.vec_lanes)
    column = np.arange(1 if program.across else columns)
    lanes = first[:, np.newaxis] + np.minimum(column, width - 1)
    draws = task.draw[lanes]
    return Cut(first, width, columns, lanes, draws, task.frames[draws[:, 0]])


def _cuts(program: Program, task: Task, changes: NDArray[np.bool_] | None, limit: int) -> list[Cut]:
    """Return all blocks by their width; none has more than `limit` lanes."""
    check_numbers(task)
    first, widths = _blocks(program, task, changes, limit)
    different = sorted(set(widths.tolist()))  # for np.unique NumPy imports its masked arrays
    return [cut_of(program, task, first[widths == width], width) for width in different]


def _blocks(
    program: Program, task: Task, changes: NDArray[np.bool_] | None, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first lane of each block [nb], in order, and its number of lanes [nb].

    A block ends where `changes` says that the next lane has another setting.
    """
    n = len(task.draw)
    if program.across:
        return np.arange(n), np.ones(n, np.int64)
    shared = task.draw if program.draws else task.frames[task.draw]
    changed = shared[1:] != shared[:-1]
    if changes is not None:
        changed |= changes
    edges = np.flatnonzero(np.concatenate([[n > 0], changed, [n > 0]]))
    begins, lengths = edges[:-1], edges[1:] - edges[:-1]
    if not n or lengths.max() <= limit:
        return begins, lengths
    widths = {n: even_width(n, limit, program.vec_lanes) for n in set(lengths.tolist())}
    limits = np.array([widths[n] for n in lengths.tolist()])
    counts = -(-lengths // limits)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.repeat(begins, counts) + within * np.repeat(limits, counts)
    ends = np.repeat(begins + lengths, counts)
    return first, np.minimum(np.repeat(limits, counts), ends - first)


def even_width(n: int, limit: int, vec_lanes: int) -> int:
    """Return the lanes of the blocks that n lanes are cut into: `limit`, or a little fewer.

    The last block is as wide as the others where that takes no Vec more: blocks of another width
    are a chunk of their own, which takes up to a third of a launch of two milliseconds.
    """
    full, rest = divmod(n, limit)
    columns = full * padded(limit, vec_lanes) + padded(rest, vec_lanes)
    fewest = -(-n // limit)
    for blocks in range(fewest, 2 * fewest):
        width, rest = divmod(n, blocks)
        if rest == 0 and blocks * padded(width, vec_lanes) <= columns:
            return width
    return limit


def _widest(program: Program, task: Task) -> int:
    """Return the most lanes that a block of a task may have."""
    limit = block_width(task.start.shape[1], program)
    if not program.layout.by_lane:
        return limit
    whole = program.vec_lanes
    line = program.layout.uniforms * whole * program.dtype.itemsize
    return max(whole, min(limit, TABLE_BYTES // (max(1, task.steps) * line) * whole))


def block_width(d: int, program: Program) -> int:
    """Return the lanes of a block: as many whole Vecs as stay in the first-level cache."""
    whole = program.vec_lanes
    arrays = 4 + len(program.layout.state)  # x, the point before or after, g, and a frame's z
    fitting = NEAR_BYTES // (program.dtype.itemsize * d * arrays)
    widest = WIDEST_BYTES // program.dtype.itemsize
    return int(min(widest, max(whole, fitting // whole * whole)))
