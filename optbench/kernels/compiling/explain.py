"""From Numba's messages to one sentence with the author's file and line.

Numba names its types, the engine's among them; authors read about coordinates and numbers.
What bytecode shows already is refused before that, by `source_checks`.
"""

import contextlib
import math
import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType

import numba
from numba.core.errors import NumbaError

from optbench.define import draws
from optbench.errors import DefinitionError, UserError
from optbench.kernels.compiling import source_checks

COMPILER = Path(numba.__file__).resolve().parent
FOLDERS = (Path(__file__).resolve().parents[1], Path(draws.__file__).resolve().parent, COMPILER)
"""Where code is nobody's whom a message should send there."""
_LINE = re.compile(r"During: typing of .* at (.+) \((\d+)\)")
_RAISED_FROM = re.compile(r"(?:Raised from|location:) (\S+) \(([1-9]\d*)\)")
_CALL = re.compile(r">>> (\w+)\((.*)\)")
_ROWS = r"(?:Dual|Single)?Rows\("
_NOISE = ("Failed in nopython mode", "There are", "During:", "File ")
_OPERATORS = {
    "floordiv": "//", "ifloordiv": "//", "matmul": "@", "getitem": "[]", "setitem": "[] =",
    "getiter": "for", "add": "+", "iadd": "+=", "sub": "-", "isub": "-=", "mul": "*", "imul": "*=",
    "truediv": "/", "itruediv": "/=", "pow": "**", "ipow": "**=", "neg": "-", "mod": "%",
    "xor": "^", "contains": "in", "delitem": "del", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    "eq": "==", "ne": "!=", "imatmul": "@=", "lshift": "<<", "rshift": ">>",
    "single": "float",
}  # fmt: skip
_NUMPY = {
    "sign": "optbench.define.sign(v)", "absolute": "abs(v)", "fabs": "abs(v)",
    "maximum": "max(a, b)", "minimum": "min(a, b)", "square": "v * v", "power": "v ** n",
    "where": "optbench.define.where",
    "arctan": "math.atan", "arcsin": "math.asin", "arccos": "math.acos", "arctan2": "math.atan2",
    "arcsinh": "math.asinh", "arccosh": "math.acosh", "arctanh": "math.atanh",
    "clip": "min(max(v, low), high)", "heaviside": "optbench.define.where",
    "norm": "math.sqrt of a sum of squares",
}  # fmt: skip
_INSTEAD = {
    "round": "math.floor(v + 0.5)", "xor": "** for a power", "floordiv": "math.floor(a / b)",
    "ifloordiv": "math.floor(a / b)", "divmod": "math.floor(a / b) and a % b",
}  # fmt: skip
_LOOP = "write a loop: for i in range(len(x)): ... x[i]"
_MATH_FUNCTIONS = (
    "exp expm1 log log1p log2 log10 sqrt sin cos tan asin acos atan atan2 sinh cosh tanh hypot "
    "copysign fabs floor ceil erf isnan isfinite"
)


def explained(
    error: Exception | None, place: str, name: str, functions: Sequence[FunctionType] = ()
) -> str:
    """Return ``"file:line: what is wrong and what to do"`` of a function that does not compile.

    Parameters
    ----------
    error : Exception
        What Numba raised.
    place : str
        Where the function is defined, for errors that name no line of the author's.
    name : str
        What the function is called.
    functions : sequence of function
        The author's, where lines are looked up that the error does not name.
    """
    text = str(error)
    reason = _reason(text, name, functions)
    return f"{_place(text) or _place_of_name(text, functions) or place}: {reason}"


def is_from_compiler(error: Exception) -> bool:
    """Say whether it is the compiler that refuses code, or that itself stumbles over it.

    Some code makes it raise errors of Python's. What comes from elsewhere, such as the engine, is
    no mistake of an author's.
    """
    if isinstance(error, NumbaError):
        return True
    place = Path(traceback.extract_tb(error.__traceback__)[-1].filename).resolve()
    ours = isinstance(error, (UserError, OSError, MemoryError))
    return place.is_relative_to(COMPILER) and not ours


