"""Hyperparameters that differ by lane: lanes of one setting run together, a block has only one."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.catalog.instance import Floats, Problem
from optbench.errors import SettingError
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.groups import Results
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
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
    return optimizer, arrays


def _per_lane(name: str, value: Any, lanes: int) -> NDArray[Any]:
    """Return a value of each lane, of the type that was passed."""
    try:
        values = np.asarray(value)
    except ValueError:
        raise SettingError(f"{name} has rows of different lengths") from None
    if values.shape not in ((), (1,), (lanes,)):
        raise SettingError(
            f"{name} has shape {list(values.shape)}; give a number or one value for each of the "
            f"{lanes} lanes"
        )
    return np.broadcast_to(values, (lanes,))


def simulate_each(
    problem: Problem,
    optimizer: Optimizer,
    arrays: Mapping[str, Floats],
    inputs: LaneInputs,
    job: Job,
) -> Results:
    """Run the lanes of each distinct setting in `arrays` [lanes] by themselves."""
    if not arrays:
        return simulate(problem, optimizer, inputs, job)
    merged: Results | None = None
    for index, settings in _distinct_settings(arrays):
        results = simulate(
            problem, optimizer.with_settings(**settings), inputs.of_lanes(index), job
        )
        if len(index) == len(inputs):
            return results
        merged = merged or Results(
            *(empty((len(inputs), *array.shape[1:]), array.dtype) for array in results)
        )
        for whole, array in zip(merged, results, strict=True):
            whole[index] = array
    return merged


def _distinct_settings(
    arrays: Mapping[str, Floats],
) -> Iterator[tuple[NDArray[np.intp], dict[str, float]]]:
    """Yield (lane numbers, settings) of each distinct setting."""
    table = np.stack(list(arrays.values()), axis=1)
    distinct, member = np.unique(table, axis=0, return_inverse=True)
    for i, row in enumerate(distinct):
        settings = dict(zip(arrays, map(float, row), strict=True))
        yield np.flatnonzero(member.ravel() == i), settings
