"""One source for several targets: names that are supplied when a function is bound to a target.

A module that uses such a name imports its stub, which says what it stands for; `with_globals` makes
a copy of a function in which stubs, and other globals, are replaced by what a target supplies. A
name that is not there, or a stub that nobody replaced, is an error when functions are bound.
"""

import builtins
import functools
import types as python_types
from collections.abc import Callable, Mapping
from typing import Any

from optbench.kernels.compiling.source_checks import global_names


class Supplied:
    """A stub: it stands for what a target supplies under its name.

    Parameters
    ----------
    meaning : str or function
        What it stands for: a text for a value, a function without a body for a function.
    """

    def __init__(self, meaning: str | Callable[..., Any]) -> None:
        if callable(meaning):
            functools.update_wrapper(self, meaning)
        else:
            self.__doc__ = meaning

    def __call__(self, *arguments: object) -> Any:
        """Refuse: only copies that `with_globals` has made can be run."""
        raise TypeError(f"{getattr(self, '__name__', 'a stub')} is supplied by targets alone")


def with_globals(
    function: Callable[..., Any], names: Mapping[str, Any]
) -> python_types.FunctionType:
    """Return a copy of a plain function that sees other things under some of its globals.

    Parameters
    ----------
    function : function
    names : mapping of str
        What is supplied. Names that the function does not use are left out.

    Raises
    ------
    NameError
        If the function uses a name that its module does not have, or a stub that is not supplied.
    """
    known = function.__globals__
    used = global_names(function.__code__)
    for name in sorted(used):
        if name not in known and not hasattr(builtins, name):
            raise NameError(
                f"{function.__module__}.{function.__qualname__} uses {name!r}, which its module "
                "does not have: import the stub of what a target supplies"
            )
        if isinstance(names.get(name, known.get(name)), Supplied):
            raise NameError(
                f"{function.__module__}.{function.__qualname__} uses the stub {name!r}, which is "
                "not supplied"
            )
    copy = python_types.FunctionType(
        function.__code__,
        {**known, **{name: names[name] for name in used & names.keys()}},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__dict__.update(function.__dict__)  # marks such as `gives_view`
    return copy