@contextlib.contextmanager
def locating_author_errors() -> Iterator[None]:
    """Turn what author code raises while it runs into a `DefinitionError` with file and line."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(str(error).split())
        raised = f"{type(error).__name__}: {text}" if text else type(error).__name__
        place = f"{frame.filename}:{frame.lineno}: {frame.name}"
        if _is_inside(frame.filename):
            place = "a problem or an update rule"
        raise DefinitionError(
            f"{place} raises {raised}; compiled code must return a number for every point: return "
            "math.inf or math.nan where it has none"
        ) from error


def _place(text: str) -> str | None:
    """Return the innermost line that is not the engine's own, nor the compiler's."""
    for file, line in (*_LINE.findall(text), *_RAISED_FROM.findall(text)):
        if not file.startswith("<") and not _is_inside(file):
            return f"{file}:{line}"
    return None


def _is_inside(file: str) -> bool:
    """Say whether a file is the engine's or the compiler's."""
    path = Path(file).resolve()
    return any(path.is_relative_to(folder) for folder in FOLDERS)


def _place_of_name(text: str, functions: Sequence[FunctionType]) -> str | None:
    """Return the line that uses the name that an error is about."""
    named = re.search(r"(?:Untyped global name '|assigned to variable ')(\w+)'", text)
    if named is None:
        return None
    for function in functions:
        line = source_checks.line_of(function, named[1])
        if line is not None:
            return f"{function.__code__.co_filename}:{line}"
    return None


def _reason(text: str, name: str, functions: Sequence[FunctionType]) -> str:
    """Return what is wrong and what to do, the first of all explanations that fits."""
    call = _CALL.search(text)
    function, arguments = call.groups() if call else ("", "")
    for reason in (
        _of_branches(function, arguments),
        _of_results(text, function, arguments, functions),
        _of_all_coordinates(text, function, arguments),
        _of_modules(text, function),
        _of_names(text),
        _of_numbers(function, arguments, functions),
    ):
        if reason is not None:
            return f"{name} {reason}"
    return f"{name} cannot be compiled: {_in_words(text)}"


def _of_branches(function: str, arguments: str) -> str | None:
    """What is wrong where the code goes one way or the other by the data."""
    if function == "bool" and "Mask(" in arguments:
        return (
            "branches on data here (if, while, and, or): where(condition, a, b), min, max, "
            "and & | between comparisons keep it in SIMD"
        )
    if function == "int" and "Vec(" in arguments:
        return "needs int() of a coordinate here, which has one lane at a time"
    if function == "exception_match":
        return (
            "catches an exception here: compiled arithmetic raises none (1 / 0 is inf, 0 / 0 is "
            "nan); test for the case itself"
        )
    return None


def _of_all_coordinates(text: str, function: str, arguments: str) -> str | None:
    """What is wrong where the whole point (or gradient) is used like a number or a list."""
    if function == "setitem" and re.match(_ROWS, arguments):
        if arguments.startswith("DualRows") or "read-only" in arguments:
            return "changes x, which it may only read: use a variable of its own"
        return "writes something here that is not a number"
    if function == "getitem" and re.match(_ROWS, arguments):
        if "slice" in arguments:
            return f"takes a slice of x here, which compiled code cannot do: {_LOOP}"
        return "takes a coordinate here by something that is no whole number: write x[i], i from 0"
    if re.search(rf"getiter with parameters \({_ROWS}", text):
        return f"loops over x itself here: {_LOOP}"
    if re.search(r"getiter with parameters \((?:Literal\[)?u?int", text):
        return "loops over a number here: write for i in range(...)"
    if re.search(r"getiter with parameters \((Dual|Vec)", text):
        return "loops over one number here: x and g are one coordinate each"
    if re.search(rf"failed to unpack {_ROWS}", text):
        return "unpacks x here: write a, b = x[0], x[1]"
    attribute = re.search(rf"Unknown attribute '(\w+)' of type {_ROWS}", text)
    if attribute:
        return f"uses x.{attribute[1]}, which compiled code does not know (x has len(x)): {_LOOP}"
    if re.search(rf"Invalid use of {_ROWS}", text):
        return "calls x like a function here: write x[i]"
    if re.search(_ROWS, arguments):
        verb = f"{_OPERATORS.get(function, function)!r} of all coordinates at once"
        return f"takes {verb} here, but compiled code works on one number at a time: {_LOOP}"
    if function in ("len", "getitem") and re.match(r"(Dual|Vec)", arguments):
        return "takes a number for a list here: it is one coordinate, without [] and len()"
    return None


def _of_results(
    text: str, function: str, arguments: str, functions: Sequence[FunctionType]
) -> str | None:
    """What is wrong with what the function returns."""
    stores = function == "setitem" and arguments.endswith(", none")
    if function not in ("differentiated", "store") and "unhashable type" not in text and not stores:
        return None
    if any(source_checks.may_return_nothing(one) for one in functions):
        return "must return a value on every way through it: a return is missing"
    if function == "setitem":
        return None
    return "must return one number"


def _of_modules(text: str, function: str) -> str | None:
    """What is wrong with a function of NumPy or `math`."""
    numpy = re.search(r"ufunc|numpy|<built-in function (where|dot|array)>", text)
    if function in _NUMPY or (function and numpy):
        if function in _NUMPY:
            instead = _NUMPY[function]
        else:
            instead = f"math.{function}" if hasattr(math, function) else "a loop over x[i]"
        return f"uses NumPy's {function!r} here: write {instead} instead"
    attribute = re.search(r"Unknown attribute '(\w+)' of type Module\(<module '(\w+)'", text)
    if attribute:
        only = f" (it knows {_MATH_FUNCTIONS})" if attribute[2] == "math" else ""
        return f"uses {attribute[2]}.{attribute[1]}, which compiled code does not know{only}"
    return None


def _of_names(text: str) -> str | None:
    """What is wrong with a global name, a variable or the arguments of a call."""
    name = re.search(r"Untyped global name '(\w+)'.*?(<.*>)?$", text, re.MULTILINE)
    if name:
        return (
            f"uses {name[1]}, which compiled code does not know: it takes numbers, tuples and "
            "arrays of numbers, plain functions, math, range, len, min, max and abs"
        )
    if "cannot be determined" in text:
        return "has a value here whose type the compiler cannot tell: write it in two steps"
    bound = re.search(r"to signature '(\(.*?\))' due to \"TypeError: (.*?)\"", text)
    if bound:
        return f"calls a function {bound[1]} wrongly here: {bound[2]}"
    return None


def _of_numbers(
    function: str, arguments: str, functions: Sequence[FunctionType]
) -> str | None:  # fmt: skip
    """What is wrong where a function of single numbers is not to be had."""
    if not function or not re.search(r"(Dual|Vec)\(", arguments):
        return None
    word = _OPERATORS.get(function, function)
    if "Mask(" in arguments or re.search(r"\bbool", arguments):
        return (
            f"takes a comparison, which is true or false, for a number here, with {word!r}: write "
            "where(condition, 1.0, 0.0) or sign(v), which optbench.define has"
        )
    if function == "pow" and any(
        "pow" in source_checks.global_names(one.__code__) for one in functions
    ):
        return "uses pow() here: write a ** b"
    if function in _INSTEAD:
        return f"uses {word!r} here, which compiled code does not know: write {_INSTEAD[function]}"
    if "Dual(" in arguments:
        return (
            f"uses {word!r} here, whose derivative dual numbers do not know: they know "
            "+ - * / % **, abs, min, max, where and most functions of math. "
            "Use these, or take g after x and fill g[i] by hand"
        )
    return (
        f"uses {word!r} here with a number that it does not take: compiled code knows "
        "+ - * / % **, abs, min, max, where and functions of math"
    )


def _in_words(text: str) -> str:
    """Return the first lines of a message, without the compiler's types and addresses."""
    lines: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if lines and (not line or line.startswith(("def ", *_NOISE))):
            break
        if line and not line.startswith(_NOISE):
            lines.append(line)
    words = " ".join(lines[:4])
    for pattern, word in (
        (r"(?:Dual)?Rows\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "all coordinates"),
        (r"(?:Dual|Vec|Mask)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "a number"),
        (r"Literal\[int\]\((-?\d+)\)", r"\1"),
        (r"reflected list\(([^()]*)\)(?:<iv=[^>]*>)?", "a list"),
        (r" at 0x[0-9a-f]+", ""),
        (r"\$\d+[\w.]*", "a value"),
    ):
        words = re.sub(pattern, word, words)
    return words[:300]
