"""The work space of a block: each thread keeps what it used last, to use it again."""

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.authors.tensors import memory_size
from optbench.kernels.cpu.blocking import Chunk
from optbench.kernels.driver.tasks import Program
from optbench.kernels.memory import buffers
from optbench.kernels.memory.buffers import empty, reused, spare
from optbench.kernels.memory.groups import Scratch, group_types
from optbench.kernels.memory.pointers import words

KEPT_BYTES = 1 << 20
"""Work space up to this size is kept as it is: to make it takes as long as many short runs."""


class Room(NamedTuple):
    """A work space, and its words in memory."""

    scratch: Scratch
    words: NDArray[np.int64]


class _Rooms(threading.local):
    """The room that each thread used last, and what it is for."""

    def __init__(self) -> None:
        self.key: tuple[Any, ...] | None = None
        self.last: Room | None = None

    def of(self, program: Program, rows: int, chunk: Chunk, targets: int, work_size: int) -> Room:
        """Return room for a block of a chunk, the problem's buffers ready; the last one is void.

        Parameters
        ----------
        program : Program
        rows : int
            Of a block.
        chunk : Chunk
        targets : int
        work_size : int
            Numbers in the buffers of the problem.
        """
        layout = program.layout
        states, memory = len(layout.state), memory_size(layout.parts[-1], program.tensor_table)
        key = (
            program.dtype, rows, chunk.width, chunk.columns, states, len(layout.lane_state),
            memory, targets, work_size,
        )  # fmt: skip
        room = self.last
        if room is None or key != self.key or buffers.POISONED:
            scratch = scratch_of(program, rows, chunk, targets, work_size)
            room = Room(scratch, words(scratch, group_types(program.dtype)[5]))
            small = sum(array.nbytes for array in scratch) <= KEPT_BYTES
            self.key, self.last = (key, room) if small else (None, None)
        spare(room.scratch.work)
        return room


rooms = _Rooms()


def scratch_of(program: Program, rows: int, chunk: Chunk, targets: int, work_size: int) -> Scratch:
    """Return the `groups.Scratch` of a block of a chunk; see `_Rooms.of`."""
    layout, real, width = program.layout, program.dtype, chunk.width
    block, line = (rows, chunk.columns), (chunk.columns,)
    shapes = [(work_size,), (len(layout.state), *block), *[block] * 5, *[line] * 4]
    work, state, x, y, g, z, gz, f, f_clean, best, next_target = reused.take(shapes, real)
    return Scratch(
        x=x, y=y, g=g, z=z, gz=gz, f=f, f_clean=f_clean, best=best, next_target=next_target,
        next_index=empty(width, np.int64),
        thresholds=empty((targets, width), real), scale=empty(width, real),
        phase=empty(width, np.int64), state=state,
        lane_state=empty((len(layout.lane_state), *line), real),
        metrics=empty((2, *line), real),
        memory=empty(memory_size(layout.parts[-1], program.tensor_table), real), work=work,
    )  # fmt: skip
