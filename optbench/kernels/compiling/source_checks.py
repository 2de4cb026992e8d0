"""What compiled code cannot do, refused in an author's function before the compiler sees it.

Some of it the compiler takes and gets wrong (`print` of many lanes, random numbers that no seed
decides), some it refuses in its own words, without a line. All of it shows in bytecode, which
is at hand where the source is not (``python -c``, standard input).
"""

import builtins
import difflib
import dis
import inspect
import math
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal

from optbench.errors import DefinitionError

_LOOK = (
    "take it out; to look at numbers, call the function itself in plain Python, where it can print"
)
_DRAWS = (
    "which no seed decides: take key and draw with normal(key, i) or uniform(key, i) of "
    "optbench.define"
)
_BUILTINS = {
    "print": f"prints, which compiled code cannot do: {_LOOK}",
    "breakpoint": f"stops at a breakpoint, which compiled code cannot do: {_LOOK}",
    "input": "asks for input, which compiled code cannot do: write the number down",
    "open": "opens a file, which compiled code cannot do: read it when the module is imported, "
    "and keep the numbers in a tuple",
    "reversed": "uses reversed: write for i in range(len(x) - 1, -1, -1)",
    "eval": "uses eval: write the formula down",
    "exec": "uses exec: write the formula down",
    "globals": "looks up globals by name: use them directly",
    "locals": "looks up variables by name: use them directly",
    "str": "makes a text, which compiled code cannot do: leave it out",
    "repr": "makes a text, which compiled code cannot do: leave it out",
    "isinstance": "asks for a type: all numbers are of one, leave it out",
    "type": "asks for a type: all numbers are of one, leave it out",
}
_MODULES = ("math", "operator", "enum", "builtins", "typing")
"""What author code may use of the standard library."""
_UNLIKE_MATH = {
    "sign": "optbench.define.sign(v)", "abs": "abs(v)", "absolute": "abs(v)", "max": "max(a, b)",
    "min": "min(a, b)", "round": "math.floor(v + 0.5)", "square": "v * v", "ln": "math.log(v)",
    "power": "v ** n", "arctan": "math.atan(v)", "arcsin": "math.asin(v)", "PI": "math.pi",
    "arccos": "math.acos(v)", "sum": "a loop", "relu": "max(v, 0.0)",
}  # fmt: skip
_OPERATIONS = {
    "IMPORT_NAME": "imports inside the function: import at the top of the file",
    "STORE_GLOBAL": "changes the global {!r}: compiled code keeps nothing from call to call",
    "DELETE_GLOBAL": "deletes the global {!r}: compiled code keeps nothing from call to call",
    "BEFORE_WITH": "uses with, which compiled code does not know: leave it out",
    "LOAD_BUILD_CLASS": "defines a class, which compiled code cannot do: use numbers and tuples",
    "UNPACK_EX": "unpacks with a star: write x[0], x[1], ... or a loop over range(len(x))",
}
_GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def check(function: FunctionType) -> None:
    """Raise `DefinitionError` if a plain function does what cannot be compiled.

    The message is ``"file:line: function what it does: what to do"``. Functions that it calls are
    left to `check_all`.
    """
    for line, text in _faults(function.__code__, function):
        place = f"{function.__code__.co_filename}:{line}"
        raise DefinitionError(f"{place}: {function.__name__} {text}")


def check_all(function: FunctionType) -> None:
    """Check a function and all plain functions that it calls, which must not call themselves."""
    _walk(function, {})


def recursion_error(function: FunctionType) -> DefinitionError:
    """Return the error of a function that calls itself, directly or through others."""
    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno}"
    return DefinitionError(
        f"{place}: {function.__name__} calls itself, which compiled code cannot do: write a loop"
    )


def global_names(code: CodeType) -> set[str]:
    """Return the names that code, and code inside it, looks up beyond its own variables."""
    names = set()
    for inner in _codes(code):
        names |= {one.argval for one in _instructions(inner) if one.opname in _GLOBAL}
    return names


def line_of(function: FunctionType, name: str) -> int | None:
    """Return the line where a function first uses a name (or an attribute of that name)."""
    for code in _codes(function.__code__):
        for one in _instructions(code):
            if one.argval == name and one.opname != "LOAD_CONST":
                return one.positions.lineno
    return function.__code__.co_firstlineno


def may_return_nothing(function: FunctionType) -> bool:
    """Say whether a function has a way to its end without a value."""
    before = None
    for one in _instructions(function.__code__):
        nothing = before is not None and before.opname == "LOAD_CONST" and before.argval is None
        if one.opname == "RETURN_VALUE" and nothing:
            return True
        if one.opname == "RETURN_CONST" and one.argval is None:
            return True
        before = one
    return False


