"""The work space of a block: each thread keeps what it used last, to use it again."""

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.authors.tensors import memory_size
from optbench.kernels.cpu.blocking import Cut
from optbench.kernels.driver.tasks import Program
from optbench.kernels.memory import buffers
from optbench.kernels.memory.buffers import reused, spare
from optbench.kernels.memory.groups import Scratch, group_types
from optbench.kernels.memory.pointers import words

KEPT_BYTES = 1 << 20
"""Work space up to this size is kept as it is: to make it takes as long as many short runs."""
MOST = 64
"""Of each thread, for blocks of different shapes: they share their memory."""


class Room(NamedTuple):
    """A work space, and its words in memory."""

    scratch: Scratch
    words: NDArray[np.int64]


class _Rooms(threading.local):
    """The rooms that each thread used last, and what they are for."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Any, ...], Room] = {}
        self.memory = reused.memory

    def of(self, program: Program, rows: int, cut: Cut, targets: int, work_size: int) -> Room:
        """Return room for a block of a cut, the problem's buffers ready; all others are void.

        Parameters
        ----------
        program : Program
        rows : int
            Of a block.
        cut : Cut
        targets : int
        work_size : int
            Numbers in the buffers of the problem.
        """
        layout = program.layout
        memory = _memory(program, cut)
        key = (
            program.dtype, rows, cut.width, cut.columns, len(layout.state), len(layout.lane_state),
            memory, targets, work_size,
        )  # fmt: skip
        room = self.kept.get(key)
        if room is None or buffers.POISONED:
            scratch = scratch_of(program, rows, cut, targets, work_size)
            room = Room(scratch, words(scratch, group_types(program.dtype)[5]))
            if reused.memory is not self.memory:
                self.kept.clear()  # they would keep the memory of before
                self.memory = reused.memory
            if sum(array.nbytes for array in scratch) <= KEPT_BYTES:
                if len(self.kept) >= MOST:
                    self.kept.clear()
                self.kept[key] = room
        spare(room.scratch.work)
        return room


rooms = _Rooms()


def _memory(program: Program, cut: Cut) -> int:
    """Return the length of M for a block of a cut."""
    lanes = None if program.across else cut.width
    return memory_size(program.layout.parts[-1], program.tensor_table, lanes)


def scratch_of(program: Program, rows: int, cut: Cut, targets: int, work_size: int) -> Scratch:
    """Return the `groups.Scratch` of a block of a cut; see `_Rooms.of`."""
    layout, real, width = program.layout, program.dtype, cut.width
    memory = _memory(program, cut)
    block, line, integers = ((rows, cut.columns), real), ((cut.columns,), real), np.dtype(np.int64)
    state = (len(layout.state), rows, cut.columns), real
    lane_state = (len(layout.lane_state), cut.columns), real
    thresholds = (targets, width), real
    return Scratch(
        *reused.take(
            [
                *[block] * 5, *[line] * 4, ((width,), integers), thresholds, ((width,), real),
                ((width,), integers), state, lane_state, ((2, cut.columns), real),
                ((memory,), real), ((work_size,), real),
            ]
        )
    )  # fmt: skip
