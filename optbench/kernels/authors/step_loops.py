"""A part's `uniform` compiled: its outputs in every step, for many settings, with Python's bits."""

import builtins
import functools
import math
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher

from optbench.define.primitives import where
from optbench.errors import DefinitionError
from optbench.kernels.authors.retype import Retyper
from optbench.kernels.authors.sources import generated
from optbench.kernels.compiling import cache
from optbench.kernels.compiling.exact import BUILTINS, EXACT, FUNCTIONS, exact_helper, number
from optbench.kernels.compiling.explain import is_from_compiler
from optbench.kernels.compiling.source_checks import global_names

_SIGNATURE = types.void(
    types.Array(types.float64, 2, "C"), types.float64, types.Array(types.float64, 1, "C"),
    types.Array(types.float64, 3, "A"),
)  # fmt: skip


@functools.cache
def step_loop(
    function: FunctionType, names: tuple[str, ...], carried: int, outputs: int
) -> Dispatcher | None:
    """Compile a `uniform` for all steps of many settings; return None where only Python can do it.

    Parameters
    ----------
    function : function
        The author's.
    names : tuple of str
        Its parameters that are not carried: "t" is the step, "steps" the budget, the others are
        hyperparameters.
    carried : int
        How many parameters follow, which take the first of the last step's outputs.
    outputs : int
        How many values it returns.

    Returns
    -------
    dispatcher or None
        ``loop(values, budget, first, table)`` fills the table [steps, outputs, settings] from
        hyperparameters [h, settings], the budget and the first carried values, all float64. Where
        the author's code raises so does it: Python then says what and where.
    """
    try:
        source = _source(names, carried, outputs)
        author = _Exact(np.dtype(np.float64)).compiled(function)
        return cache.compiled(generated(source, {"author": author}), _SIGNATURE, EXACT, True)
    except DefinitionError:
        return None  # compiled code knows less than Python does
    except Exception as error:
        if not is_from_compiler(error):
            raise
        return None


def _source(names: Sequence[str], carried: int, outputs: int) -> str:
    """Return the source of the loop."""
    hyper = [name for name in names if name not in ("t", "steps")]
    known = {name: f"values[{i}, setting]" for i, name in enumerate(hyper)}
    # The step is a float: Python's whole numbers know no overflow either.
    known |= {"t": "k + 1.0", "steps": "budget"}
    arguments = [known[name] for name in names]
    arguments += [f"table[k - 1, {i}, setting] if k else first[{i}]" for i in range(carried)]
    lines = [
        "def block(values, budget, first, table):",
        "    for k in range(table.shape[0]):",
        "        for setting in range(table.shape[2]):",
        f"            outputs = author({', '.join(arguments)})",
        *[f"            table[k, {i}, setting] = outputs[{i}]" for i in range(outputs)],
    ]
    return "\n".join(lines) + "\n"


class _Exact(Retyper):
    """Compiles an author's code for exact results; what it cannot vouch for it refuses."""

    def function(self, function: FunctionType) -> FunctionType:
        """Return a function's copy."""
        names = global_names(function.__code__) - function.__globals__.keys()
        if beyond := (names & vars(builtins).keys()) - BUILTINS:
            raise DefinitionError(f"{function.__name__} calls {', '.join(sorted(beyond))}")
        copy = super().function(function)
        copy.__globals__["float"] = number
        return copy

    def value(self, value: Any, attributes: Any = frozenset()) -> Any:
        """Return what stands for a value; a function may round otherwise than Python's."""
        if value is math:
            module = ModuleType("math")
            for name in attributes & vars(math).keys():
                setattr(module, name, self.value(getattr(math, name)))
            return module
        if value in (np, np.linalg) or (callable(value) and not isinstance(value, FunctionType)):
            if value not in FUNCTIONS:
                raise DefinitionError(f"{value!r} has no exact counterpart")
            return FUNCTIONS[value]
        return super().value(value, attributes)

    def callee(self, function: FunctionType) -> Any:
        """Return what stands for a plain function in the copies of its callers."""
        return function if function is where else self.compiled(function)

    def finish(self, copy: FunctionType) -> Any:
        """Hand a copy over to the compiler."""
        return exact_helper(copy)
