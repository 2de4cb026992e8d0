"""What an author's functions say about an instance: arrays of numbers, as long as they must be."""

import contextlib

import numpy as np

from optbench.errors import DefinitionError, UserError
from optbench.gate import real, shown

FACTS = ("p", "q", "minimum", "f_min", "start")


def own_instance(definition, dim, instance):
    """Return what ``@problem.instance`` says, checked: see `ProblemDefinition.instance`.

    Raises
    ------
    DefinitionError
        If a fact is missing, unknown, no array of finite numbers, or of another length.
    """
    whose = f"{definition.place}: instance {instance} of {definition.name}"
    with author_errors(whose):
        facts = definition.instance_function(dim, instance)
    if not isinstance(facts, dict) or not {"p", "minimum", "f_min"} <= {*facts} <= {*FACTS}:
        raise DefinitionError(
            f"{whose} is {shown(facts)}; it must be a dict of p, minimum and f_min, and may have "
            "start and q"
        )
    checked = {
        "p": numbers(f"{whose}: p", facts["p"]),
        "q": np.asarray(facts.get("q", ()), np.int64),
        "minimum": None,
        "f_min": None,
    }
    if facts["f_min"] is not None:
        checked["f_min"] = real(f"{whose}: f_min", facts["f_min"], DefinitionError)
    for name in ("minimum", "start"):
        if facts.get(name) is not None:
            checked[name] = numbers(f"{whose}: {name}", facts[name], dim)
    return checked


@contextlib.contextmanager
def author_errors(whose):
    """Turn whatever an author's function raises into a `DefinitionError` that says whose it is."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise DefinitionError(f"{whose}: {type(error).__name__}: {error}") from error


def numbers(whose, values, length=None):
    """Return finite numbers as a float64 array, of `length` if that is said."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DefinitionError(f"{whose} = {shown(values)} must be a sequence of numbers") from None
    if array.ndim != 1 or length not in (None, len(array)):
        wanted = "a flat sequence" if length is None else f"{length} numbers"
        raise DefinitionError(f"{whose} has shape {list(array.shape)}; give {wanted}")
    if not np.isfinite(array).all():
        raise DefinitionError(f"{whose} has {array[~np.isfinite(array)][0]}: give finite numbers")
    return array