_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING = object()


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    return dis.get_instructions(code)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield code and all code inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _walk(function: FunctionType, state: dict[FunctionType, Literal["open", "closed"]]) -> None:
    """Check a function and those that it calls; `state` has those that were met."""
    state[function] = "open"
    check(function)
    for _, _, value in _references(function.__code__, function):
        if isinstance(value, FunctionType) and not _is_ours(value):
            if state.get(value) == "open":
                raise recursion_error(value)
            if value not in state:
                _walk(value, state)
    state[function] = "closed"


def _is_ours(function: FunctionType) -> bool:
    """Say whether a function is no author's: the project's or of the standard library."""
    return function.__module__.partition(".")[0] in ("optbench", *sys.stdlib_module_names)


def _faults(code: CodeType, function: FunctionType) -> Iterator[tuple[int | None, str]]:
    """Yield (line, what it does and what to do) of code and the code inside it."""
    if code.co_flags & _GENERATOR:
        if code.co_name == "<genexpr>":
            yield code.co_firstlineno, "uses a generator expression: add up in a loop instead"
        else:
            yield code.co_firstlineno, "yields: it must return one number"
    for one in _instructions(code):
        text = _OPERATIONS.get(one.opname)
        if text is not None:
            yield one.positions.lineno, text.format(one.argval)
    for line, name, value in _references(code, function):
        text = _fault_of_value(name, value)
        if text is not None:
            yield line, text
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name in constant.co_freevars:
                yield (
                    constant.co_firstlineno,
                    f"has {constant.co_name!r} call itself, which compiled code cannot do: write "
                    "a loop",
                )
            yield from _faults(constant, function)


def _references(code: CodeType, function: FunctionType) -> Iterator[tuple[int | None, str, Any]]:
    """Yield (line, dotted name, value) of what code refers to outside of itself.

    Attributes of modules are followed, and the value is `_NOTHING` where there is none.
    """
    outside = _closure(function)
    name, value = None, None
    for one in _instructions(code):
        if one.opname in ("CACHE", "PUSH_NULL", "PRECALL"):
            continue
        if one.opname in _GLOBAL:
            name, value = one.argval, _global(function, one.argval)
        elif one.opname == "LOAD_DEREF" and one.argval in outside:
            name, value = one.argval, outside[one.argval]
        elif one.opname in _ATTRIBUTE and isinstance(value, ModuleType):
            name, value = f"{name}.{one.argval}", getattr(value, one.argval, _NOTHING)
        else:
            name, value = None, None
            continue
        yield one.positions.lineno, name, value


def _closure(function: FunctionType) -> dict[str, Any]:
    """Return what a function's closure holds by name, as far as it is filled."""
    contents = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            contents[name] = cell.cell_contents
        except ValueError:  # of a function that is defined further down
            contents[name] = _NOTHING
    return contents


def _global(function: FunctionType, name: str) -> Any:
    """Return what a global name of a function stands for, or `_NOTHING`."""
    value = function.__globals__.get(name, _NOTHING)
    return getattr(builtins, name, _NOTHING) if value is _NOTHING else value


def _fault_of_value(name: str, value: Any) -> str | None:
    """Return what is wrong with a reference to a value, or None."""
    if value is _NOTHING:
        return _fault_of_missing(name)
    if isinstance(value, ModuleType):
        return _fault_of_module(name, value)
    if isinstance(value, (list, dict, set, bytearray)):
        kind = type(value).__name__
        return (
            f"uses the {kind} {name}, which may change while compiled code does not: make it a "
            "tuple of numbers"
        )
    if hasattr(value, "place") and hasattr(value, "source"):
        return (
            f"uses {name}, which is a definition of its own: put the formula into a plain function "
            "that both call"
        )
    short = name.rpartition(".")[2]
    if short in _BUILTINS and value is getattr(builtins, short, None):
        return _BUILTINS[short]
    if getattr(value, "__module__", None) == "random":  # from random import gauss
        return f"draws with {name}, {_DRAWS}"
    return None


def _fault_of_module(name: str, module: ModuleType) -> str | None:
    """Return what is wrong with a module, or None."""
    if module.__name__ in ("random", "numpy.random", "secrets"):
        return f"draws with {name}, {_DRAWS}"
    top = module.__name__.partition(".")[0]
    if top in sys.stdlib_module_names and top not in _MODULES:
        return (
            f"uses the module {name}, which compiled code does not know: it knows math; work out "
            "anything else when the module is imported"
        )
    return None


def _fault_of_missing(name: str) -> str:
    """Return what is wrong with a name that stands for nothing."""
    owner, _, short = name.rpartition(".")
    if not owner:
        return f"uses {name!r}, a name that is not defined: is it misspelt, or defined below?"
    instead = _UNLIKE_MATH.get(short) if owner == "math" else None
    if instead is None and owner == "math":
        near = difflib.get_close_matches(short, dir(math), 1)
        instead = f"math.{near[0]}" if near else None
    hint = f"write {instead}" if instead else "see its documentation"
    return f"uses {name}, which does not exist: {hint}"
