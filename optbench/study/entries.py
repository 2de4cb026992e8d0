"""What a study lists: problems, optimizers with their settings, and the study's own name."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from optbench import gate
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule
from optbench.perturbations.catalog import SETTINGS
from optbench.rules.guests.arguments import RANGE
from optbench.study.fields import FIELD, Count, Sequential, Strict, Text, distinct

NO_NAMES = ("true", "false", "nan", "inf", "infinity")
"""Words that brackets read as something else than a name."""


class ProblemEntry(Strict):
    """A problem of a study: its name and, where wanted, dimensions, levels and a budget of its own.

    The name may be a glob, and have perturbations in brackets. Levels are those of a ladder.
    """

    name: Text
    dims: Annotated[tuple[Count, ...], AfterValidator(distinct), Sequential] = ()
    levels: Annotated[tuple[Count, ...], AfterValidator(distinct), Sequential] = ()
    steps: Count | None = None


def _as_table(problem: object) -> object:
    """Read a name as a table with nothing but the name, and other settings as a part of it."""
    if isinstance(problem, ProblemEntry):
        return problem
    if isinstance(problem, dict):
        own = {key: value for key, value in problem.items() if key in ProblemEntry.model_fields}
        settings = {key: value for key, value in problem.items() if key not in own}
        if not settings or not isinstance(own.get("name"), str):
            return problem
        _check_known(settings)
        return {**own, "name": _as_text({"name": own["name"], **settings})}
    if not isinstance(problem, str):
        raise ValueError(
            f"{FIELD} = {gate.shown(problem)} must be a name or a table "
            f"{{ name, dims, levels, steps }}{_how_to_name(problem)}"
        )
    return {"name": problem}


def _how_to_name(thing: object) -> str:
    """Say how a study, which is kept as text, has something that is defined in a script."""
    if not (isinstance(thing, (ProblemDefinition, NetDefinition, Rule)) or callable(thing)):
        return ""
    return (
        ". A study is kept as text: put what you define into a file of a folder, name it here, and "
        "give run(study, folders=FOLDER); what is written for torch or optax is "
        "torch:module.Class, optax:module.factory"
    )


def _check_known(settings: Mapping[str, Any]) -> None:
    """Raise `ValueError` if a setting is no perturbation's."""
    for name in settings:
        if name not in SETTINGS:
            known = (*ProblemEntry.model_fields, *SETTINGS)
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{FIELD}.{name} is unknown{hint}")


def _as_text(optimizer: object) -> str:
    """Write a table of settings as text: ``{name = "adam", lr = 0.1}`` is ``adam[lr=0.1]``."""
    if isinstance(optimizer, str):
        return str(optimizer)
    if not isinstance(optimizer, dict) or not isinstance(optimizer.get("name"), str):
        raise ValueError(
            f"{FIELD} = {gate.shown(optimizer)} must be a name, with settings in brackets where "
            'wanted, or a table such as { name = "adam", beta1 = 0.8 }'
            f"{_how_to_name(optimizer)}"
        )
    name, settings = optimizer["name"], list(_settings(optimizer))
    if settings and "[" in name:
        raise ValueError(f"{FIELD} has settings in brackets and in its table: put all in one place")
    return f"{name}[{','.join(settings)}]" if settings else name


def _settings(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings of a table as text that reads back as the same values."""
    for name, value in table.items():
        if name == "name":
            continue
        if not re.fullmatch(r"\w+", name):
            raise ValueError(f"{FIELD}: {name!r} is not the name of a hyperparameter")
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, str):
            name_or_range = re.fullmatch(r"[A-Za-z_]\w*", value) or RANGE.fullmatch(value)
            if not name_or_range or value.lower() in NO_NAMES:
                raise ValueError(
                    f"{FIELD}.{name} = {value!r} must be a number, true, false, a name or, of "
                    "torch's and optax's, LOW:HIGH; numbers are written without quotes"
                )
        else:
            number = gate.real(f"{FIELD}.{name}", value, ValueError)
            value = f"{number:g}" if float(f"{number:g}") == number else repr(number)
        yield f"{name}={value}"


def _checked_name(name: object) -> str:
    """Return a study's name, or refuse one that no folder may have."""
    if not isinstance(name, str) or not re.fullmatch(
        r"[A-Za-z0-9_.-]*[A-Za-z0-9][\w.-]*", name, re.A
    ):
        raise ValueError(
            f"{FIELD} = {gate.shown(name)} must be of the letters A-Z and a-z, digits, _ . and -, "
            "since the folders of runs are called after it"
        )
    return str(name)


def safe_name(text: str) -> str:
    """Return a name that studies may have, near to any text: ``größe 2`` is ``grosse-2``."""
    folded = "".join(letter if letter.isascii() else letter.casefold() for letter in text)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.") or "study"


Name = Annotated[str, BeforeValidator(_checked_name)]
OptimizerText = Annotated[str, BeforeValidator(_as_text)]
ProblemField = Annotated[ProblemEntry, BeforeValidator(_as_table)]
