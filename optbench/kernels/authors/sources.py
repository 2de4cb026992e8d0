"""The generated functions that hand an author's function the arrays of a block.

Sources are text because the compiler sees one flat function for each set of arguments; both targets
make theirs from them.
"""

import inspect
import linecache
from collections.abc import Mapping
from types import FunctionType
from typing import Any, TypeAlias

from optbench.errors import DefinitionError
from optbench.kernels.authors.restarting import restart_functions
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.memory.calls import MetricsCall, ProblemCall

NetCall: TypeAlias = type[ProblemCall] | type[MetricsCall]
"""Calls whose functions may take the arrays of a whole block."""
_PROBLEM_ARGUMENTS = {
    "x": "fixed_rows(x, lane)", "g": "rows(g, lane)", "p": "p", "q": "q", "z": "spare(work)",
    "stream": "key[0]",
    "key": "mix(key[0], t)", "t": "t", "full": "full",
}  # fmt: skip
_DUAL_ARGUMENTS = {**_PROBLEM_ARGUMENTS, "x": "dual_rows(fixed_rows(x, lane), first)"}
_PRODUCT_ARGUMENTS = {
    **_PROBLEM_ARGUMENTS,
    "x": "directed(fixed_rows(x, lane), fixed_rows(direction, lane))",
    "g": "directed(rows(gradient, lane), rows(product, lane))",
    "z": "directed(spare(work), spare_beside(work))",
}
_METRICS_ARGUMENTS = {"x": "fixed_rows(x, lane)", "p": "p", "q": "q", "part": "part"}


def problem_source(function: FunctionType, dim: int | None = None) -> str:
    """Return the source of ``block(call, t, full)``, which calls `author`; `width` is open.

    With `dim` it is for so many coordinates alone.
    """
    arguments = _bound(function, _PROBLEM_ARGUMENTS)
    return f"""def block(call, t, full):
    {_fields(ProblemCall)} = fetch(call){_known(dim)}
    for lane in range(0, x.shape[1], {{width}}):
        store(f, lane, author({arguments}))
"""


def dual_source(function: FunctionType, dim: int | None = None) -> str:
    """Return the source for a problem without `g`; `width` and `directions` are open."""
    arguments = _bound(function, _DUAL_ARGUMENTS)
    return f"""def block(call, t, full):
    {_fields(ProblemCall)} = fetch(call){_known(dim)}
    for lane in range(0, x.shape[1], {{width}}):
        for first in range(0, x.shape[0], {{directions}}):
            differentiated(f, g, lane, first, author({arguments}))
"""


def product_source(function: FunctionType, dim: int | None = None) -> str:
    """Return the source of ``block(call, t, full)`` for products with the Hessian.

    It calls `author`, which fills g, over Duals of one direction; `width` is open. For the rows of
    g see `authors.products`.
    """
    arguments = _bound(function, _PRODUCT_ARGUMENTS)
    return f"""def block(call, t, full):
    {_fields(ProblemCall)} = fetch(call)
    d = {"x.shape[0]" if dim is None else dim}
    x, product = with_rows(x, d), with_rows(g, d)
    direction, gradient = rows_from(g, d, d), rows_from(g, 2 * d, d)
    for lane in range(0, x.shape[1], {{width}}):
        put_value(f, lane, author({arguments}))
"""


def _known(dim: int | None) -> str:
    """Return the line after which x and g have a known number of rows."""
    return "" if dim is None else f"\n    x, g = with_rows(x, {dim}), with_rows(g, {dim})"


def metrics_source(function: FunctionType) -> str:
    """Return the source of ``block(call, part)``, which calls `author`; `width` is open."""
    arguments = _bound(function, _METRICS_ARGUMENTS)
    return f"""def block(call, part):
    {_fields(MetricsCall)} = fetch(call)
    for lane in range(0, x.shape[1], {{width}}):
        first, second = author({arguments})
        store(m[0], lane, first)
        store(m[1], lane, second)
"""


def whole_source(cls: NetCall) -> str:
    """Return the source of ``block(call, ...)``, which hands `author` a call's arrays."""
    integers = ", ".join(("t", "full") if cls is ProblemCall else ("part",))
    arrays = _fields(cls)
    return f"""def block(call, {integers}):
    {arrays} = fetch(call)
    author({arrays}, {integers})
"""


def rule_functions(layout: RuleLayout) -> dict[str, FunctionType]:
    """Return the authors' functions under the names that `rule_source` calls them by."""
    functions = {
        f"{part.name}_{kind}": function
        for part in layout.parts
        for kind, function in part.functions.items()
        if kind != "uniform"
    }
    return functions | restart_functions(layout)


def _fields(cls: NetCall) -> str:
    """Return the names of a call's arrays, in order."""
    return ", ".join(cls._fields)


def _bound(function: FunctionType, available: Mapping[str, str]) -> str:
    """Return the arguments of a call of `function`: for each parameter what is `available`."""
    names = inspect.signature(function).parameters
    for name in names:
        if name not in available:
            code = function.__code__
            raise DefinitionError(
                f"{code.co_filename}:{code.co_firstlineno}: {function.__name__} takes {name!r}, "
                f"but only {', '.join(available)} are known"
            )
    return ", ".join(available[name] for name in names)


def generated(source: str, scope: Mapping[str, Any]) -> FunctionType:
    """Return the function `block` of a source, which tracebacks can show."""
    filename = f"<optbench block {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = {"__name__": "optbench.kernels.generated", **scope}
    exec(compile(source, filename, "exec"), scope)
    return scope["block"]
