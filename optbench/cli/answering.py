"""What `optbench compare` says beside the comparison: as JSON, and of lanes that were added."""

from collections.abc import Sequence
from typing import Any

from optbench.cli.until import Decision
from optbench.report.comparing.comparison import Comparison
from optbench.report.comparing.questions import rows_as_json


def as_json(asked: Comparison, decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return everything, for `documents.put`."""
    return {
        "a": asked.a, "b": asked.b, "run": None if asked.folder is None else str(asked.folder),
        "beside": asked.beside or None,
        "overall": vars(asked.overall), "problems": rows_as_json(asked.frame),
        "until": [one.as_json() for one in decisions],
    }  # fmt: skip


def decided_line(one: Decision) -> str:
    """Return the line of a question that lanes were added to."""
    after = (
        f"after {one.decided_after} instances" if one.decided_after is not None
        else f"after all {one.instances} instances"
    )  # fmt: skip
    return (
        f"{one.label}, at these settings: {one.verdict} {after} ({one.added} added); a wins "
        f"{one.wins} of {one.wins + one.losses} untied pairs, chance "
        f"[{one.low:.2f}, {one.high:.2f}] at all times ({one.level:.2%})"
    )
