"""Lanes -> chunks on the device -> lanes again.

The lanes of a task are cut into chunks that fit the device's free memory. Two chunks are under way
at a time, each in one of two streams in turn; a chunk's results leave the device when it has ended.
If memory runs out all the same, chunks are made smaller, down to one block of lanes.
"""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from optbench.errors import DeviceError, DeviceLostError, UnfitError
from optbench.kernels.cuda import compiling, device, net_launch, typing
from optbench.kernels.cuda import switch as cuda_switch
from optbench.kernels.cuda.device import LANES
from optbench.kernels.cuda.onelane import DIRECT, SCALED, SHIFTED, TURNED
from optbench.kernels.cuda.parting import by_placement, of_lanes, put_back
from optbench.kernels.cuda.surface import Fixed
from optbench.kernels.cuda.switch import Switch
from optbench.kernels.driver.step_scalars import BlockTables
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.driver.task_groups import (
    blocked_starts,
    empty_results,
    lanes_group,
    plan_group,
    takes_metrics,
)
from optbench.kernels.driver.tasks import Placement, Program, Task, check_numbers, check_sizes
from optbench.kernels.memory.groups import Lanes, Plan, Results, Surface
from optbench.kernels.sizes import SPARE

SHARE = 0.4
"""Of the free memory, what one of two chunks may take."""
MOST_LANES = 1 << 22
MOST_ROWS = 4096
"""Coordinates of a lane: a thread has half a megabyte of local memory."""


def launch(
    program: Program, placements: Sequence[Placement], task: Task, switch: Switch | None = None
) -> Results:
    """Run all lanes of `task` on the device and return their `groups.Results`.

    The device is sent one placement after the other.

    Parameters
    ----------
    program : tasks.Program
        With the authors' functions for problem and metrics.
    placements : sequence of tasks.Placement
    task : tasks.Task
    switch : switch.Switch, optional
        A kernel that the pair shares with others.

    Raises
    ------
    UnfitError
        If the problem or the optimizer does not compile for CUDA.
    DeviceError
        If there is no device, its memory is too small for one block of lanes, or it is lost.
    """
    missing = device.obstacle()
    if missing:
        raise DeviceError(missing)
    check_sizes(program, placements, task)
    check_numbers(task)
    placements = _framed_alike(placements, task.start.shape[1])
    results = empty_results(program, task)
    frame = max(map(_kind_of_frame, placements))
    for number, lanes, part in by_placement(task):
        put_back(results, task, lanes, _launched(program, placements[number], frame, part, switch))
    return results


def _launched(
    program: Program, placement: Placement, frame: int, task: Task, switch: Switch | None
) -> Results:
    """Run lanes of one placement, in a kernel for frames of this kind."""
    if program.across:
        return _run(net_launch.compiled_for(program, task), program, placement, task)
    fixed = replace(fixed_of(program, placement, task.exact, task.full_batch), frame=frame)
    d = task.start.shape[1]
    check(d)
    if switch:
        try:
            shared = switch.compiled(program, fixed, d)
            if shared:
                return _run(shared, program, placement, task)
        except UnfitError:  # this pair, or one of the others: alone it shows
            switch.failed = True
    return _run(cuda_switch.pair(program, fixed, d), program, placement, task)


