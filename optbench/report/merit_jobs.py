"""Which figures for paper show figures of merit, with the plain arrays they are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optbench.report.figures import distributions, ranks
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import text
from optbench.report.figures.palette import Style
from optbench.report.merit.profile_table import EVALUATIONS, PERFORMANCE, RUNTIME

if TYPE_CHECKING:
    import pandas as pd

MOST_RATIO = 1000.0
"""Ratios to the best beyond which nothing is drawn."""


class Words(NamedTuple):
    """What a figure of distributions is called and says."""

    title: str
    axis: str
    note: str


DISTRIBUTIONS = {
    "profiles": (PERFORMANCE, Words(
        "Performance profiles", "cost of a success over that of the best",
        "Share of problems on which a success costs at most so many times what it costs the best "
        "optimizer (Dolan and Moré 2002).",
    )),
    "data-profiles": (EVALUATIONS, Words(
        "Data profiles", "gradient evaluations",
        "Share of problems on which a success costs at most so many evaluations "
        "(Moré and Wild 2009).",
    )),
    "runtimes": (RUNTIME, Words(
        "Runtime distributions over all targets", "evaluations / dimension",
        "Share of (target, lane) met within so many evaluations a dimension, over all targets of "
        "the grids of all problems (COCO's runtime ECDF).",
    )),
}  # fmt: skip
"""Name of a figure -> its name in the frame of profiles, and its words."""


def distribution_jobs(
    frames: Mapping[str, pd.DataFrame], name: str, styles: Mapping[str, Style]
) -> list[Job]:
    """Return the job of one of `DISTRIBUTIONS`, none if no optimizer has a point in it.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Curves are in "profiles"; "merit" and "runtimes" have on how many problems each optimizer
        was run: of one that was not run on all of them the figure says so.
    name : str
    styles : mapping of str to Style
    """
    figure, words = DISTRIBUTIONS[name]
    profiles = frames["profiles"]
    rows = profiles[profiles["figure"] == figure]
    curves = {
        str(optimizer): (own["x"].to_numpy(float), own["y"].to_numpy(float))
        for optimizer, own in rows.groupby("optimizer", observed=True)
    }
    at = np.concatenate([x[y > 0] for x, y in curves.values()] or [np.empty(0)])
    if not len(at):
        return []
    first, most = float(at.min()), float(at.max()) * 1.05
    if figure == PERFORMANCE:
        first, most = 1.0, max(10.0, min(most, MOST_RATIO))
    arguments = {
        "title": words.title, "words": words.axis, "note": words.note, "curves": curves,
        "first": first, "most": most, "styles": {own: styles[own] for own in curves},
        "partly": {
            own: f"{some} of {all_of_them}"
            for own, (some, all_of_them) in _ran(frames, figure).items()
            if own in curves and some < all_of_them
        },
    }  # fmt: skip
    return [Job(name, distributions.draw, arguments, f"{words.title}, a line an optimizer")]


def _ran(frames: Mapping[str, pd.DataFrame], figure: str) -> dict[str, tuple[int, int]]:
    """Return optimizer -> on how many of the problems of a figure it was run, and of how many."""
    if figure == RUNTIME:  # of problems with a grid of targets, which are not all
        rows = frames["runtimes"].query("setting == 'tuned'")
        labels = rows.groupby("optimizer", observed=True)["label"].nunique()
        count = rows["label"].nunique()
        return {str(name): (int(own), count) for name, own in labels.items()}
    rows = frames["merit"]
    counts = zip(rows["optimizer"], rows["problems"], rows["not_run"], strict=True)
    return {str(name): (ran, ran + missing) for name, ran, missing in counts}


def rank_jobs(merit: pd.DataFrame, styles: Mapping[str, Style]) -> list[Job]:
    """Return the job of mean ranks over families of problems, none where nobody has a rank."""
    rows = merit[merit["mean_rank"].notna()].sort_values("mean_rank", kind="stable")
    if not len(rows):
        return []
    difference, p = float(rows["critical_difference"].iloc[0]), float(rows["friedman_p"].iloc[0])
    note = "Mean rank of what a success costs, over families of problems. "
    note += (
        "No test: 3 optimizers on 10 families are needed." if np.isnan(difference) else
        f"Bars: half of Nemenyi's critical difference ({text(difference)}) to either side; two "
        f"whose bars overlap are not told apart at 5 %. Friedman's test: p = {text(p, 2)} "
        "(Demšar 2006)."
    )  # fmt: skip
    names = rows["optimizer"].tolist()
    arguments = {
        "names": names, "ranks": rows["mean_rank"].to_numpy(float), "difference": difference,
        "note": note, "styles": {name: styles[name] for name in names},
    }  # fmt: skip
    return [Job("ranks", ranks.draw, arguments, "Mean ranks of optimizers")]
