"""The code of formulas, and of what they call."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from docs.pages import markdown

Function = Callable[..., Any]


def source(function: Function) -> str:
    """Return the source of a function with its decorators, as if it stood alone."""
    return inspect.cleandoc("\n" + inspect.getsource(function))


def called(functions: Iterable[Function], folder: Path) -> dict[str, Function]:
    """Return the functions of files in a folder that functions call, and those that these call.

    Parameters
    ----------
    functions : iterable of function
    folder : path
        What stands elsewhere, as in libraries, is known by its name.

    Returns
    -------
    dict of str to function
        By name, each before those that it calls.
    """
    found: dict[str, Function] = {}
    waiting = list(functions)
    own = set(waiting)
    while waiting:
        for name, function in _named(waiting.pop(0)):
            if function not in own and name not in found and _stands_in(function, folder):
                found[name] = function
                waiting.append(function)
    return found


def shared(helpers: Mapping[str, Function]) -> list[str]:
    """Return the section of a page with what its formulas call; nothing if that is nothing."""
    if not helpers:
        return []
    code = "\n\n\n".join(map(source, helpers.values()))
    return [markdown.heading("What these formulas call", 2), markdown.code(code)]


def _stands_in(function: Function, folder: Path) -> bool:
    return Path(function.__code__.co_filename).resolve().parent == folder.resolve()


def _named(function: Function) -> Iterator[tuple[str, FunctionType]]:
    """Yield the plain Python functions that a function names, global or of its closure."""
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for name in _names(function.__code__):
        if isinstance(value := known.get(name), FunctionType):
            yield value.__name__, value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
