"""Step scalars of lanes whose settings differ: the tables of an optimizer, by setting."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.step_scalars import StepScalars
from optbench.kernels.memory.kept import Kept
from optbench.rules import schedules
from optbench.rules.compose import Optimizer
from optbench.rules.step_tables import fill_tables, of_each, uniform_count, uniform_settings

KEPT_NUMBERS = 1 << 18
"""Tables of no more numbers are kept: a study has the same trials on every problem."""
KEPT_STEPS = 1 << 12
"""The table that all lanes have is kept for no more steps."""
_OF_ALL: Kept[StepScalars] = Kept(256)


def step_scalars(
    optimizer: Optimizer, values: Mapping[str, NDArray[np.float64]], steps: int
) -> StepScalars:
    """Return the step scalars of lanes with hyperparameters of their own.

    Parameters
    ----------
    optimizer : Optimizer
    values : dict of str to float64 [lanes]
        Hyperparameters that differ; the others are those of the optimizer.
    steps : int
    """
    names = [name for name in values if name in table_settings(optimizer)]
    if not names:
        key = (optimizer, steps) if steps <= KEPT_STEPS else None
        return _OF_ALL.of(key, lambda: StepScalars.of_all(optimizer.uniform_table(steps)))
    columns = np.stack([values[name] for name in names], axis=1)
    distinct, setting = np.unique(columns, axis=0, return_inverse=True)
    uniforms = optimizer.layout().uniforms

    def tables(numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        own = distinct if len(numbers) == len(distinct) else distinct[numbers]
        if own.size and len(own) * steps * uniforms <= KEPT_NUMBERS:
            return _kept_tables(_Same(optimizer), tuple(names), own.tobytes(), len(own), steps)
        return uniform_tables(optimizer, dict(zip(names, own.T, strict=True)), len(own), steps)

    return StepScalars(steps, uniforms, tables, setting.reshape(-1))


class _Same:
    """An optimizer that is the same as others of its parts and hyperparameters."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self._facts = optimizer, (optimizer.parts, tuple(optimizer.values.items()))

    def __hash__(self) -> int:
        return hash(self._facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._facts == other._facts


@functools.lru_cache(maxsize=64)
def _kept_tables(
    same: _Same, names: tuple[str, ...], values: bytes, count: int, steps: int
) -> NDArray[np.float64]:
    """Return `uniform_tables` for float64 values [count, names]."""
    columns = np.frombuffer(values).reshape(count, len(names)).T
    return uniform_tables(same.optimizer, dict(zip(names, columns, strict=True)), count, steps)


def uniform_tables(
    optimizer: Optimizer, values: Mapping[str, NDArray[np.float64]], count: int, steps: int
) -> NDArray[np.float64]:
    """Return the `uniform_table` of an optimizer in many settings, float64 [steps, 1 + u, count].

    Parameters
    ----------
    optimizer : Optimizer
    values : dict of str to float64 [count]
        Hyperparameters that differ; the others are those of the optimizer.
    count, steps : int
    """
    settings: dict[str, Any] = {**optimizer.values, **values}
    tables = np.empty((steps, optimizer.layout().uniforms, count))
    tables[:, 0] = _factors(optimizer, settings, count, steps)
    column = 1
    for part in optimizer.parts:
        outputs = uniform_count(part)
        fill_tables(part, settings, steps, tables[:, column : column + outputs])
        column += outputs
    for factor in optimizer.layout().rate_columns:
        tables[:, 0] *= tables[:, factor]
    return tables


def _factors(
    optimizer: Optimizer, settings: Mapping[str, Any], count: int, steps: int
) -> NDArray[np.float64]:
    """Return what multiplies the rate in each step, float64 [steps, count]."""
    names = [name for name, _ in optimizer.schedule]
    if not names:
        return np.ones((steps, count))
    columns = [of_each(settings[name], count) for name in names]
    each = zip(*columns, strict=True)
    factors = [schedules.factors(tuple(zip(names, one, strict=True)), steps) for one in each]
    return np.stack(factors, axis=1)


def table_settings(optimizer: Optimizer) -> set[str]:
    """Return the names of the hyperparameters that `uniform_tables` depend on."""
    names = {name for name, _ in optimizer.schedule}
    return names.union(*(uniform_settings(part) for part in optimizer.parts))
