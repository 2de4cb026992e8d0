"""Lanes -> chunks on the device -> lanes again.

The blocks of a launch are cut into chunks that fit the device's free memory. Two chunks are under
way at a time, each in a channel of its own; a chunk's results leave the device when it has ended.
If memory runs out all the same, chunks are made smaller, down to one block of lanes.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from optbench.errors import DeviceError
from optbench.kernels.cuda import arena, device
from optbench.kernels.cuda.arena import Channel
from optbench.kernels.cuda.built import Kernel
from optbench.kernels.cuda.chunk import kept_rows
from optbench.kernels.cuda.failing import failures, named
from optbench.kernels.cuda.load import Load, Piece, block_lanes, chunked, cut
from optbench.kernels.cuda.parting import put_back
from optbench.kernels.memory.groups import Results

SHARE = 0.4
"""Of the free memory, what one of two chunks may take."""
MOST_LANES = 1 << 22


class Prepared(Protocol):
    """A kernel that loads can be launched with, of surfaces or of nets."""

    kernel: Kernel

    def groups(self, pieces: Sequence[Piece], width: int) -> Sequence[NamedTuple]:
        """Return the arrays of a chunk whose blocks have so many lanes."""

    def start(self, groups: Sequence[NamedTuple], blocks: int, width: int, queue: Any) -> None:
        """Put the kernel, on arrays that are on the device, into a queue."""

    def bytes_per_lane(self, load: Load) -> int:
        """Return what a lane takes of an arena."""


def run(loads: Sequence[Load], prepared: Prepared) -> None:
    """Run loads of one kernel and one `likeness`; fill their results.

    Raises
    ------
    UnfitError
        If the kernel does not compile.
    DeviceError
        If the memory of the device is too small for one block of lanes, or it refuses the kernel,
        or is lost.
    """
    program = loads[0].program
    width = block_lanes(loads, program.across)
    pieces = [cut(load, width) for load in loads]
    with named(program), failures(program), arena.channels() as channels:
        room = Room.found(loads, prepared, chunked(pieces, 0, 1), width, channels)
        most = min(room.blocks, max(1, MOST_LANES // width))
        _Course(prepared, pieces, width, channels, room).run(most)


class _Course:
    """The chunks of a launch, two at a time."""

    def __init__(
        self, prepared: Prepared, pieces: Sequence[Piece], width: int, channels: Sequence[Channel],
        room: "Room",
    ) -> None:  # fmt: skip
        self.prepared, self.pieces, self.width, self.room = prepared, pieces, width, room
        self.free, self.waiting = deque(channels), deque[tuple[Channel, Sequence[Piece]]]()
        self.first, self.count = 0, sum(len(piece.firsts) for piece in pieces)

    def run(self, most: int) -> None:
        """Run all blocks, at first `most` of them in a chunk."""
        most = min(most, self.count)
        while self.first < self.count or self.waiting:
            try:
                if self.first < self.count:
                    self.begin(chunked(self.pieces, self.first, most))
                if not self.free or self.first == self.count:
                    self.finish()
            except Exception as error:
                if not device.is_out_of_memory(error):
                    raise
                if self.waiting:  # what runs frees its memory when it has ended
                    self.finish()
                elif most > 1:
                    most = most // 2
                else:
                    raise DeviceError(self.room.too_small(self.pieces[0], self.width)) from error
                self.forget()

    def begin(self, part: Sequence[Piece]) -> None:
        """Send a chunk, start it, and have its results sent back."""
        channel = self.free[0]
        groups = channel.send(self.prepared.groups(part, self.width))
        blocks = sum(len(piece.firsts) for piece in part)
        self.prepared.start(groups, blocks, self.width, channel.queue)
        channel.fetch()
        self.waiting.append((self.free.popleft(), part))
        self.first += blocks

    def finish(self) -> None:
        """Wait for the chunk that was first, and take its results."""
        channel, part = self.waiting.popleft()
        arrays, before = channel.results(), [0] * len(Results._fields)
        for piece in part:
            ends = [a + b for a, b in zip(before, kept_rows(piece), strict=True)]
            own = [array[a:b] for array, a, b in zip(arrays, before, ends, strict=True)]
            lanes = np.arange(piece.first, piece.last)
            put_back(piece.load.results, piece.load.task, lanes, own)
            before = ends
        self.free.append(channel)

    def forget(self) -> None:
        """Give the memory of all channels back that are not under way."""
        arena.forget_idle()
        for channel in self.free:
            channel.forget()
        device.release()


class Room(NamedTuple):
    """What a chunk may take of the device's memory.

    Attributes
    ----------
    pool : int
        Bytes that the driver sets aside for the local memory of all threads that the device can
        hold at once, however few there are.
    block : int
        Bytes that a block takes.
    blocks : int
        How many fit.
    """

    pool: int
    block: int
    blocks: int

    @classmethod
    def found(
        cls, loads: Sequence[Load], prepared: Prepared, example: Sequence[Piece], width: int,
        channels: Sequence[Channel],
    ) -> "Room":  # fmt: skip
        """Look at the memory that is free, or is that of the channels which the launch has."""
        code = prepared.kernel.code(prepared.groups(example, width))
        pool = code.local * device.resident_threads()
        block = width * max(prepared.bytes_per_lane(load) for load in loads)
        free = device.memory()[0] + sum(channel.size for channel in channels) - pool
        shared = sum(load.bytes_of_all() for load in loads)
        return cls(pool, block, max(1, (int(free * SHARE) - shared) // block))

    def too_small(self, piece: Piece, width: int) -> str:
        """Return the message that the memory does not do for one block."""
        free, whole = device.memory()
        return (
            f"the CUDA device has too little memory: {width} lanes of "
            f"{piece.load.task.start.shape[1]} coordinates need {self.block / 2**20:.0f} MiB for "
            f"their arrays and {self.pool / 2**20:.0f} MiB for what threads keep to themselves, "
            f"{free / 2**20:.0f} MiB of {whole / 2**20:.0f} MiB are free; record fewer steps, or "
            "use --device cpu"
        )


def resident(load: Load, prepared: Prepared) -> tuple[Callable[[], None], Any]:
    """Send a load to the device; return (a function that starts the kernel on it, its queue)."""
    width, channel = block_lanes([load], load.program.across), Channel()
    piece = cut(load, width)
    groups = channel.send(prepared.groups([piece], width))
    blocks = len(piece.firsts)
    return lambda: prepared.start(groups, blocks, width, channel.queue), channel.queue
