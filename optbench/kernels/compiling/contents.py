"""One digest of the functions and values of a definition, for identities of results."""

import functools
import hashlib
from collections.abc import Iterable
from types import FunctionType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.errors import DefinitionError
from optbench.kernels.compiling import fingerprint


class Definition(Protocol):
    """What authors declare: a problem, a net, a rule or a wrapper."""

    name: str
    place: str


@functools.cache
def _function_digest(function: FunctionType | None) -> str:
    return fingerprint.digest_of(function)


def _plain(value: Any) -> Any:
    """Return a value with all its numbers as floats: 1, 1.0 and np.int64(1) are one number."""
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        return float(value)
    return str(value) if isinstance(value, str) else value


def definition_digest(
    definition: Definition, functions: Iterable[FunctionType | None], *values: Any
) -> str:
    """Return a digest of the functions (None stands for none) and values of a definition.

    Raises
    ------
    DefinitionError
        If a function uses a value that has no digest.
    """
    try:
        return fingerprint.digest_of([_function_digest(f) for f in functions], *map(_plain, values))
    except fingerprint.UnknownValueError as error:
        raise DefinitionError(
            f"{definition.place}: {definition.name} uses {error}, whose content is not known: "
            "results could not be told from those with another content. Use numbers, tuples, "
            "arrays and functions"
        ) from error


def add_arrays(digest: "hashlib._Hash", *arrays: NDArray[Any] | None) -> None:
    """Add arrays to a digest, and where each begins; None is none."""
    for array in arrays:
        if array is None:
            digest.update(b"none;")
        else:
            digest.update(f"{array.dtype.str}{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).data)
