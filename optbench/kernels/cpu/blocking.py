"""How the lanes of a launch are cut into blocks, and blocks into chunks.

Lanes of a frame share blocks, whatever their draw; where anything draws, a block is one draw, and
where a rule does not take settings by lane, it is one setting. So
what a block holds follows from the task alone, and a lane's bytes do not depend on its neighbours:
no Vec reaches from one block into another, nor beyond its end.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.step_scalars import TABLE_BYTES, BlockTables
from optbench.kernels.driver.tasks import Program, Task
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


class Chunk(NamedTuple):
    """Blocks of equally many lanes."""

    first: NDArray[np.int64]  # [nb] the first lane of each block
    width: int  # lanes of a block
    columns: int  # of a block's arrays
    tables: BlockTables  # of these and of others as wide
    part: slice  # which of the tables' blocks these are

    def numbers(self, across: bool) -> NDArray[np.int64]:
        """Return the lane of each column [nb, B]: those beyond the lanes copy the last one.

        A net's lane has all columns of its block: [nb, 1].
        """
        return _numbers(self.first, self.width, 1 if across else self.columns)


def _numbers(first: NDArray[np.int64], width: int, columns: int) -> NDArray[np.int64]:
    """Return the lane of each column of blocks [nb, B]."""
    return first[:, np.newaxis] + np.minimum(np.arange(columns), width - 1)


def chunks(program: Program, task: Task) -> list[Chunk]:
    """Return all lanes of a task in chunks."""
    first, widths = _blocks(program, task)
    return [
        chunk
        for width in sorted(set(widths.tolist()))
        for chunk in chunks_of(program, task, first[widths == width], width)
    ]


def chunks_of(
    program: Program, task: Task, first: NDArray[np.int64], width: int
) -> Iterator[Chunk]:
    """Cut blocks of one width into chunks that fit in memory and keep many threads busy."""
    columns = BLOCK if program.across else padded(width, program.vec_lanes)
    rows = task.start.shape[1] // (BLOCK if program.across else 1)
    limit = min(
        CHUNK_BYTES // (8 * rows * columns),
        CHUNK_LANES // (BLOCK if program.across else width),
        CHUNK_STEPS // (rows * columns * max(1, task.steps)),
    )
    numbers = _numbers(first, width, 1 if program.across else columns)
    tables = BlockTables(task.uniform, numbers, program.layout.by_lane, program.dtype)
    if not tables.fit:
        limit = min(limit, TABLE_BYTES // tables.bytes)
    step = max(1, limit)
    for begin in range(0, len(first), step):
        part = slice(begin, begin + step)
        yield Chunk(first[part], width, columns, tables, part)


def _blocks(program: Program, task: Task) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first lane of each block [nb], in order, and its number of lanes [nb]."""
    n = len(task.draw)
    if program.across:
        return np.arange(n), np.ones(n, np.int64)
    shared = task.draw if program.draws else task.frames[task.draw]
    limit = block_width(task.start.shape[1], program)
    changed = shared[1:] != shared[:-1]
    if program.layout.by_lane:
        whole = program.vec_lanes
        line = program.layout.uniforms * whole * program.dtype.itemsize
        limit = max(whole, min(limit, TABLE_BYTES // (max(1, task.steps) * line) * whole))
    else:
        changed |= task.changes
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


def block_width(d: int, program: Program) -> int:
    """Return the lanes of a block: as many whole Vecs as stay in the first-level cache."""
    whole = program.vec_lanes
    arrays = 4 + len(program.layout.state)  # x, the point before or after, g, and a frame's z
    fitting = NEAR_BYTES // (program.dtype.itemsize * d * arrays)
    widest = WIDEST_BYTES // program.dtype.itemsize
    return int(min(widest, max(whole, fitting // whole * whole)))
