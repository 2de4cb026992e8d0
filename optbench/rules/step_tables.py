"""What depends on the step and hyperparameters alone: a part's `uniform`, in all steps of a run.

An author's `uniform` is plain Python. Long tables are filled by compiled code, which gives the same
bits; what that cannot do, and every error, is left to Python.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.define.definitions import Part
from optbench.errors import DefinitionError
from optbench.kernels.authors.step_loops import step_loop

COMPILED_ROWS = 5000
"""Rows from which on a table is filled by compiled code: Python takes 1 to 2 us a row, to load that
code takes 3 ms, to compile it 0.2 s, once."""

Setting: TypeAlias = tuple[float | str, ...]
Values: TypeAlias = Mapping[str, float | str | NDArray[np.float64]]


@functools.cache
def uniform_count(part: Part) -> int:
    """Return the number of outputs of a part's `uniform`."""
    function = part.functions.get("uniform")
    if function is None:
        return 0
    defaults = {name: allowed.default for name, allowed in part.hyper.items()}
    names, carried = _parameters(part, function, defaults)
    setting = tuple(defaults[name] for name in names if name in defaults)
    return int(_by_python(part, names, carried, [setting], 1, 1).shape[1])


def uniform_settings(part: Part) -> set[str]:
    """Return the names of the hyperparameters that a part's `uniform` takes."""
    function = part.functions.get("uniform")
    if function is None:
        return set()
    return {name for name in inspect.signature(function).parameters if name in part.hyper}


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
    tables = np.empty((steps, uniform_count(part), 1))
    fill_tables(part, dict(values), budget, tables)
    return tables[:, :, 0]


def fill_tables(part: Part, values: Values, budget: int, tables: NDArray[np.float64]) -> None:
    """Write the outputs of a part's `uniform` for many trials.

    Parameters
    ----------
    values : dict of str to float, str or float64 [trials]
        Hyperparameters: of all trials, or of each.
    budget : int
        Steps of the whole run, for functions that take `steps`.
    tables : float64 [steps, outputs, trials]
        Those of steps 1 on.

    Raises
    ------
    DefinitionError
        If the author's code fails, or does not return a tuple.
    """
    function = part.functions.get("uniform")
    if function is None:
        return
    steps, _, trials = tables.shape
    names, carried = _parameters(part, function, values)
    columns = [of_each(values[name], trials) for name in names if name in values]
    settings = list(zip(*columns, strict=True)) or [()] * trials
    place = {setting: i for i, setting in enumerate(dict.fromkeys(settings))}
    distinct = list(place)
    own = tables if len(place) == trials else np.empty((*tables.shape[:2], len(place)))
    if not _fills(part, names, carried, distinct, budget, own):
        own[:] = _by_python(part, names, carried, distinct, steps, budget)
    if own is not tables:
        tables[:] = own[:, :, [place[setting] for setting in settings]]


def of_each(value: float | str | NDArray[np.float64], trials: int) -> list[Any]:
    """Return the value of each trial."""
    return np.broadcast_to(value, trials).tolist() if np.ndim(value) else [value] * trials


def _parameters(
    part: Part, function: Callable[..., Any], values: Collection[str]
) -> tuple[tuple[str, ...], list[Any]]:
    """Return the names that a `uniform` takes, and the first of its carried values."""
    names, carried = [], []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            carried.append(parameter.default)
        elif name not in ("t", "steps") and name not in values:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} takes t, steps, hyperparameters of "
                f"{part.name} and carried values with a default, not {name!r}"
            )
        else:
            names.append(name)
    return tuple(names), carried


def compile_loops(parts: Iterable[Part]) -> None:
    """Compile, or load, what fills long tables of some parts."""
    for part in parts:
        if function := part.functions.get("uniform"):
            names, carried = _parameters(part, function, part.hyper)
            step_loop(function, names, len(carried), uniform_count(part))


def _fills(
    part: Part, names: tuple[str, ...], carried: list[Any], settings: list[Setting], budget: int,
    tables: NDArray[np.float64],
) -> bool:  # fmt: skip
    """Have compiled code fill tables; say whether it could, or Python has to."""
    numbers = [*carried, *(value for setting in settings for value in setting)]
    if len(settings) * len(tables) < COMPILED_ROWS or not all(
        isinstance(value, (int, float)) for value in numbers
    ):
        return False
    loop = step_loop(part.functions["uniform"], names, len(carried), tables.shape[1])
    if loop is None:
        return False
    values = np.ascontiguousarray(np.array(settings, np.float64).reshape(len(settings), -1).T)
    try:
        loop(values, float(budget), np.array(carried, np.float64), tables)
    except (ArithmeticError, ValueError):
        return False
    return True


def _by_python(
    part: Part, names: tuple[str, ...], carried: list[Any], settings: Sequence[Setting], steps: int,
    budget: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the tables [steps, outputs, settings], row by row as the author wrote it."""
    function = part.functions["uniform"]
    hyper = [name for name in names if name not in ("t", "steps")]
    tables = []
    for setting in settings:
        inputs = {**dict(zip(hyper, setting, strict=True)), "steps": budget}
        rows, passed_on = [], carried
        for t in range(1, steps + 1):
            inputs["t"] = t
            outputs = _outputs(part, function, [inputs[name] for name in names] + passed_on, t)
            if len(outputs) < max(1, len(carried)):
                raise _no_outputs(part, outputs)
            passed_on = list(outputs[: len(carried)])
            rows.append(outputs)
        tables.append(rows)
    return np.array(tables, dtype=np.float64).transpose(1, 2, 0)


def _outputs(
    part: Part, function: Callable[..., Any], arguments: list[Any], t: int
) -> tuple[Any, ...]:
    """Return what an author's `uniform` returns in step t."""
    try:
        outputs = function(*arguments)
    except Exception as error:
        raise DefinitionError(
            f"{part.place}: `uniform` of {part.name} fails in step {t}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(outputs, tuple):
        raise _no_outputs(part, outputs)
    return outputs


def _no_outputs(part: Part, outputs: object) -> DefinitionError:
    """Return the error of a `uniform` that returns something else than its outputs."""
    return DefinitionError(
        f"{part.place}: `uniform` of {part.name} returns {outputs!r}; it must return a tuple of "
        "outputs, the next carried values first: `return (output,)`"
    )
