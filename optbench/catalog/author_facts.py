"""What an author's functions say about an instance: arrays of numbers, as long as they must be."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats
from optbench.define.definitions import ProblemDefinition
from optbench.errors import DefinitionError, UserError
from optbench.gate import real, shown

FACTS = ("p", "q", "minimum", "f_min", "start", "second_level")


@dataclass(frozen=True, eq=False)
class InstanceFacts:
    """What ``@problem.instance`` returned; see `ProblemDefinition.instance`."""

    p: Floats
    q: NDArray[np.int64]
    minimum: Floats | None
    f_min: float | None
    start: Floats | None
    second_level: float | None


def instance_facts(definition: ProblemDefinition, dim: int, instance: int) -> InstanceFacts:
    """Call an author's ``@problem.instance`` and check what it returns.

    Raises
    ------
    DefinitionError
        If a fact is missing, unknown, no array of finite numbers, or of another length.
    """
    assert definition.instance_function is not None
    whose = f"{definition.place}: instance {instance} of {definition.name}"
    with author_errors(whose):
        facts = definition.instance_function(dim, instance)
    if not isinstance(facts, dict) or not {"p", "minimum", "f_min"} <= {*facts} <= {*FACTS}:
        raise DefinitionError(
            f"{whose} is {shown(facts)}; it must be a dict of p, minimum and f_min, and may have "
            "start, q and second_level"
        )
    return InstanceFacts(
        p=finite_numbers(f"{whose}: p", facts["p"]),
        q=np.asarray(facts.get("q", ()), np.int64),
        f_min=_number(whose, facts, "f_min"),
        minimum=_point(whose, facts, "minimum", dim),
        start=_point(whose, facts, "start", dim),
        second_level=_number(whose, facts, "second_level"),
    )


def _number(whose: str, facts: Mapping[str, Any], name: str) -> float | None:
    """Return the number that is called so, None where there is none."""
    number = facts.get(name)
    return None if number is None else real(f"{whose}: {name}", number, DefinitionError)


def _point(whose: str, facts: Mapping[str, Any], name: str, dim: int) -> Floats | None:
    """Return the point [dim] that is called so, None where there is none."""
    point = facts.get(name)
    return None if point is None else finite_numbers(f"{whose}: {name}", point, dim)


@contextlib.contextmanager
def author_errors(whose: str) -> Iterator[None]:
    """Turn whatever an author's function raises into a `DefinitionError` that says whose it is."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise DefinitionError(f"{whose}: {type(error).__name__}: {error}") from error


def finite_numbers(whose: str, values: Any, length: int | None = None) -> Floats:
    """Return finite numbers as a float64 array, of a `length` if there is one.

    Raises
    ------
    DefinitionError
        If they are something else; `whose` says what they are.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DefinitionError(f"{whose} = {shown(values)} must be a sequence of numbers") from None
    if array.ndim != 1 or length not in (None, len(array)):
        expected = "a flat sequence" if length is None else f"{length} numbers"
        raise DefinitionError(f"{whose} has shape {list(array.shape)}; give {expected}")
    if not np.isfinite(array).all():
        raise DefinitionError(f"{whose} has {array[~np.isfinite(array)][0]}: give finite numbers")
    return array
