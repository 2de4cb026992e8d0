"""Tasks of some of a task's lanes, and their results put back in place.

A launch on a device has one placement, and a chunk of the lanes that are on it.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.tasks import Task
from optbench.kernels.memory.groups import Results


def of_lanes(task: Task, lanes: NDArray[np.int64]) -> Task:
    """Return the task of some lanes, by increasing numbers."""
    draws, draw = np.unique(task.draw[lanes], return_inverse=True)
    return dataclasses.replace(
        task,
        start=task.start[draws],
        keys=task.keys[draws],
        frames=task.frames[draws],
        draw=draw,
        values={
            name: value[lanes] if isinstance(value, np.ndarray) else value
            for name, value in task.values.items()
        },
        uniform=task.uniform.of_lanes(lanes),
        recorded=None if task.recorded is None else task.recorded[lanes],
        points=None if task.points is None else task.points[lanes],
    )


def by_placement(task: Task) -> Iterator[tuple[int, NDArray[np.int64], Task]]:
    """Yield for each placement that has lanes its number, their numbers, and their task."""
    frames = task.frames[task.draw]
    for number in np.unique(frames).tolist():
        lanes = np.flatnonzero(frames == number)
        part = of_lanes(task, lanes)
        alone = dataclasses.replace(
            part,
            frames=np.zeros_like(part.frames),
            f_ref=task.f_ref[[number]],
            targets=task.targets if task.targets.ndim == 1 else task.targets[number],
        )
        yield number, lanes, alone


def put_back(
    results: Results, task: Task, lanes: NDArray[np.int64], arrays: Iterable[np.ndarray]
) -> None:
    """Write the arrays of the results of some lanes of a task into its results."""
    records, points = (row[lanes] for row in (task.record_row, task.point_row))
    rows = {"record_x": points[points >= 0]}
    recorded = records[records >= 0]
    rows |= dict.fromkeys(("record_f", "record_best", "record_metrics"), recorded)
    for name, array in zip(Results._fields, arrays, strict=True):
        getattr(results, name)[rows.get(name, lanes)] = array
