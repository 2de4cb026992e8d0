"""What depends on the step alone: a part's `uniform`, evaluated for all steps of a run."""

import functools
import inspect

import numpy as np

from optbench.errors import DefinitionError


def uniform_count(part):
    """Return the number of outputs of a part's `uniform`."""
    if "uniform" not in part.functions:
        return 0
    defaults = tuple((name, allowed.default) for name, allowed in part.hyper.items())
    return step_table(part, defaults, 1, 1).shape[1]


@functools.lru_cache(maxsize=256)
def step_table(part, values, steps, budget):
    """Return the outputs of a part's `uniform` in steps 1 on, float64 [steps, outputs].

    Parameters
    ----------
    values : tuple of (str, float or str)
        Hyperparameters.
    budget : int
        Steps of the whole run, for functions that take `steps`.
    """
    values = {**dict(values), "steps": budget}
    function = part.functions.get("uniform")
    if function is None:
        return np.empty((steps, 0))
    arguments, carried = [], []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            carried.append(parameter.default)
        elif name != "t" and name not in values:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} takes t, steps, hyperparameters of "
                f"{part.name} and carried values with a default, not {name!r}"
            )
        else:
            arguments.append(name)
    rows = []
    for t in range(1, steps + 1):
        inputs = [t if name == "t" else values[name] for name in arguments]
        try:
            outputs = function(*inputs, *carried)
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
