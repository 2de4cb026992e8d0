"""What passes as a field of a study, and the messages on what does not, in one set of words.

Every validator here puts `FIELD` where the field's name belongs: a validator does not know its
place in lists and tables, which `Strict` fills in.
"""

import difflib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from optbench import gate
from optbench.errors import UserError

Place = tuple[int | str, ...]
"""Names and numbers that lead to a field: ("problems", 0, "steps")."""
Value = TypeVar("Value")
FIELD = "{field}"
"""Stands for the name of a field until its place is known."""


class StudyError(UserError, ValueError):
    """A study is malformed; the message names the file, the field and what was expected.

    Attributes
    ----------
    mistakes : list of (tuple, str)
        What is wrong: the place of a field, and a text with `FIELD` in it.
    """

    def __init__(self, message: str, mistakes: Iterable[tuple[Place, str]] = ()) -> None:
        super().__init__(message)
        self.mistakes = list(mistakes)


class Strict(BaseModel):
    """Base of what studies consist of: nothing unknown, nothing changes, errors in our words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            mistakes = list(_mistakes(error, type(self).model_fields))
            lines = (text.replace(FIELD, _field(place)) for place, text in mistakes)
            raise StudyError("; ".join(lines), mistakes) from None


def _field(place: Place) -> str:
    return "field " + ".".join(map(str, place)) if place else "a grid"


def _mistakes(error: ValidationError, names: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Yield (place of a field, text with FIELD) of pydantic's error; `names` are of fields."""
    for detail in error.errors():
        place, cause = detail["loc"], detail.get("ctx", {}).get("error")
        if isinstance(cause, StudyError) and cause.mistakes:
            yield from (((*place, *inner), text) for inner, text in cause.mistakes)
        elif detail["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(place[-1]), names, n=1)
            yield place, f"{FIELD} is unknown" + (f"; did you mean {near[0]}?" if near else "")
        elif detail["type"] == "missing":
            yield place, f"{FIELD} is missing"
        else:
            yield place, str(cause or f"{FIELD}: {detail['msg']}")


def whole_number(low: int, high: int = gate.LARGEST) -> BeforeValidator:
    """Return a validator of whole numbers; see `gate.whole`."""
    return BeforeValidator(lambda value: gate.whole(FIELD, value, low, high, ValueError))


def _positive(value: object) -> float:
    number = gate.real(FIELD, value, ValueError)
    if number <= 0.0:
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be greater than 0")
    return number


def _factor(value: object) -> float:
    number = gate.real(FIELD, value, ValueError)
    if number < 1.0:
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be at least 1")
    return number


def _share(value: object) -> float:
    number = gate.real(FIELD, value, ValueError)
    if not 0.0 < number < 1.0:
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be between 0 and 1, both excluded")
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be a text")
    return str(value)


def _dtype(value: object) -> str | None:
    if value is None:  # each problem has its own
        return None
    try:
        return gate.precision(value)
    except UserError:
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be 'float64' or 'float32'") from None


def _sequence(value: Any) -> tuple[Any, ...]:
    """Let sequences pass; a text is one, but of letters."""
    if isinstance(value, (str, bytes, dict, os.PathLike)) or not hasattr(value, "__len__"):
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be a list")
    return tuple(value)


def _non_empty(value: object) -> tuple[Any, ...]:
    values = _sequence(value)
    if not values:
        raise ValueError(f"{FIELD} is empty: list at least one")
    return values


def distinct(values: Sequence[Value]) -> Sequence[Value]:
    """Let values pass that are all different."""
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise ValueError(f"{FIELD} has {gate.shown(twice[0])} twice")
    return values


Whole = Annotated[int, whole_number(0)]
Count = Annotated[int, whole_number(1)]
Positive = Annotated[float, BeforeValidator(_positive)]
Factor = Annotated[float, BeforeValidator(_factor)]
Share = Annotated[float, BeforeValidator(_share)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Text = Annotated[str, BeforeValidator(_text)]
Dtype = Annotated[str | None, BeforeValidator(_dtype)]
Sequential = BeforeValidator(_sequence)
NonEmpty = BeforeValidator(_non_empty)
