"""Data profiles: the share of problems solved within so many evaluations."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents
from optbench.report.page.figures import success


def data(contents: Contents) -> dict[str, Any] | None:
    """Return the labels of problems that have a target; profiles are computed in the browser."""
    return success.data(contents)
