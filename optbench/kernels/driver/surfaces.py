"""The placements of a launch, and its plan on each, as compiled code gets them: by address."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.task_groups import plan_group
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Plan, Surface, group_types
from optbench.kernels.memory.pointers import words
from optbench.kernels.status import rounding_floor


@dataclass(frozen=True, eq=False)
class Written:
    """The `groups.Surface` of a placement, and its words in memory; it keeps both alive."""

    group: Surface
    words: NDArray[np.int64]
    address: int  # where the words begin


def written(placement: Placement, real: np.dtype, dim: int) -> Written:
    """Return the surface of a placement, which keeps it: instances are launched on many times."""
    if real not in placement.written:
        group = surface_group(placement, real, dim)
        numbers = words(group, group_types(real)[2])
        placement.written[real] = Written(group, numbers, numbers.ctypes.data)
    return placement.written[real]


class Plans:
    """The `groups.Plan` of a task on each placement.

    They differ by the reference value, its rounding, and targets that are values of f.

    Attributes
    ----------
    addresses : ndarray [P] of int64
        Of each, for `groups.Blocks`.
    """

    def __init__(self, program: Program, task: Task) -> None:
        real, count = program.dtype, len(task.f_ref)
        pointer, self._plan = group_types(real)[3], plan_group(program, task)
        place = dict(zip(Plan._fields, pointer.places, strict=True))
        self._words = np.tile(words(self._plan, pointer), (count, 1))
        self._targets = np.ascontiguousarray(task.targets, real)
        if self._targets.ndim == 2:
            self._words[:, place["targets"]] = row_addresses(self._targets)
        numbers, each = self._words.view(real), self._words.itemsize // real.itemsize
        f_ref = np.nan if task.absolute else task.f_ref
        numbers[:, place["f_ref"] * each] = f_ref
        numbers[:, place["floor"] * each] = rounding_floor(task.f_ref, real)
        self.addresses = row_addresses(self._words)


def row_addresses(table: np.ndarray) -> NDArray[np.int64]:
    """Return the address of each row of a C-ordered matrix; they hold as long as it is kept."""
    return table.ctypes.data + table.strides[0] * np.arange(len(table), dtype=np.int64)


def surface_group(placement: Placement, real: np.dtype, dim: int) -> Surface:
    """Return the `groups.Surface` of an instance."""
    placement.check(dim)

    def constant(value: np.ndarray | None, ndim: int) -> np.ndarray:
        return np.zeros((0,) * ndim, real) if value is None else np.ascontiguousarray(value, real)

    turned = placement.rotation is not None
    return Surface(
        constant(placement.p, 1), np.ascontiguousarray(placement.q, np.int64),
        constant(placement.shift, 1), constant(placement.centre, 1),
        constant(placement.rotation / placement.scale if turned else None, 2),
        real.type(1 / placement.scale),
    )  # fmt: skip
