"""A stored run in hand: its frames, its figures and its page; a path like that of its folder."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.define import markup
from optbench.define.plugins import Folders, paths
from optbench.errors import ResultsError, UserError
from optbench.report import browser
from optbench.report.run_folder import find
from optbench.study.results import DONE, FAILED, Results

if TYPE_CHECKING:
    import pandas as pd

    from optbench.interactive.plots import Plots
    from optbench.report.statistics.load import RunFrames
    from optbench.study.schema import Study

TUNED, BEST = "tuned", 3
"""The setting that a notebook shows, and how many optimizers on a problem."""
MOST_FAILURES = 5
"""Failed pairs whose reasons a notebook shows; more are counted."""


class Run(os.PathLike[str]):
    """A stored run; it can be given wherever its folder is expected.

    Parameters
    ----------
    run : path or str
        The folder of a run, or its name below ``results``.
    folders : path or sequence of path
        Where problems of the user's own are searched for, beside where the run took them from.

    Attributes
    ----------
    folder : Path

    Raises
    ------
    UnknownNameError
        If there is no such run.

    Examples
    --------
    >>> import optbench
    >>> run = optbench.Run("results/quick")  # doctest: +SKIP
    >>> run.plot.curves("himmelblau", optimizers=["adam", "gd"])  # doctest: +SKIP
    """

    def __init__(self, run: str | os.PathLike[str], folders: Folders = ()) -> None:
        self.folder = find(run)
        self._folders = paths(folders)

    @cached_property
    def _loaded(self) -> tuple[RunFrames, dict[str, Any]]:
        from optbench.report.statistics.load import load_with_manifest

        return load_with_manifest(self.folder)

    @property
    def frames(self) -> RunFrames:
        """The frames of the run, see `optbench.load`; each is made once, when it is asked for."""
        return self._loaded[0]

    @property
    def study(self) -> Study:
        """The study that was run."""
        from optbench.study.schema import Study

        with Results(self.folder) as results:
            return Study(**results.manifest()["study"])

    @property
    def state(self) -> str:
        """How far the run is, in words: "complete", "interrupted: 5 of 12 cells", ..."""
        from optbench.report.statistics.load import state_of

        with Results(self.folder) as results:
            return state_of(results)

    @property
    def failures(self) -> list[tuple[str, str, str]]:
        """Optimizer, problem and reason of each pair that an error ended."""
        with Results(self.folder) as results:
            pairs = results.pairs()
        return [
            (own["optimizer"], own["label"], own["reason"])
            for own in pairs
            if own["state"] == FAILED
        ]

    @cached_property
    def plot(self) -> Plots:
        """The figures of the run: ``run.plot.curves("booth")``."""
        from optbench.interactive.plots import Plots

        frames, manifest = self._loaded
        return Plots(frames, manifest, self._folders)

    @property
    def page(self) -> Path:
        """The page of the report.

        Raises
        ------
        ResultsError
            If it has not been written.
        """
        page = self.folder / "report" / "index.html"
        if not page.is_file():
            raise ResultsError(f"{page}: is not there; `optbench report {self.folder}` writes it")
        return page

    def open(self) -> None:
        """Open the page in the browser.

        Raises
        ------
        ResultsError
            If it has not been written.
        UserError
            If there is no browser that could show it, as on a server.
        """
        page = self.page
        if not browser.opened(page):
            raise UserError(browser.without_one(page))

    def __fspath__(self) -> str:
        return str(self.folder)

    def __str__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, {self.state})"

    def __truediv__(self, other: str | os.PathLike[str]) -> Path:
        return self.folder / other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.folder.resolve() == other.folder.resolve()

    def __hash__(self) -> int:
        return hash(self.folder.resolve())

    def _repr_html_(self) -> str:
        """Return state, failures and the answers by kind and problem, for notebooks."""
        failed = [f"failed: {name} on {label}: {reason}" for name, label, reason in self.failures]
        more = failed[MOST_FAILURES:]
        lines = [*failed[:MOST_FAILURES], *([f"and {len(more)} more"] if more else [])]
        parts = [markup.paragraph(self.state, *lines, title=str(self.folder))]
        with Results(self.folder) as results:
            finished = any(pair["state"] == DONE for pair in results.pairs())
        if finished:
            parts += [_answers(self.frames["kinds"]), _best(self.frames)]
        return "".join(parts)


def _answers(kinds: pd.DataFrame) -> str:
    """Return who is the best on each kind of problem at the tuned settings, and who is beside."""
    from optbench.report.kinds.answers import answers

    rows = [
        (own.kind, own.best, ", ".join(own.beside), own.next)
        for own in answers(kinds)
        if own.setting == TUNED
    ]
    head = ("kind of problem", "best", "not separable from it", "next")
    return markup.table(head, rows) if rows else ""


def _best(frames: RunFrames) -> str:
    """Return the best optimizers on each problem at the tuned settings."""
    from optbench.report import tables
    from optbench.report.statistics.ranking import ranked_by_problem

    ranked = ranked_by_problem(frames["convergence"], frames["problems"])
    rows = tables.convergence_rows(ranked.groupby("label", sort=False).head(BEST))
    return markup.table(
        [name for name, *_ in tables.COLUMNS],
        [[f"{own.content} {own.note}".strip() for own in row["cells"]] for row in rows],
    )
