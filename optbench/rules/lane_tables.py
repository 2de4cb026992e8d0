"""Step scalars of lanes whose settings differ: the tables of an optimizer, by setting."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.rules import schedules
from optbench.rules.compose import Optimizer
from optbench.rules.step_tables import of_each, step_tables, uniform_settings


def uniform_tables(
    optimizer: Optimizer, values: Mapping[str, NDArray[np.float64]], count: int, steps: int
) -> NDArray[np.float64]:
    """Return the `uniform_table` of an optimizer in many settings, float64 [count, steps, 1 + u].

    Parameters
    ----------
    optimizer : Optimizer
    values : dict of str to float64 [count]
        Hyperparameters that differ; the others are those of the optimizer.
    count, steps : int
    """
    settings: dict[str, Any] = {**optimizer.values, **values}
    tables = [_factors(optimizer, settings, count, steps)[:, :, np.newaxis]]
    tables += [step_tables(part, settings, count, steps, steps) for part in optimizer.parts]
    return np.concatenate(tables, axis=2)


def _factors(
    optimizer: Optimizer, settings: Mapping[str, Any], count: int, steps: int
) -> NDArray[np.float64]:
    """Return what multiplies the rate in each step, float64 [count, steps]."""
    names = [name for name, _ in optimizer.schedule]
    if not names:
        return np.ones((count, steps))
    columns = [of_each(settings[name], count) for name in names]
    each = zip(*columns, strict=True)
    return np.stack([schedules.factors(tuple(zip(names, one, strict=True)), steps) for one in each])


def table_settings(optimizer: Optimizer) -> set[str]:
    """Return the names of the hyperparameters that `uniform_tables` depend on."""
    names = {name for name, _ in optimizer.schedule}
    return names.union(*(uniform_settings(part) for part in optimizer.parts))