def _run(compiled: Any, program: Program, placement: Placement, task: Task) -> Results:
    results = empty_results(program, task)
    count = len(task.draw)
    least = 1 if program.across else LANES
    needed = least * bytes_per_lane(program, placement, task)
    lanes = min(MOST_LANES, count, least * max(1, int(device.memory()[0] * SHARE) // needed))
    first, waiting = 0, deque[_Chunk]()
    streams = itertools.cycle([device.stream(), device.stream()])
    while first < count or waiting:
        try:
            if first < count:
                last = min(first + lanes, count)
                stream = next(streams)
                waiting.append(_begin(compiled, program, placement, task, first, last, stream))
                first = last
            if len(waiting) == 2 or first == count:
                _finish(waiting.popleft(), task, results)
        except Exception as error:
            if not device.is_failure(error):
                raise
            if not device.is_out_of_memory(error):
                raise DeviceLostError(
                    f"the CUDA device failed in lanes {first} and before: {error}; what had been "
                    "stored is kept, and running the same command again goes on from there"
                ) from error
            if waiting:  # what runs frees its memory when it has ended
                _finish(waiting.popleft(), task, results)
            elif lanes > least:
                lanes = max(least, lanes // 2 // least * least)
            else:
                raise DeviceError(_too_large(task, least, needed)) from error
    return results


def _too_large(task: Task, lanes: int, needed: int) -> str:
    free, whole = device.memory()
    return (
        f"the CUDA device has too little memory: {lanes} lanes of {task.start.shape[1]} "
        f"coordinates need {needed / 2**20:.0f} MiB for their arrays, {free / 2**20:.0f} MiB of "
        f"{whole / 2**20:.0f} MiB are free; record fewer steps, or use --device cpu"
    )


def bytes_per_lane(program: Program, placement: Placement, task: Task) -> int:
    """Return what a lane takes on the device: its arrays there, and its thread's local ones."""
    if program.across:
        return net_launch.bytes_per_net(program, placement, task)
    d, layout = task.start.shape[1], program.layout
    records, targets = len(task.record_steps), task.targets.shape[-1]
    numbers = d * (7 + len(layout.state)) + len(layout.hyper) + 2 * records + 8
    numbers += task.steps * layout.uniforms * (task.uniform.setting is not None)
    numbers += records * (d * (task.points is not None) + 6 * takes_metrics(program, task))
    return program.dtype.itemsize * numbers + 8 * (targets + 4)


class _Chunk(NamedTuple):
    """Lanes that are on their way through the device."""

    first: int
    last: int
    groups: Sequence[NamedTuple]  # on the device; the last are the results
    stream: Any


def _begin(
    compiled: Any,
    program: Program,
    placement: Placement,
    task: Task,
    first: int,
    last: int,
    stream: Any,
) -> _Chunk:
    """Send a chunk to the device and start it."""
    if program.across:
        with named(program), typing.kernels_of(program.dtype):
            sent = net_launch.begin(compiled, program, placement, task, first, last, stream)
        return _Chunk(first, last, sent, stream)
    groups = chunk_groups(program, placement, task, first, last)
    groups = with_room(groups, compiled.states, compiled.lane_states)
    sent = [device.sent(group, stream) for group in groups]
    blocks = -(-(last - first) // LANES)
    with named(program), typing.kernels_of(program.dtype, compiled.rolled):
        compiled.launcher[blocks, LANES, stream](compiled.work, *sent)
    return _Chunk(first, last, sent, stream)


def resident(program: Program, placement: Placement, task: Task) -> tuple[Callable[[], None], Any]:
    """Send all lanes to the device; return (a function that starts their kernel, its queue)."""
    d, fixed = task.start.shape[1], fixed_of(program, placement, task.exact, task.full_batch)
    check(d)
    compiled, stream = cuda_switch.pair(program, fixed, d), device.stream()
    count = len(task.draw)
    groups = _begin(compiled, program, placement, task, 0, count, stream).groups
    grid = -(-count // LANES), LANES, stream
    return lambda: compiled.launcher[grid](compiled.work, *groups), stream


def _finish(chunk: _Chunk, task: Task, results: Results) -> None:
    """Wait for a chunk and take its results."""
    arrays = [device.to_host(array, chunk.stream) for array in chunk.groups[-1]]
    chunk.stream.synchronize()
    put_back(results, task, np.arange(chunk.first, chunk.last), arrays)


def chunk_groups(
    program: Program, placement: Placement, task: Task, first: int, last: int
) -> tuple[Lanes, Surface, Plan, Results]:
    """Return the groups of arrays of the lanes from `first` to `last`, filled up to whole blocks.

    Returns
    -------
    tuple
        Lanes, Surface, Plan and Results, of NumPy arrays.
    """
    blocks = -(-(last - first) // LANES)
    numbers = np.minimum(np.arange(blocks * LANES), last - first - 1).reshape(blocks, LANES)
    own = of_lanes(task, np.arange(first, last))
    start = blocked_starts(program, own, own.draw[numbers])
    by_lane = own.uniform.setting is not None
    tables = BlockTables(own.uniform, numbers, by_lane, program.dtype).of(slice(None))
    return (
        lanes_group(program, own, numbers, start, tables, key_by_lane=True),
        surface_group(placement, program.dtype, task.start.shape[1]),
        plan_group(program, own),
        empty_results(program, own),
    )


def with_room(
    groups: tuple[Lanes, Surface, Plan, Results], states: int, lane_states: int
) -> tuple[Lanes, Surface, Plan, Results]:
    """Return groups whose starts of states fill the rows of a kernel that has more of them."""
    lanes, *others = groups
    lanes = lanes._replace(
        state_start=np.pad(lanes.state_start, (0, states - len(lanes.state_start))),
        lane_start=np.pad(lanes.lane_start, (0, lane_states - len(lanes.lane_start))),
    )
    return lanes, *others


def fixed_of(program: Program, placement: Placement, exact: bool, full_batch: bool) -> Fixed:
    """Return what is known of a pair before it runs."""
    return Fixed(
        frame=_kind_of_frame(placement),
        work=-(-placement.work_size // SPARE),
        exact=int(exact),
        full_batch=int(full_batch),
        evaluations=program.layout.evaluations,
        iterate=program.layout.iterate,
        has_metrics=int(program.metrics is not None),
    )


def _framed_alike(placements: Sequence[Placement], dim: int) -> list[Placement]:
    """Give placements without a frame one that changes nothing, if others have one.

    So all run in the same kernel: x - 0 and, about 0, (x - 0) / 1 are x to the last bit.
    """
    origin = np.zeros(dim)
    lifts = len({placement.shift is None for placement in placements}) > 1
    return [
        replace(placement, shift=origin, centre=origin)
        if lifts and placement.shift is None
        else placement
        for placement in placements
    ]


def _kind_of_frame(placement: Placement) -> int:
    if placement.shift is None:
        return DIRECT
    if placement.rotation is not None:
        return TURNED
    return SHIFTED if placement.scale == 1 else SCALED


def check(d: int) -> None:
    """Refuse lanes that cannot run on CUDA at all."""
    reason = too_long(d)
    if reason:
        raise UnfitError(f"{reason}; use --device cpu")


def too_long(d: int) -> str | None:
    """Return why a lane of `d` coordinates cannot run on CUDA, or None."""
    if d > MOST_ROWS:
        return f"a lane on CUDA has at most {MOST_ROWS} coordinates, not {d}"
    return None


@contextlib.contextmanager
def named(program: Program) -> Iterator[None]:
    """Turn a failure to compile into a message that names the problem and the rule."""
    try:
        yield
    except compiling.failures() as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = [line for line in lines if not line.startswith(("Failed in", "During:"))]
        pair = f"{program.layout.parts[-1].name} on {program.problem.__name__}"
        raise UnfitError(f"{pair} cannot be compiled for CUDA: " + " ".join(telling[:4])) from error
