"""Nets for CUDA: their arrays, and the kernel that trains them (see `cuda.net`).

`cuda.launch` sends them in chunks, as it does surfaces; a chunk has whole nets.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.errors import UnfitError
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cuda import compiling, device
from optbench.kernels.cuda.net import Memory, kernel, reserved
from optbench.kernels.cuda.parting import of_lanes
from optbench.kernels.driver.step_scalars import BlockTables
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.driver.task_groups import (
    blocked_starts,
    empty_results,
    lanes_group,
    plan_group,
    takes_metrics,
)
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Lanes, Plan, Results, Surface
from optbench.kernels.sizes import BLOCK as ROW

THREADS = 4 if device.SIMULATED else 128
"""Of a block; the simulator runs them one after the other."""
REGISTERS = 128
"""Of a thread: a multiprocessor then holds four blocks."""
NEAR_BYTES = 48 << 10
"""Shared memory of a block."""


def unfit(rule: Any) -> str | None:
    """Return why a rule cannot train nets on CUDA, or None."""
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


def arranged(program: Program, n: int) -> Arrangement:
    """Return the `Arrangement` of a program's nets of n parameters."""
    threads = min(THREADS, n)
    room = NEAR_BYTES // program.dtype.itemsize
    near, far, places = reserved(threads), 0, {}
    # The most used come first.
    for name, size in (("x", n), ("g", n), ("state", len(program.layout.state) * n), ("y", n)):
        if near + size <= room:
            places[name], near = near, near + size
        else:
            places[name], far = -1 - far, far + size
    return Arrangement(threads, near, far, places)


def bytes_per_net(program: Program, placement: Placement, task: Task) -> int:
    """Return what a net takes in the device's global memory."""
    n, layout = task.start.shape[1], program.layout
    records = len(task.record_steps) * (2 + 6 * takes_metrics(program, task))
    numbers = (
        arranged(program, n).far + placement.work_size + 2 * n + len(layout.hyper) + records + 8
    )
    numbers += task.steps * layout.uniforms * (task.uniform.setting is not None)
    return program.dtype.itemsize * numbers + 8 * (task.targets.shape[-1] + 4)


def compiled_for(program: Program, task: Task) -> tuple[Any, int, int]:
    """Return the compiled kernel of a rule on nets, how many threads a block has, and its memory.

    Returns
    -------
    kernel
    threads : int
    near : int
        Bytes of shared memory.
    """
    reason = unfit(program.layout.parts[-1])
    if reason:
        raise UnfitError(reason)
    layout, arrangement = program.layout, arranged(program, task.start.shape[1])
    compiled = _compiled(
        (program.problem, program.metrics, program.adjust), layout.parts, layout.uniform_counts,
        tuple(layout.flags.items()), program.dtype, arrangement.threads,
    )  # fmt: skip
    return compiled, arrangement.threads, arrangement.near * program.dtype.itemsize


@functools.lru_cache(maxsize=256)
def _compiled(
    functions: tuple[Any, ...],
    parts: tuple[Any, ...],
    uniform_counts: tuple[int, ...],
    flags: tuple[tuple[str, bool], ...],
    dtype: np.dtype,
    threads: int,
) -> Any:
    layout = RuleLayout(parts, uniform_counts, dict(flags))
    return compiling.compiled(kernel(functions, layout, dtype, threads), REGISTERS)


def begin(
    compiled: tuple[Any, int, int],
    program: Program,
    placement: Placement,
    task: Task,
    first: int,
    last: int,
    queue: Any,
) -> list[NamedTuple]:
    """Send a chunk of nets to the device and start it; return the groups that it works on."""
    kernel, threads, near = compiled
    groups = chunk_groups(program, placement, task, first, last, queue)
    sent = [groups[0], *(device.sent(group, queue) for group in groups[1:])]
    kernel[last - first, threads, queue, near](*sent)
    return sent


def chunk_groups(
    program: Program, placement: Placement, task: Task, first: int, last: int, queue: Any
) -> tuple[Memory, Lanes, Surface, Plan, Results]:
    """Return the groups of arrays of the nets from `first` to `last`.

    Returns
    -------
    tuple
        Memory (on the device), Lanes, Surface, Plan and Results, of NumPy arrays.
    """
    nets, n = last - first, task.start.shape[1]
    arrangement = arranged(program, n)
    memory = Memory(
        device.room((nets, max(arrangement.far, 1)), program.dtype, queue),
        device.room((nets, placement.work_size), program.dtype, queue),
        **arrangement.places,
    )
    own = of_lanes(task, np.arange(first, last))
    # To the driver a net is one lane with P rows of one column.
    table = by_number(program.tensor_table)
    column = dataclasses.replace(program, across=False, tensor_table=table)
    numbers = np.arange(nets)[:, np.newaxis]
    start = blocked_starts(column, own, own.draw[numbers])
    tables = BlockTables(own.uniform, numbers, False, program.dtype).of(slice(None))
    return (
        memory,
        lanes_group(column, own, numbers, start, tables, key_by_lane=True),
        surface_group(placement, program.dtype, n),
        plan_group(program, own),
        empty_results(program, own),
    )


def by_number(tensor_table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the description of tensors with ranges of numbers in place of rows of 64."""
    counted = tensor_table.copy()
    counted[: (len(tensor_table) - 1) // 3 + 1] *= ROW
    return np.ascontiguousarray(counted)
