"""What user code may take in a process of its own: time at a stretch, and memory."""

import contextlib
import dataclasses
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Self

from optbench.errors import SettingError
from optbench.gate import real

PATIENCE = 120.0
"""Seconds for a step of user code where nobody says how many: it may have to compile first."""
LEAST_MEMORY = 64
"""Megabytes without which nothing is compiled."""
MB = 10**6


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a process with user code may take.

    Attributes
    ----------
    timeout : float, optional
        Seconds for one step: an import, what comes before the lanes of a pair, a cell, a check. By
        default `PATIENCE`, and ten times what a cell is expected to take where that is longer.
    memory : float, optional
        Megabytes of data beside what a process has when it begins; by default what is free, divided
        by the workers.
    """

    timeout: float | None = None
    memory: float | None = None

    @classmethod
    def checked(cls, timeout: object = None, memory: object = None) -> Self:
        """Return limits as a user gives them.

        Raises
        ------
        SettingError
            If they are no numbers, or too small to work with.
        """
        limits = cls(
            None if timeout is None else real("timeout", timeout),
            None if memory is None else real("memory", memory),
        )
        for name, value, least, unit in (
            ("timeout", limits.timeout, 0.1, "s"), ("memory", limits.memory, LEAST_MEMORY, "MB"),
        ):  # fmt: skip
            if value is not None and value < least:
                raise SettingError(f"{name} = {value:g} must be at least {least:g} {unit}")
        return limits

    def seconds(self, expected: float = 0.0) -> float:
        """Return the seconds of a step that is expected to take so many."""
        return max(PATIENCE, 10.0 * expected) if self.timeout is None else self.timeout

    @staticmethod
    def overdue(seconds: float) -> str:
        """Say that a step has taken too long."""
        return f"no result in {seconds:g} s (--timeout)"

    @property
    def too_large(self) -> str:
        """Say that memory ran out."""
        if self.memory is None:
            return "takes more memory than there is"
        return f"takes more than {self.memory:.0f} MB (--memory)"


LIMITS: ContextVar[Limits] = ContextVar("limits", default=Limits())  # noqa: B039  # it is frozen
"""Those that hold where user code is imported and made."""


@contextlib.contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Have limits hold in a block."""
    token = LIMITS.set(limits)
    try:
        yield
    finally:
        LIMITS.reset(token)
