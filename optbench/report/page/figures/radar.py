"""A radar an optimizer: the level up to which it holds on every ladder."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents
from optbench.report.page.figures import levels


def data(contents: Contents) -> dict[str, Any] | None:
    """Return whether there is something to show: it is drawn from what `levels` has."""
    return None if levels.data(contents) is None else {"from": "levels"}
