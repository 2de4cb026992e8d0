"""Tasks of some of a task's lanes, and their results put back in place.

A chunk has some of the lanes of a load.
"""

import dataclasses
from collections.abc import Iterable

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
