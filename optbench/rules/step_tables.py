"""What depends on the step alone: a part's `uniform`, evaluated for all steps of a run."""

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.define.definitions import Part
from optbench.errors import DefinitionError


def uniform_count(part: Part) -> int:
    """Return the number of outputs of a part's `uniform`."""
    if "uniform" not in part.functions:
        return 0
    defaults = tuple((name, allowed.default) for name, allowed in part.hyper.items())
    return len(step_table(part, defaults, 1, 1)[0])


@functools.lru_cache(maxsize=256)
def step_table(
    part: Part, values: tuple[tuple[str, float | str], ...], steps: int, budget: int
) -> NDArray[np.float64]:
    """Return the outputs of a part's `uniform` in steps 1 on, float64 [steps, outputs].

    Parameters
    ----------
    values : tuple of (str, float or str)
        Hyperparameters.
    budget : int
        Steps of the whole run, for functions that take `steps`.
    """
    inputs = {**dict(values), "steps": budget}
    function = part.functions.get("uniform")
    if function is None:
        return np.empty((steps, 0))
    names, carried = _parameters(part, function, inputs)
    rows = []
    for t in range(1, steps + 1):
        inputs["t"] = t
        try:
            outputs = function(*(inputs[name] for name in names), *carried)
        except Exception as error:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} fails in step {t}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not isinstance(outputs, tuple) or len(outputs) < max(1, len(carried)):
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} returns {outputs!r}; it must return a "
                "tuple of outputs, the next carried values first: `return (output,)`"
            )
        carried = list(outputs[: len(carried)])
        rows.append(outputs)
    return np.array(rows, dtype=np.float64)


def _parameters(
    part: Part, function: Callable[..., Any], inputs: Collection[str]
) -> tuple[list[str], list[Any]]:
    """Return the names that a `uniform` takes, and the first of its carried values."""
    names, carried = [], []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            carried.append(parameter.default)
        elif name != "t" and name not in inputs:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} takes t, steps, hyperparameters of "
                f"{part.name} and carried values with a default, not {name!r}"
            )
        else:
            names.append(name)
    return names, carried
