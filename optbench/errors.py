"""Errors that a user can cause, and how messages count.

Each message says what, where, what was expected, what to do.
"""

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

NamedThing: TypeAlias = Literal[
    "optimizer", "problem", "study", "run", "claim", "perturbation", "activation"
]
"""What a name that users give may be the name of."""


class UserError(Exception):
    """Base of all of them; the command line prints the message and exits with 2."""


class UnknownNameError(UserError, LookupError):
    """A name that is not in the catalog; the message suggests near ones, or where else it is."""

    def __init__(
        self, kind: NamedThing, name: str, names: Iterable[str], elsewhere: str = ""
    ) -> None:
        hint = elsewhere or meant(name, list(names)) or f"see `optbench list {plural(kind)}`"
        super().__init__(f"unknown {kind} {name!r}: {hint}")


def meant(name: str, names: Collection[str]) -> str:
    """Return a hint at what a name that is not among others was to be; nothing if nobody knows."""
    begins = re.match(r"\w+(?=[^\w\[*?])", name)
    if begins and begins[0] in names:
        if name[len(begins[0])] == ",":
            return "several names with commas are none: give each by itself"
        return f"settings stand in square brackets, '{begins[0]}[name=value]'"
    by_lower = {own.lower(): own for own in names}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return f"did you mean {', '.join(by_lower[own] for own in near)}?" if near else ""


class SettingError(UserError, ValueError):
    """A hyperparameter or an argument is unknown or out of range."""


class DefinitionError(UserError, ValueError):
    """A problem or an optimizer is declared wrongly; the message names the file and the line."""


class UserCodeError(UserError):
    """User code ended its process, hung in it or took too much memory; other code goes on.

    Attributes
    ----------
    trace : str
        Where it was, as far as that is known.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


class UnfitError(UserError, ValueError):
    """A problem or an optimizer that does not run on a device; the message says why."""


class ResultsError(UserError, OSError):
    """Results cannot be read or written; the command line exits with 3."""


class DamagedError(ResultsError):
    """Stored results are not what was written: a run sets them aside and computes them anew."""


class DeviceError(UserError):
    """A device is missing or too small; the message says what is needed."""


class DeviceLostError(DeviceError):
    """The device failed under a launch: it is lost for this process, whatever runs next."""


def plural(thing: str) -> str:
    """Return what several things are called: ``family``, ``families``."""
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"


def counted(number: int, thing: str, of: int | None = None) -> str:
    """Return how many things there are, and of how many: "1 pair", "3 of 214 problems"."""
    things = thing if number == 1 and of in (None, 1) else plural(thing)
    return f"{number} {things}" if of is None or of == number else f"{number} of {of} {things}"
