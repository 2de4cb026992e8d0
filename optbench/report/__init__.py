"""Figures, tables and one page that opens offline, made from the frames of the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optbench.report.statistics.rows import Frames

__all__ = ["build"]


def build(folder: str | Path, frames: Frames, manifest: Mapping[str, Any], **options: Any) -> Path:
    """Write tables and ``report/index.html`` under `folder`; see `page.build.build`."""
    # Imported here: drawing processes import this package too, and need neither pandas nor jinja2.
    from optbench.report.page import build as page

    return page.build(folder, frames, manifest, **options)
