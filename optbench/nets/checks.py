"""Checks of settings that layers and nets share; they bring nothing that compiles."""

from collections.abc import Sequence

from optbench import gate
from optbench.errors import SettingError


def check_choice(what: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a value that is not in `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise SettingError(f"unknown {what} {value!r}; choose from {', '.join(allowed)}")


def check_switch(what: str, value: object) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool):
        raise SettingError(f"{what} is {gate.shown(value)}; it must be True or False")
