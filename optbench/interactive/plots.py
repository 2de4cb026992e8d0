"""The figures of a run as matplotlib's axes or plotly's figures: ``run.plot.curves("booth")``.

What a figure shows is chosen and computed by `report`, as for the page and for paper; here it is
drawn on axes of the user's, or as a figure for the browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from optbench.define.lookup import matching
from optbench.define.plugins import Folders
from optbench.errors import UnknownNameError, UserError
from optbench.interactive.as_run import background
from optbench.report import paper
from optbench.report.figures import style
from optbench.report.figures.draw import Job
from optbench.report.page.contents import anchors
from optbench.report.statistics.rows import Frames

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Backend: TypeAlias = Literal["matplotlib", "plotly"]
Some: TypeAlias = str | Sequence[str] | None
"""Labels or globs of optimizers; None: all, of a problem the best 20."""
DRAWING = {
    "matplotlib": "optbench.interactive.on_axes",
    "plotly": "optbench.interactive.with_plotly",
}
"""Modules with a function for each figure."""


@dataclass(frozen=True, eq=False)
class Plots:
    """The figures of a run.

    All take the optimizers that are shown, by labels or globs, and the `backend`. "matplotlib"
    returns the `matplotlib.axes.Axes` that was drawn on: `ax`, or one of a new figure of pyplot's.
    "plotly" returns a `plotly.graph_objects.Figure`. A problem is named by its name or its label,
    and need not be where the run has one.

    Attributes
    ----------
    frames : mapping of str to DataFrame
    manifest : dict
    folders : path or sequence of path
        Where problems of the user's own are searched for, beside where the run took them from.
    """

    frames: Frames
    manifest: Mapping[str, Any]
    folders: Folders

    def __repr__(self) -> str:
        return f"Plots({self.manifest['run']!r})"

    def curves(
        self, problem: str | None = None, *, optimizers: Some = None, ax: Axes | None = None,
        backend: Backend = "matplotlib",
    ) -> Any:  # fmt: skip
        """Draw the median over scoring lanes against evaluations, with quartiles: convergence."""
        return self._drawn("curves", self._of_problem("problem", problem, optimizers), ax, backend)

    def rates(
        self, problem: str | None = None, *, optimizers: Some = None, ax: Axes | None = None,
        backend: Backend = "matplotlib",
    ) -> Any:  # fmt: skip
        """Draw what the trials of the tuning scored against their learning rates."""
        return self._drawn("rates", self._of_problem("problem", problem, optimizers), ax, backend)

    def trajectories(
        self, problem: str | None = None, *, optimizers: Some = None, ax: Axes | None = None,
        backend: Backend = "matplotlib",
    ) -> Any:  # fmt: skip
        """Draw paths from the declared start over contours, of a surface of 2 coordinates."""
        job = self._of_problem("trajectories", problem, optimizers)
        return self._drawn("trajectories", job, ax, backend)

    def heatmap(
        self, value: Literal["success", "gap"] = "success", *, optimizers: Some = None,
        ax: Axes | None = None, backend: Backend = "matplotlib",
    ) -> Any:  # fmt: skip
        """Draw a cell for each pair: the share of lanes that reached the target, or their gap."""
        return self._drawn("heatmap", self._job(f"heatmap-{value}", optimizers), ax, backend)

    def profiles(
        self, *, optimizers: Some = None, ax: Axes | None = None, backend: Backend = "matplotlib"
    ) -> Any:  # fmt: skip
        """Draw performance profiles: ratios are to the best optimizer of the whole run."""
        return self._drawn("distributions", self._job("profiles", optimizers), ax, backend)

    def data_profiles(
        self, *, optimizers: Some = None, ax: Axes | None = None, backend: Backend = "matplotlib"
    ) -> Any:  # fmt: skip
        """Draw the share of problems on which a success costs at most so many evaluations."""
        return self._drawn("distributions", self._job("data-profiles", optimizers), ax, backend)

    def runtimes(
        self, *, optimizers: Some = None, ax: Axes | None = None, backend: Backend = "matplotlib"
    ) -> Any:  # fmt: skip
        """Draw runtime distributions over all targets, as COCO does."""
        return self._drawn("distributions", self._job("runtimes", optimizers), ax, backend)

    def ranks(
        self, *, optimizers: Some = None, ax: Axes | None = None, backend: Backend = "matplotlib"
    ) -> Any:  # fmt: skip
        """Draw mean ranks over families of problems, with critical differences."""
        return self._drawn("ranks", self._job("ranks", optimizers), ax, backend)

    def statuses(
        self, *, optimizers: Some = None, ax: Axes | None = None, backend: Backend = "matplotlib"
    ) -> Any:  # fmt: skip
        """Draw how the scoring lanes of each optimizer ended."""
        return self._drawn("statuses", self._job("statuses", optimizers), ax, backend)

    @property
    def names(self) -> list[str]:
        """The names of all figures for paper, which `figure` draws."""
        return list(self._makers(None))

    def figure(self, name: str, *, optimizers: Some = None, width: float = 7.0) -> Figure:
        """Return a figure for paper, as `optbench figures` writes it.

        Parameters
        ----------
        name : str
            One of `names`.
        optimizers : str or sequence of str, optional
        width : float
            Inches, from 3.25 to 12.
        """
        paper.check_width(width)
        job = self._job(name, optimizers)
        with style.context(width):
            return job.function(width=width, **job.arguments)

    @cached_property
    def _background(self) -> dict[str, Any]:
        return background(self.frames, self.manifest, self.folders)

    def _makers(self, optimizers: Some) -> dict[str, paper.Maker]:
        chosen = None if optimizers is None else self._labels(optimizers)
        return paper.makers(self.frames, self.manifest, **self._background, optimizers=chosen)

    def _labels(self, optimizers: str | Sequence[str]) -> list[str]:
        """Return the labels of optimizers that labels or globs name."""
        every = sorted(self.frames["convergence"]["optimizer"].unique())
        chosen: dict[str, None] = {}
        for name in [optimizers] if isinstance(optimizers, str) else optimizers:
            own = [name] if name in every else matching(name, every)
            if not own:
                raise UnknownNameError("optimizer", name, every)
            chosen |= dict.fromkeys(own)
        return list(chosen)

    def _of_problem(self, figure: str, problem: str | None, optimizers: Some) -> Job:
        label = self._label(problem)
        return self._job(f"{figure}-{anchors(self.frames['problems']['label'])[label]}", optimizers)

    def _label(self, problem: str | None) -> str:
        """Return the label of the problem of a name or label; of the only one without."""
        rows = self.frames["problems"]
        labels = list(rows["label"])
        if problem is None:
            if len(labels) == 1:
                return str(labels[0])
            raise UserError(f"name a problem of the run: {', '.join(labels)}")
        own = (
            [problem] if problem in labels else list(rows.loc[rows["problem"] == problem, "label"])
        )
        if not own:
            raise UnknownNameError("problem", problem, [*labels, *rows["problem"]])
        if len(own) > 1:
            raise UserError(f"the run has {problem} several times: name {', or '.join(own)}")
        return str(own[0])

    def _job(self, name: str, optimizers: Some) -> Job:
        """Return what a figure is drawn from."""
        return paper.chosen(self._makers(optimizers), [name])[0]

    def _drawn(self, figure: str, job: Job, ax: Axes | None, backend: str) -> Any:
        """Draw a figure, on axes or for the browser."""
        if backend not in DRAWING:
            raise UserError(f"backend = {backend!r} is none of {', '.join(map(repr, DRAWING))}")
        if backend == "plotly" and ax is not None:
            raise UserError('ax is an axes of matplotlib\'s: leave it out, or backend="plotly"')
        draw = getattr(import_module(DRAWING[backend]), figure)
        return draw(job.arguments) if backend == "plotly" else draw(job.arguments, ax)
