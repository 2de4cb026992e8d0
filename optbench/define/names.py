"""Names that authors choose, names that the engine has, and where functions are written."""

import inspect
import keyword
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

from optbench.errors import DefinitionError

ENGINE_ARGUMENTS = (
    "x", "g", "f", "f_ref", "phase", "x_old", "base_lr", "hessian", "key", "index", "count",
)  # fmt: skip
"""What the functions of every rule and wrapper may take by name, beside what is declared."""


def checked_name(place: str, name: str) -> str:
    """Return the name of a definition; raise `DefinitionError` unless it is snake case."""
    if not is_name(name):
        raise DefinitionError(
            f"{place}: the name {name!r} is not lower snake case ([a-z][a-z0-9_]*)"
        )
    return name


def is_name(name: object) -> bool:
    """Whether a name is one that authors may choose: lower snake case, and no word of Python's."""
    return (
        isinstance(name, str)
        and bool(re.fullmatch(r"[a-z][a-z0-9_]*", name))
        and not keyword.iskeyword(name)
    )


def place_of(function: Callable[..., Any]) -> str:
    """Return where a function is written: file and line."""
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    plain = plain_arguments(function)
    return tuple(inspect.signature(function).parameters) if plain is None else plain


def plain_arguments(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return the names of the parameters of a function that has plain ones alone, else None.

    They are those of `inspect.signature`, which takes twenty times as long: the catalog declares
    hundreds of functions.
    """
    if type(function) is not FunctionType or vars(function):  # it may have another's signature
        return None
    code = function.__code__
    if code.co_posonlyargcount or code.co_kwonlyargcount or function.__defaults__:
        return None
    if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return None
    return code.co_varnames[: code.co_argcount]
