"""Checks are run one after the other, and each ends in a `Finding`.

What they compile is compiled before, by several processes.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from optbench.cli.checks.findings import (
    FAILED,
    OK,
    SKIPPED,
    Finding,
    NotApplicableError,
    Report,
)
from optbench.errors import UserError
from optbench.kernels.memory.capacity import processors
from optbench.lanes.pool import Unit, compile_all

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Checks(Generic[Subject]):
    """The checks of one kind of thing.

    Attributes
    ----------
    kind : {"problem", "optimizer"}
    functions : dict of str to callable
        Every check by name, in order. It takes the thing and returns a sentence on what it saw; it
        raises a `UserError` with what is wrong, or `NotApplicableError`.
    first : tuple of str
        Checks that must hold for the others to make sense.
    units : callable
        What all of them need compiled of a thing.
    """

    kind: str
    functions: Mapping[str, Callable[[Subject], str]]
    first: tuple[str, ...]
    units: Callable[[Subject], Iterable[Unit]]

    def finding(self, name: str, subject: Subject) -> Finding:
        """Run one check."""
        try:
            return Finding(name, OK, self.functions[name](subject))
        except NotApplicableError as reason:
            return Finding(name, SKIPPED, str(reason))
        except UserError as error:
            return Finding(name, FAILED, str(error))

    def report(self, subject: Subject, name: str, place: str) -> Report:
        """Run all checks on what is called `name` and declared at `place` (file and line)."""
        begin = time.perf_counter()
        self._compile(subject)
        findings = []
        for check in self.functions:
            findings.append(self.finding(check, subject))
            if findings[-1].failed and check in self.first:
                break
        seconds = time.perf_counter() - begin
        return Report(self.kind, name, place, tuple(findings), seconds)

    def _compile(self, subject: Subject) -> None:
        """Compile what the checks need; what does not compile fails its check, which says why."""
        with contextlib.suppress(UserError):
            compile_all(list(self.units(subject)), processors())
