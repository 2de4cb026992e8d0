"""From Numba's messages to one sentence with the author's file and line."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
_LINE = re.compile(r"During: typing of .* at (.+) \((\d+)\)")
_CALL = re.compile(r">>> (\w+)\((.*)\)")
_NOISE = ("Failed in nopython mode", "There are", "During:", "File ")
_OPERATORS = {
    "floordiv": "//", "ifloordiv": "//", "matmul": "@", "getitem": "[]", "setitem": "[] =",
    "getiter": "for",
}  # fmt: skip


def explained(error, place, name):
    """Return ``"file:line: what is wrong and what to do"`` of a function that does not compile.

    Parameters
    ----------
    error : numba.core.errors.NumbaError
    place : str
        Where the function is defined, for errors that name no line of the author's.
    name : str
        What the function is called.
    """
    text = str(error)
    return f"{_place(text) or place}: {_reason(text, name)}"


def _place(text):
    """Return the innermost line that is not the engine's own."""
    for file, line in _LINE.findall(text):
        if not file.startswith("<") and Path(file).resolve().parent != FOLDER:
            return f"{file}:{line}"
    return None


def _reason(text, name):
    call = _CALL.search(text)
    function, arguments = call.groups() if call else ("", "")
    if function == "bool" and "Mask(" in arguments:
        return (
            f"{name} branches on data here (if, while, and, or): where(condition, a, b), min, max, "
            "and & | between comparisons keep it in SIMD"
        )
    if function == "int" and "Vec(" in arguments:
        return f"{name} needs int() of a coordinate here, which has one lane at a time"
    if function == "setitem" and arguments.startswith(("DualRows", "Rows")):
        if arguments.startswith("DualRows") or "read-only" in arguments:
            return f"{name} changes x, which it may only read: use a variable of its own"
        return f"{name} writes something here that is not a number"
    if function in ("differentiated", "store"):
        return f"{name} must return one number (is a return missing?)"
    if "ufunc" in text and function:
        return f"{name} uses NumPy's {function!r} here: use math.{function}, or arithmetic, instead"
    if function and "Dual(" in arguments:
        function = _OPERATORS.get(function, function)
        return (
            f"{name} uses {function!r} here, whose derivative dual numbers do not know: they know "
            "+ - * / % **, abs, min, max, where and most functions of math. Use these, or take g "
            "after x and fill g[i] by hand"
        )
    told = []
    for line in map(str.strip, text.splitlines()):
        if told and (not line or line.startswith(("def ", *_NOISE))):
            break
        if line and not line.startswith(_NOISE):
            told.append(line)
    return f"{name} cannot be compiled: {' '.join(told[:4])}"
