"""Figures for paper: which a run has, by name, each made when it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.define.lookup import matching
from optbench.errors import ResultsError, UserError
from optbench.report import ladder_jobs, merit_jobs, overview, plan
from optbench.report.bounds.theory import Theory
from optbench.report.figures import draw, instruments, layers, palette, rate_verdicts
from optbench.report.figures.draw import Job
from optbench.report.figures.palette import Style
from optbench.report.figures.surface_views import Surfaces
from optbench.report.page.contents import anchors
from optbench.report.statistics.ranking import ranked_by_problem
from optbench.report.statistics.rows import Frames, OfOptimizers, ProblemRow

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
"""Optimizers that the figures of a problem show, the best ones: more lines look alike."""
NARROWEST, WIDEST = 3.25, 12.0
"""Inches: a column of a paper, and a wide slide."""

Maker = Callable[[], list[Job]]


class Problem:
    """What the figures of one problem are made from; frames are narrowed when they are asked for.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    facts : namedtuple
        The problem's row of the frame of problems.
    slug : str
        What its figures are called.
    convergence : DataFrame
        In the order of the page.
    styles : dict
    most : int
        Optimizers that are shown, the best ones.
    """

    def __init__(
        self, frames: Frames, facts: ProblemRow, slug: str, convergence: pd.DataFrame,
        styles: Mapping[str, Style], most: int = SHOWN,
    ) -> None:  # fmt: skip
        self.frames, self.facts, self.slug, self.styles = frames, facts, slug, styles
        own = convergence[convergence["label"] == facts.label]
        self.convergence = own.head(most)

    def rows(self, name: str) -> pd.DataFrame:
        """Return the rows of a frame that belong to this problem and the optimizers shown."""
        frame = self.frames[name]
        own = frame[frame["label"] == self.facts.label]
        return own[own["optimizer"].isin(self.convergence["optimizer"])]

    def makers(self, surfaces: Surfaces | None, theory: Theory | None) -> dict[str, Maker]:
        """Return what makes the job, in a list, of each figure that the problem may have."""
        facts, slug, styles, rows = self.facts, self.slug, self.styles, self.rows

        def curves() -> list[Job]:
            return plan.problem_jobs(
                facts, slug, curves=rows("curves"), scores=rows("sensitivity"),
                convergence=self.convergence, styles=styles, theory=theory,
            )  # fmt: skip

        def by_rate() -> list[Job]:
            swept = rows("labels")
            swept = swept[(swept["phase"] == "tuning") & (swept["setting"] != "default")]
            return rate_verdicts.jobs(facts, slug, swept, self.convergence)

        def inside() -> list[Job]:
            return layers.jobs(facts, slug, rows("layers"), styles)

        def read() -> list[Job]:
            return instruments.jobs(facts, slug, rows("instruments"), styles)

        makers: dict[str, Maker] = {f"problem-{slug}": curves, f"values-{slug}": curves}
        if facts.kind in ("data", "net"):
            makers[f"training-{slug}"] = lambda: plan.training_jobs(
                facts, slug, rows("curves"), styles
            )
            makers |= {f"layers-{slug}": inside, f"weights-{slug}": inside}
            makers[f"instruments-{slug}"] = read
            makers[f"rates-{slug}"] = by_rate
        elif facts.dim == 2:
            makers[f"trajectories-{slug}"] = lambda: plan.trajectory_jobs(
                facts, slug, paths=rows("paths"), convergence=self.convergence, styles=styles,
                surfaces=surfaces,
            )  # fmt: skip
        return makers


def makers(
    frames: Frames, manifest: Mapping[str, Any], surfaces: Surfaces | None = None,
    theory: Theory | None = None, optimizers: Sequence[str] | None = None,
) -> dict[str, Maker]:  # fmt: skip
    """Return what makes the jobs of each figure, by the name of the figure.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    manifest : dict
        Facts about the run; of the study the dtype.
    surfaces, theory : optional
        See `page.build.build`.
    optimizers : sequence of str, optional
        Labels of those that are shown, in the colours that they have among all; by default all,
        and the best `SHOWN` in the figures of a problem.

    Returns
    -------
    dict
        A maker returns a list of jobs, among which that of the name is; it is not there if a run
        has nothing to show in it.
    """
    problems = frames["problems"]
    convergence = ranked_by_problem(frames["convergence"], problems)
    styles, slugs = palette.styles(convergence["optimizer"]), anchors(problems["label"])
    most = SHOWN if optimizers is None else len(optimizers)
    if optimizers is not None:
        frames = OfOptimizers(frames, optimizers)
        convergence = convergence[convergence["optimizer"].isin(optimizers)]
    dtype = manifest["study"].get("dtype") or "float64"

    def heatmaps() -> list[Job]:
        return overview.heatmap_jobs(convergence, problems, dtype)

    def distributions(name: str) -> list[Job]:
        return merit_jobs.distribution_jobs(frames, name, styles)

    named: dict[str, Maker] = {
        "heatmap-success": heatmaps, "heatmap-gap": heatmaps,
        "statuses": lambda: overview.ending_jobs(frames["failures"]),
        "ranks": lambda: merit_jobs.rank_jobs(frames["merit"], styles),
        **{
            name: partial(distributions, name) for name in merit_jobs.DISTRIBUTIONS
        },
    }  # fmt: skip
    if "ladders" in frames and len(frames["ladders"]):
        named |= _of_ladders(frames["ladders"], styles)
    for facts in problems.itertuples(index=False):
        own = Problem(frames, facts, slugs[facts.label], convergence, styles, most)
        named |= own.makers(surfaces, theory)
    return named


def _of_ladders(table: pd.DataFrame, styles: Mapping[str, Style]) -> dict[str, Maker]:
    """Return what makes the figures of ladders."""

    def levels() -> list[Job]:
        return ladder_jobs.level_jobs(table)

    def radars() -> list[Job]:
        return ladder_jobs.radar_jobs(table, styles)

    return dict.fromkeys(ladder_jobs.level_names().values(), levels) | dict.fromkeys(
        ladder_jobs.radar_names(table).values(), radars
    )


def chosen(named: Mapping[str, Maker], globs: Sequence[str]) -> list[Job]:
    """Return the jobs of the figures that some globs name; of all figures without any.

    Raises
    ------
    UserError
        If a glob matches no figure.
    """
    for glob in globs:
        if not any(matching(glob, [name]) for name in named):
            near = difflib.get_close_matches(glob, named, n=3, cutoff=0.5)
            some = list(named)[:6]
            hint = f"did you mean {', '.join(near)}?" if near else f"it has {', '.join(some)}, ..."
            raise UserError(f"the run has no figure {glob!r}: {hint}")
    names = {name for name in named if not globs or any(matching(g, [name]) for g in globs)}
    made = {
        maker: maker() for maker in dict.fromkeys(named[name] for name in named if name in names)
    }
    jobs = [job for own in made.values() for job in own if job.stem in names]
    if not jobs:
        raise UserError(f"the run has nothing to show in {', '.join(sorted(names))}")
    return jobs


def check_width(width: float) -> None:
    """Refuse a width that no figure can have."""
    if not NARROWEST <= width <= WIDEST:
        raise UserError(f"width = {width:g} is out of range: from {NARROWEST} to {WIDEST} inches")


def write(
    frames: Frames, manifest: Mapping[str, Any], out: Path, *, globs: Sequence[str] = (),
    suffix: str = "svg", width: float = 7.0, surfaces: Surfaces | None = None,
    theory: Theory | None = None, processes: int = 2,
) -> list[Path]:  # fmt: skip
    """Draw figures of a run into the folder `out` and return their files.

    Parameters
    ----------
    frames, manifest
        As `load_with_manifest` gives them.
    out : Path
    globs : sequence of str
        Names of figures: "problem-*"; none: all.
    suffix : {"svg", "pdf", "png", "pgf"}
    width : float
        Inches, from 3.25 to 12.
    surfaces, theory : optional
        See `page.build.build`.
    processes : int

    Raises
    ------
    UserError
        If a glob matches no figure, or the width is out of range.
    ResultsError
        If `out` cannot be written.
    """
    check_width(width)
    jobs = chosen(makers(frames, manifest, surfaces, theory), globs)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return draw.run(jobs, out, suffix, width, processes)
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror or error}") from error
