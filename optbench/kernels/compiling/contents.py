"""The content of definitions: one hash of their functions and values, for identities of results."""

import functools

import numpy as np

from optbench.errors import DefinitionError
from optbench.kernels.compiling import fingerprint


@functools.cache
def _content(function):
    return fingerprint.content(function)


def _plain(value):
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


def contents(definition, functions, *values):
    """Return the hash of functions (None stands for none) and values of a definition.

    Raises
    ------
    DefinitionError
        If a function uses something that no hash is known of.
    """
    try:
        return fingerprint.content([_content(f) for f in functions], *map(_plain, values))
    except fingerprint.UnknownValueError as error:
        raise DefinitionError(
            f"{definition.place}: {definition.name} uses {error}, whose content is not known: "
            "results could not be told from those with another content. Use numbers, tuples, "
            "arrays and functions"
        ) from error
