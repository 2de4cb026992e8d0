"""What all parts of a page are made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optbench.report.bounds.theory import Theory
from optbench.report.figures import palette
from optbench.report.figures.palette import Style
from optbench.report.figures.surface_views import Surfaces
from optbench.report.statistics.ranking import ranked_by_problem
from optbench.report.statistics.rows import Frames

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Contents:
    """What all parts of a page are made from.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        As `statistics.load` gives them.
    manifest : dict
        Facts about the run: study, versions, machine, times.
    labels : list of str
        Of the problems that are drawn, in the order of the page.
    surfaces, theory : optional
        See `build.build`.
    """

    frames: Frames
    manifest: Mapping[str, Any]
    labels: list[str]
    surfaces: Surfaces | None = None
    theory: Theory | None = None

    @cached_property
    def convergence(self) -> pd.DataFrame:
        """The convergence table in the order of the page: by problem, the best optimizer first."""
        return ranked_by_problem(self.frames["convergence"], self.frames["problems"])

    @cached_property
    def optimizers(self) -> list[str]:
        """The labels of the run's optimizers, in the order of their styles."""
        return sorted(set(self.frames["convergence"]["optimizer"]) - set(self.stored))

    @cached_property
    def stored(self) -> list[str]:
        """The labels of optimizers of other runs, which are drawn in grey behind the run's own."""
        table = self.frames["convergence"]
        return sorted(table.loc[table["stored"], "optimizer"].unique()) if "stored" in table else []

    @cached_property
    def own(self) -> pd.DataFrame:
        """The rows of the convergence table that are of the run itself."""
        return self.convergence[self.convergence["optimizer"].isin(self.optimizers)]

    @cached_property
    def styles(self) -> dict[str, Style]:
        """The style of each optimizer, the same as in figures for paper."""
        grey = Style(palette.STORED, palette.LINES[0], palette.MARKERS[0])
        return dict.fromkeys(self.stored, grey) | palette.styles(self.optimizers)

    @cached_property
    def anchors(self) -> dict[str, str]:
        """The anchor of each label, which is also the name of its files."""
        return anchors(self.frames["problems"]["label"])


def anchors(labels: Iterable[str]) -> dict[str, str]:
    """Return label -> a name that is unique and safe in file names and links."""
    names: dict[str, str] = {}
    for label in labels:
        base = re.sub(r"[^a-z0-9_]+", "-", str(label).lower()).strip("-")[:60] or "problem"
        name, n = base, 2
        while name in names.values():
            name, n = f"{base}-{n}", n + 1
        names[label] = name
    return names
