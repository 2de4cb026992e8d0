"""Errors that a user can cause. Each message says what, where, what was expected, what to do."""

import difflib
from collections.abc import Iterable
from typing import Literal, TypeAlias

NamedThing: TypeAlias = Literal[
    "optimizer", "problem", "study", "run", "claim", "perturbation", "activation"
]
"""What a name that users give may be the name of."""

_PLURAL: dict[NamedThing, str] = {
    "optimizer": "optimizers", "problem": "problems", "study": "studies", "run": "runs",
    "claim": "claims", "perturbation": "perturbations", "activation": "activations",
}  # fmt: skip


class UserError(Exception):
    """Base of all of them; the command line prints the message and exits with 2."""


class UnknownNameError(UserError, LookupError):
    """A name that is not in the catalog; the message suggests near ones."""

    def __init__(self, kind: NamedThing, name: str, names: Iterable[str]) -> None:
        near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
        hint = (
            f"did you mean {', '.join(near)}?" if near else f"see `optbench list {_PLURAL[kind]}`"
        )
        super().__init__(f"unknown {kind} {name!r}: {hint}")


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
