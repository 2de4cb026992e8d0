"""Nets for CUDA: their arrays, and the kernel that trains them (see `cuda.net`).

`cuda.running` sends them in chunks, as it does surfaces; a chunk has whole nets.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.errors import UnfitError
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cuda import device
from optbench.kernels.cuda.arena import Room
from optbench.kernels.cuda.built import Code, Kernel
from optbench.kernels.cuda.chunk import chunk_groups
from optbench.kernels.cuda.load import WARP, Load, Piece
from optbench.kernels.cuda.net import Memory, kernel, reserved
from optbench.kernels.driver.tasks import Program, Task
from optbench.kernels.sizes import BLOCK as ROW

THREADS = 4 if device.SIMULATED else 128
"""Of a block at most; the simulator runs them one after the other."""
REGISTERS = 128
"""Of a thread: a multiprocessor then holds sixteen warps."""
NEAR_BYTES = device.SHARED_UNASKED
"""Shared memory of a block whose arrays do not fit there."""


def unfit(rule: Any) -> str | None:
    """Return why a rule cannot run on CUDA, or None."""
    if rule.matrix:
        return (
            f"{rule.name} works on whole matrices, which CUDA does not know yet: its parts are not "
            "by coordinate, so that the threads of a net cannot share them out; use --device cpu"
        )
    return None


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """Where the arrays of a net lie.

    Attributes
    ----------
    threads : int
        Of a block.
    near, far : int
        Numbers in shared and in global memory.
    places : dict of str to int
        See `cuda.net.Memory`.
    """

    threads: int
    near: int
    far: int
    places: dict[str, int]


def threads_of(program: Program) -> int:
    """Return how many threads train a net: by its widest layer, so that none is idle all the time.

    Loops over rows of units have work for as many threads as there are units. Narrow nets have
    blocks of one warp, of which a multiprocessor holds sixteen.
    """
    table = program.tensor_table
    tensors = (len(table) - 1) // 3
    sizes, heights = table[tensors + 1 : 2 * tensors + 1], table[2 * tensors + 1 :]
    widest = int(max(sizes // np.maximum(heights, 1)))
    return min(THREADS, max(WARP, 1 << (widest - 1).bit_length()))


def arranged(program: Program, n: int, own: int) -> Arrangement:
    """Return the `Arrangement` of a program's nets of n parameters.

    The kernel has `own` bytes of shared memory of itself. More than a block has unasked is asked
    for where all arrays then fit.
    """
    threads, item = threads_of(program), program.dtype.itemsize
    # The most used come first.
    sizes = {"x": n, "g": n, "state": len(program.layout.state) * n, "y": n}
    near, far, places = reserved(threads), 0, {}
    fit = own + item * (near + sum(sizes.values())) <= device.shared_limit()
    room = ((device.shared_limit() if fit else NEAR_BYTES) - own) // item
    for name, size in sizes.items():
        if near + size <= room:
            places[name], near = near, near + size
        else:
            places[name], far = -1 - far, far + size
    return Arrangement(threads, near, far, places)


@dataclasses.dataclass(frozen=True)
class Compiled:
    """The kernel of a rule on nets; see `running.Prepared`.

    Attributes
    ----------
    kernel : built.Kernel
    program : tasks.Program
    n : int
        Parameters of a net.
    """

    kernel: Kernel
    program: Program
    n: int

    def groups(self, pieces: Sequence[Piece], width: int) -> Sequence[NamedTuple]:
        """Return the arrays of a chunk: Memory, Blocks, Loads, Surfaces, Plans, Results."""
        memory = dict(far=Room((1, 1), self.program.dtype), work=Room((1, 1), self.program.dtype))
        blank = Memory(**memory, x=0, y=0, g=0, state=0)
        load = pieces[0].load
        arrays = chunk_groups(
            [dataclasses.replace(piece, load=as_columns(load)) for piece in pieces], width,
            len(load.program.layout.state), len(load.program.layout.lane_state), False,
        )  # fmt: skip
        where = self.arranged(self.kernel.code([blank, *arrays]))
        nets, real = sum(len(piece.firsts) for piece in pieces), self.program.dtype
        buffers = max(placement.work_size for placement in load.placements)
        memory = Memory(
            Room((nets, max(where.far, 1)), real), Room((nets, buffers), real), **where.places
        )
        return [memory, *arrays]

    def start(self, groups: Sequence[NamedTuple], blocks: int, width: int, queue: Any) -> None:
        """Put the kernel into a queue: a block of threads a net."""
        where = self.arranged(self.kernel.code(groups))
        near = where.near * self.program.dtype.itemsize
        self.kernel.start(groups, blocks, where.threads, queue, near)

    def arranged(self, code: Code) -> Arrangement:
        """Return where the arrays of a net lie."""
        return arranged(self.program, self.n, code.shared)

    def bytes_per_lane(self, load: Load) -> int:
        """Return what a net takes of an arena."""
        far = self.arranged(self.kernel.known).far
        buffers = max(placement.work_size for placement in load.placements)
        return load.bytes_per_lane() + self.program.dtype.itemsize * (far + buffers)


def prepared(program: Program, task: Task) -> Compiled:
    """Return the kernel of a rule on the nets of a task."""
    reason = unfit(program.layout.parts[-1])
    if reason:
        raise UnfitError(reason)
    layout, n = program.layout, task.start.shape[1]
    kernel = _kernel(
        (program.problem, program.metrics, program.adjust), layout.parts, layout.uniform_counts,
        tuple(layout.flags.items()), program.dtype, threads_of(program),
    )  # fmt: skip
    return Compiled(kernel, program, n)


@functools.lru_cache(maxsize=256)
def _kernel(
    functions: tuple[Any, ...],
    parts: tuple[Any, ...],
    uniform_counts: tuple[int, ...],
    flags: tuple[tuple[str, bool], ...],
    dtype: np.dtype,
    threads: int,
) -> Kernel:
    layout = RuleLayout(parts, uniform_counts, dict(flags))
    return Kernel(kernel(functions, layout, dtype, threads), dtype, registers=REGISTERS)


def as_columns(load: Load) -> Load:
    """Return a load of nets as the driver sees it there: lanes of P rows of one column."""
    table = by_number(load.program.tensor_table)
    program = dataclasses.replace(load.program, across=False, tensor_table=table)
    return dataclasses.replace(load, program=program)


def by_number(tensor_table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the description of tensors with ranges of numbers in place of rows of 64."""
    counted = tensor_table.copy()
    counted[: (len(tensor_table) - 1) // 3 + 1] *= ROW
    return np.ascontiguousarray(counted)
