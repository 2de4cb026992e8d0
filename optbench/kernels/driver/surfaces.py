"""The placements of a launch, and its plan on each, as compiled code gets them: by address."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.task_groups import plan_group, takes_metrics
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Plan, Surface, group_types
from optbench.kernels.memory.kept import LARGEST, Kept
from optbench.kernels.memory.pointers import address, words
from optbench.kernels.status import rounding_floor


class Surfaces:
    """The `groups.Surface` of each placement of a launch.

    Attributes
    ----------
    addresses : ndarray [P] of int64
        Of each, for `groups.Blocks`.
    placements : sequence of Placement
    """

    def __init__(self, placements: Sequence[Placement], real: np.dtype, dim: int) -> None:
        pointer = group_types(real)[2]
        self._groups = [surface_group(placement, real, dim) for placement in placements]
        self._words = np.stack([words(group, pointer) for group in self._groups])
        self.addresses = row_addresses(self._words)
        self.placements = placements

    def room(self, columns: int) -> int:
        """Return the numbers of the largest of their buffers, for a block of so many columns."""
        return max(placement.room(columns) for placement in self.placements)


class Plans:
    """The `groups.Plan` of a task on each placement.

    They differ by the reference value, its rounding, and targets that are values of f.

    Attributes
    ----------
    addresses : ndarray [P] of int64
        Of each, for `groups.Blocks`.
    """

    def __init__(self, program: Program, task: Task) -> None:
        real, pointer = program.dtype, group_types(program.dtype)[3]
        place = dict(zip(Plan._fields, pointer.places, strict=True))
        self._targets = np.array(task.targets, real, order="C")
        plan = plan_group(program, task)
        self._plan = plan._replace(record_steps=plan.record_steps.copy())
        self._words = np.tile(words(self._plan, pointer), (len(task.f_ref), 1))
        rows = np.broadcast_to(row_addresses(np.atleast_2d(self._targets)), len(task.f_ref))
        self._words[:, place["targets"]] = rows
        numbers, each = self._words.view(real), self._words.itemsize // real.itemsize
        f_ref = np.nan if task.absolute else task.f_ref
        numbers[:, place["f_ref"] * each] = f_ref
        numbers[:, place["floor"] * each] = rounding_floor(task.f_ref, real)
        self.addresses = row_addresses(self._words)


_SURFACES: Kept[Surfaces] = Kept(64)
_PLANS: Kept[Plans] = Kept(256)


def surfaces_of(placements: Sequence[Placement], real: np.dtype, dim: int) -> Surfaces:
    """Return the surfaces of placements: all optimizers are launched on the same ones."""
    key = (tuple(placements), real, dim)
    return _SURFACES.of(key, lambda: Surfaces(placements, real, dim))


def plans_of(program: Program, task: Task) -> Plans:
    """Return the plans of a task: most optimizers have the same ones on a problem."""
    arrays, key = (task.record_steps, task.targets, task.f_ref), None
    if sum(array.nbytes for array in arrays) <= LARGEST:
        key = (
            *(part for array in arrays for part in (array.dtype, array.shape, array.tobytes())),
            task.steps, task.goal, task.exact, task.full_batch, task.stop_at_target, task.absolute,
            program.dtype, program.across, program.layout.evaluations, program.layout.iterate,
            takes_metrics(program, task), program.adjust is not None,
        )  # fmt: skip
    return _PLANS.of(key, lambda: Plans(program, task))


def row_addresses(table: np.ndarray) -> NDArray[np.int64]:
    """Return the address of each row of a C-ordered matrix; they hold as long as it is kept."""
    return address(table) + table.strides[0] * np.arange(len(table), dtype=np.int64)


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
