"""Whose rules are: ours, which every release tests, or somebody else's."""

import functools

from optbench.define.definitions import Part
from optbench.rules.guests.rule import GuestRule

PACKAGE = __name__.rpartition(".")[0]


@functools.cache
def is_own(part: Part) -> bool:
    """Say whether a rule or a wrapper is the user's: whether one of its functions is not ours.

    Guests are: no release of ours tests them, and each process steps them by itself.
    """
    if isinstance(part, GuestRule):
        return True
    modules = {function.__module__ for function in part.functions.values()}
    return any(not module.startswith(f"{PACKAGE}.") for module in modules)
