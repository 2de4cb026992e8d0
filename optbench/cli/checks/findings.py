"""Findings: the result of one check, and the report on one thing."""

from dataclasses import asdict, dataclass
from typing import Any

from optbench.errors import UserError

OK, FAILED, SKIPPED = "ok", "failed", "skipped"


class WrongError(UserError):
    """A check failed; the message says what, where and what to do."""


class NotApplicableError(Exception):
    """A check says nothing about this problem or optimizer; the message says why."""


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    check : str
    status : str
        "ok", "failed" or "skipped".
    text : str
        What the check saw; of a failure where, what was expected and what to do.
    """

    check: str
    status: str
    text: str

    @property
    def failed(self) -> bool:
        """Whether something is wrong."""
        return self.status == FAILED


@dataclass(frozen=True)
class Report:
    """All findings about one problem or optimizer.

    Attributes
    ----------
    kind : str
        "problem", ...
    name : str
    place : str
        The file and line of its definition.
    findings : tuple of Finding
    seconds : float
        What the checks took.
    """

    kind: str
    name: str
    place: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(finding.failed for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return everything in dicts and lists, as JSON has it."""
        return {**asdict(self), "failed": self.failed}
