"""Launching on the device: which kernel runs the lanes of a pair, and what it knows of them."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optbench.errors import DeviceError, UnfitError
from optbench.kernels.authors.blocks import MOST_COORDINATES
from optbench.kernels.authors.perturbed import Perturbed
from optbench.kernels.cuda import device, net_launch, running
from optbench.kernels.cuda import switch as cuda_switch
from optbench.kernels.cuda.load import Load
from optbench.kernels.cuda.onelane import DIRECT, SCALED, SHIFTED, TURNED
from optbench.kernels.cuda.surface import Fixed
from optbench.kernels.cuda.switch import Switch
from optbench.kernels.driver.task_groups import empty_results
from optbench.kernels.driver.tasks import Placement, Program, Task, check_numbers, check_sizes
from optbench.kernels.memory.groups import Results
from optbench.kernels.sizes import SPARE

MOST_ROWS = 4096
"""Coordinates of a lane: a thread has half a megabyte of local memory."""


def launch(
    program: Program, placements: Sequence[Placement], task: Task, switch: Switch | None = None
) -> Results:
    """Run all lanes of `task` on the device and return their `groups.Results`.

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
        If there is no device, its memory is too small for one block of lanes, it refuses the
        kernel, or it is lost.
    """
    missing = device.obstacle()
    if missing:
        raise DeviceError(missing)
    check_sizes(program, placements, task)
    check_numbers(task)
    results = empty_results(program, task)
    if program.across:
        running.run([Load(program, placements, task, results)], net_launch.prepared(program, task))
        return results
    check(program.problem, task.start.shape[1])
    placements = _framed_alike(placements, task.start.shape[1])
    fixed = replace(
        fixed_of(program, placements[0], task.exact, task.full_batch),
        frame=max(map(_kind_of_frame, placements)),
        work=max(map(_room, placements)),
    )
    load = Load(program, placements, task, results)
    if switch:
        try:
            if switch.launched(load, fixed):
                return results
        except UnfitError:  # this pair, or one of the others: alone it shows
            switch.failed = True
    running.run([load], cuda_switch.pair(program, fixed, task.start.shape[1]))
    return results


def fixed_of(program: Program, placement: Placement, exact: bool, full_batch: bool) -> Fixed:
    """Return what is known of a pair before it runs."""
    return Fixed(
        frame=_kind_of_frame(placement),
        work=_room(placement),
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


def _room(placement: Placement) -> int:
    """Return the numbers of a lane's buffer, whose rows are one lane wide."""
    return -(-placement.room(0) // SPARE) + placement.kept


def _kind_of_frame(placement: Placement) -> int:
    if placement.shift is None:
        return DIRECT
    if placement.rotation is not None:
        return TURNED
    return SHIFTED if placement.scale == 1 else SCALED


def check(problem: Callable[..., Any] | Perturbed, d: int) -> None:
    """Refuse lanes that cannot run on CUDA at all."""
    reason = too_long(problem, d)
    if reason:
        raise UnfitError(f"{reason}; use --device cpu")


def too_long(problem: Callable[..., Any] | Perturbed, d: int) -> str | None:
    """Return why a lane of `d` coordinates of a problem cannot run on CUDA, or None."""
    if d > MOST_ROWS:
        return f"a lane on CUDA has at most {MOST_ROWS} coordinates, not {d}"
    author = problem.author if isinstance(problem, Perturbed) else problem
    if d > MOST_COORDINATES and "g" not in inspect.signature(author).parameters:
        return f"gradients come from dual numbers up to {MOST_COORDINATES} coordinates, not {d}"
    return None


def resident(program: Program, placement: Placement, task: Task) -> tuple[Callable[[], None], Any]:
    """Send all lanes to the device; return (a function that starts their kernel, its queue)."""
    d, fixed = task.start.shape[1], fixed_of(program, placement, task.exact, task.full_batch)
    check(program.problem, d)
    load = Load(program, [placement], task, empty_results(program, task))
    return running.resident(load, cuda_switch.pair(program, fixed, d))
