"""Hyperparameters that differ by lane, as users give them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.catalog.instance import Floats
from optbench.errors import SettingError
from optbench.rules import setting_checks
from optbench.rules.compose import Optimizer


def with_lane_values(
    optimizer: Optimizer, hyper: Mapping[str, Any], lanes: int, dtype: str
) -> tuple[Optimizer, dict[str, Floats]]:
    """Return the optimizer set for the first lane, and the float64 arrays [lanes] of all.

    Parameters
    ----------
    optimizer : Optimizer
    hyper : dict
        A number or text for all lanes, or an array_like [lanes], by name.
    lanes : int
    dtype : {"float64", "float32"}

    Raises
    ------
    SettingError
        If a value is not a number, out of range, or not one for each lane.
    """
    setting_checks.check_names(optimizer.rule, {**dict(optimizer.given), **hyper})
    arrays = {
        name: _per_lane(name, value, lanes)
        for name, value in hyper.items()
        if not isinstance(value, str)
    }
    first = {name: values[0] for name, values in arrays.items()}
    optimizer = optimizer.with_settings(**{**hyper, **first})
    for name, values in arrays.items():
        setting_checks.check(optimizer.name, name, values, optimizer.hyper[name])
        arrays[name] = values.astype(np.float64) + 0.0
        gate.check_fits(f"{optimizer.name}: {name}", arrays[name], dtype)
    optimizer.check_fits(dtype)
    setting_checks.refuse_ranges(optimizer.label, optimizer.searched_by_hand)
    return optimizer, arrays


def settings_apart(
    optimizer: Optimizer, values: Mapping[str, Floats]
) -> tuple[Optimizer, dict[str, Floats]]:
    """Return the optimizer with what all lanes have in common, and what differs by lane.

    Parameters
    ----------
    optimizer : Optimizer
    values : dict of str to float64 [lanes]
        Hyperparameters but the rate.
    """
    differing = {name: column for name, column in values.items() if (column != column[:1]).any()}
    common = {
        name: float(column[0])
        for name, column in values.items()
        if name not in differing and len(column) and optimizer.values[name] != column[0]
    }
    return (optimizer.with_settings(**common) if common else optimizer), differing


def _per_lane(name: str, value: Any, lanes: int) -> NDArray[Any]:
    """Return a value of each lane, of the type that was passed."""
    try:
        values = np.asarray(value)
    except ValueError:
        raise SettingError(f"{name} has rows of different lengths") from None
    if values.shape not in ((), (1,), (lanes,)):
        hint = f"; lanes={values.size} runs one for each" if values.ndim == 1 < values.size else ""
        raise SettingError(
            f"{name} has shape {list(values.shape)}; give a number or one value for each of the "
            f"{lanes} lane{'s' * (lanes != 1)}{hint}"
        )
    return np.broadcast_to(values, (lanes,))
