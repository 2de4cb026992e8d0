"""The placements of a launch as compiled code gets them: made once, used by many launches."""

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.kernels.driver.task_groups import plan_group
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Plan, Surface, group_types
from optbench.kernels.memory.pointers import words


class Surfaces:
    """The `groups.Surface` of placements, and their words.

    Parameters
    ----------
    placements : sequence of Placement
        Instances of one problem.
    dtype : numpy.dtype
    dim : int

    Attributes
    ----------
    groups : list of Surface
    addresses : ndarray [P] of int64
        Of each, for `groups.Blocks`.
    work_size : int
        Numbers in the buffers that the problem needs.
    """

    def __init__(self, placements: Sequence[Placement], dtype: DTypeLike, dim: int) -> None:
        real = np.dtype(dtype)
        self.groups = [surface_group(placement, real, dim) for placement in placements]
        pointer = group_types(real)[2]
        self._words = np.stack([words(group, pointer) for group in self.groups])
        self.addresses = row_addresses(self._words)
        self.work_size = max(placement.work_size for placement in placements)


class Placements(Sequence[Placement]):
    """Placements that keep their `Surfaces`, for callers that launch on them again and again."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._placements = tuple(placements)
        self._surfaces: dict[np.dtype, Surfaces] = {}

    @overload
    def __getitem__(self, index: int) -> Placement: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Placement]: ...

    def __getitem__(self, index: int | slice) -> Placement | Sequence[Placement]:
        return self._placements[index]

    def __len__(self) -> int:
        return len(self._placements)

    def surfaces(self, dtype: DTypeLike, dim: int) -> Surfaces:
        """Return the `Surfaces` of a dtype."""
        real = np.dtype(dtype)
        if real not in self._surfaces:
            self._surfaces[real] = Surfaces(self._placements, real, dim)
        return self._surfaces[real]


class Plans:
    """The `groups.Plan` of a task on each placement; they differ by the reference value.

    Attributes
    ----------
    addresses : ndarray [P] of int64
        Of each, for `groups.Blocks`.
    """

    def __init__(self, program: Program, task: Task) -> None:
        pointer = group_types(program.dtype)[3]
        self._groups: list[Plan] = [
            plan_group(program, task, placement) for placement in range(len(task.f_ref))
        ]
        self._words = np.stack([words(group, pointer) for group in self._groups])
        self.addresses = row_addresses(self._words)


def row_addresses(table: NDArray[np.int64]) -> NDArray[np.int64]:
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
