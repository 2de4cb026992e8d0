"""Success: the share of lanes that reached the target, optimizers by problems."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents


def data(contents: Contents) -> dict[str, Any] | None:
    """Return the labels of problems that have a target; the shares are of the page's lanes."""
    labels = with_target(contents)
    return {"targets": labels} if labels else None


def with_target(contents: Contents) -> list[str]:
    """Return the labels of problems with a target to reach, in the order of the page."""
    table = contents.convergence
    has_target = table["success_share"].notna().groupby(table["label"], sort=False).any()
    return [str(label) for label in has_target.index[has_target]]
