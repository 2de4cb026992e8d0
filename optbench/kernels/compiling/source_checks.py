"""What compiled code cannot do, found in an author's function before the compiler sees it.

Some of it the compiler takes and gets wrong (`print` of many lanes, random numbers that no seed
decides), some it refuses in its own words, without a line. All of it can be told from bytecode,
which is at hand where the source is not (``python -c``, standard input).
"""

import builtins
import difflib
import dis
import inspect
import math
import sys
import types as python_types

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
    "sign": "math.copysign(1.0, v)", "abs": "abs(v)", "absolute": "abs(v)", "max": "max(a, b)",
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


def check(function):
    """Raise `DefinitionError` if a plain function does what cannot be compiled.

    The message is ``"file:line: function what it does: what to do"``. Functions that it calls are
    left out; see `check_all`.
    """
    for line, text in _faults(function.__code__, function):
        place = f"{function.__code__.co_filename}:{line}"
        raise DefinitionError(f"{place}: {function.__name__} {text}")


def check_all(function):
    """Check a function and all plain functions that it calls, which must not call themselves."""
    _walk(function, {})


def calls_itself(function):
    """Return the error of a function that calls itself, directly or through others."""
    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno}"
    return DefinitionError(
        f"{place}: {function.__name__} calls itself, which compiled code cannot do: write a loop"
    )


def global_names(code):
    """Return the names that code, and code inside it, looks up beyond its own variables."""
    names = set()
    for inner in _codes(code):
        names |= {one.argval for one in _instructions(inner) if one.opname in _GLOBAL}
    return names


def line_of(function, name):
    """Return the line where a function first uses a name (or an attribute of that name)."""
    for code in _codes(function.__code__):
        for one in _instructions(code):
            if one.argval == name and one.opname != "LOAD_CONST":
                return one.positions.lineno
    return function.__code__.co_firstlineno


def may_return_nothing(function):
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


def _instructions(code):
    return dis.get_instructions(code)


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            yield from _codes(constant)


def _walk(function, state):
    state[function] = "open"
    check(function)
    for _, _, value in _references(function.__code__, function):
        if isinstance(value, python_types.FunctionType) and not _is_ours(value):
            if state.get(value) == "open":
                raise calls_itself(value)
            if value not in state:
                _walk(value, state)
    state[function] = "closed"


def _is_ours(function):
    return function.__module__.partition(".")[0] in ("optbench", *sys.stdlib_module_names)


def _faults(code, function):
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
        text = _of_value(name, value)
        if text is not None:
            yield line, text
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            if constant.co_name in constant.co_freevars:
                yield (
                    constant.co_firstlineno,
                    f"has {constant.co_name!r} call itself, which compiled code cannot do: write "
                    "a loop",
                )
            yield from _faults(constant, function)


def _references(code, function):
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
        elif one.opname in _ATTRIBUTE and isinstance(value, python_types.ModuleType):
            name, value = f"{name}.{one.argval}", getattr(value, one.argval, _NOTHING)
        else:
            name, value = None, None
            continue
        yield one.positions.lineno, name, value


def _closure(function):
    """Return what a function's closure holds by name, as far as it is filled."""
    held = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:  # of a function that is defined further down
            held[name] = _NOTHING
    return held


def _global(function, name):
    found = function.__globals__.get(name, _NOTHING)
    return getattr(builtins, name, _NOTHING) if found is _NOTHING else found


def _of_value(name, value):
    """Return what is wrong with a reference to a value, or None."""
    if value is _NOTHING:
        return _missing(name)
    if isinstance(value, python_types.ModuleType):
        return _of_module(name, value)
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


def _of_module(name, module):
    if module.__name__ in ("random", "numpy.random", "secrets"):
        return f"draws with {name}, {_DRAWS}"
    top = module.__name__.partition(".")[0]
    if top in sys.stdlib_module_names and top not in _MODULES:
        return (
            f"uses the module {name}, which compiled code does not know: it knows math; work out "
            "anything else when the module is imported"
        )
    return None


def _missing(name):
    owner, _, short = name.rpartition(".")
    if not owner:
        return f"uses {name!r}, a name that is not defined: is it misspelt, or defined below?"
    instead = _UNLIKE_MATH.get(short) if owner == "math" else None
    if instead is None and owner == "math":
        near = difflib.get_close_matches(short, dir(math), 1)
        instead = f"math.{near[0]}" if near else None
    hint = f"write {instead}" if instead else "see its documentation"
    return f"uses {name}, which does not exist: {hint}"
