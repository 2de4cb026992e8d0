"""A load: lanes of a pair on their way to a device, cut into blocks of one placement each.

Loads whose plans agree run in one launch.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.cuda.device import LANES
from optbench.kernels.driver.task_groups import takes_metrics
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Results
from optbench.kernels.sizes import padded

WARP = 32
"""Threads that a multiprocessor runs together: blocks are whole warps."""


@dataclass(frozen=True, eq=False)
class Load:
    """Lanes of a pair, and where their results go.

    Attributes
    ----------
    program : tasks.Program
        With the authors' functions for problem and metrics.
    placements : sequence of tasks.Placement
    task : tasks.Task
    results : groups.Results
        To be filled.
    problem, rule : int
        Which functions of the kernel are the pair's.
    """

    program: Program
    placements: Sequence[Placement]
    task: Task
    results: Results
    problem: int = 0
    rule: int = 0

    @functools.cached_property
    def frames(self) -> NDArray[np.int64]:
        """The placement of each lane [n]."""
        frames: NDArray[np.int64] = self.task.frames[self.task.draw]
        return frames

    @functools.cached_property
    def ends(self) -> NDArray[np.int64]:
        """The end of each sequence of lanes that are on one placement."""
        return np.append(np.flatnonzero(np.diff(self.frames)) + 1, len(self.frames))

    def likeness(self) -> tuple[Any, ...]:
        """Return what loads of one launch have in common beside their kernel."""
        task, program = self.task, self.program
        scalars = task.uniform
        return (
            task.start.shape[1], task.steps, scalars.setting is None, task.record_steps.tobytes(),
            task.targets.shape[-1], task.goal, task.exact, task.full_batch, task.stop_at_target,
            task.absolute, takes_metrics(program, task), program.layout.evaluations,
            program.layout.iterate, program.tensor_table.tobytes(), program.dtype,
        )  # fmt: skip

    def bytes_per_lane(self) -> int:
        """Return what a lane takes of an arena: its start, its point, settings and results."""
        task, program = self.task, self.program
        records, targets = len(task.record_steps), task.targets.shape[-1]
        numbers = 2 * task.start.shape[1] + len(program.layout.hyper) + 3
        numbers += 2 * records * (task.recorded is None or bool(task.recorded.any()))
        numbers += task.steps * program.layout.uniforms * (task.uniform.setting is not None)
        numbers += records * task.start.shape[1] * (task.points is not None)
        numbers += 6 * records * takes_metrics(program, task)
        return program.dtype.itemsize * numbers + 8 * (targets + 6)

    def bytes_of_all(self) -> int:
        """Return what its lanes have in common: placements and step scalars."""
        task, real = self.task, self.program.dtype
        d, numbers = task.start.shape[1], task.steps * self.program.layout.uniforms
        for placement in self.placements:
            numbers += placement.p.size + d * (2 + d * (placement.rotation is not None))
        return real.itemsize * numbers + 8 * sum(placement.q.size for placement in self.placements)


@dataclass(frozen=True)
class Piece:
    """Blocks of a load: block `k` has the lanes from ``firsts[k]`` to ``firsts[k] + counts[k]``."""

    load: Load
    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def first(self) -> int:
        """Its first lane."""
        return int(self.firsts[0])

    @property
    def last(self) -> int:
        """The one after its last."""
        return int(self.firsts[-1] + self.counts[-1])


def block_lanes(loads: Sequence[Load], nets: bool) -> int:
    """Return how many threads the blocks of a launch have: those of the longest, in whole warps."""
    if nets:
        return 1
    longest = max(int(np.diff(load.ends, prepend=0).max(initial=1)) for load in loads)
    return min(LANES, padded(longest, WARP))


def cut(load: Load, width: int) -> Piece:
    """Return all blocks of a load, of up to `width` lanes; no block has two placements."""
    begins = np.concatenate([[0], load.ends[:-1]])
    starts = [np.arange(a, b, width) for a, b in zip(begins, load.ends, strict=True)]
    firsts = np.concatenate(starts).astype(np.int64)
    ends = np.concatenate([np.append(s[1:], b) for s, b in zip(starts, load.ends, strict=True)])
    return Piece(load, firsts, ends - firsts)


def chunked(pieces: Sequence[Piece], first: int, most: int) -> list[Piece]:
    """Return the blocks from number `first` on, `most` of them, counted through all pieces."""
    found, begin, last = [], 0, first + most
    for piece in pieces:
        end = begin + len(piece.firsts)
        own = slice(max(first, begin) - begin, min(last, end) - begin)
        if own.start < own.stop:
            found.append(Piece(piece.load, piece.firsts[own], piece.counts[own]))
        begin = end
    return found
