"""The sections of the page: one a problem, if the page is not larger than anybody reads."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optbench.define.lookup import matching
from optbench.errors import UserError
from optbench.report import plan, tables
from optbench.report.bounds.theory import Theory
from optbench.report.figures import layers, numbers, rate_verdicts
from optbench.report.figures.draw import Job, Picture
from optbench.report.figures.style import Style
from optbench.report.statistics.ranking import ranked
from optbench.report.statistics.rows import Frames, ProblemRow

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "deterministic": "noise-free surface",
    "stochastic": "noisy surface",
    "data": "real data",
    "net": "neural network",
}
MOST_PROBLEMS, MOST_PAIRS = 30, 600
"""Pages of larger runs have no sections but those that are asked for: at a second and some
hundred kilobytes a section, what nobody scrolls through would be most of the time and the page."""
SHOWN = 20
"""Optimizers that the figures of a section show, the best ones: more lines cannot be told apart."""
PARTS = ("curves", "sensitivity", "paths", "labels", "layers")
"""Frames, beside that of convergence, that a section is made from."""


@dataclass(frozen=True)
class Section:
    """The section of one problem: the words of the template, and the jobs of its figures."""

    words: Mapping[str, Any]
    figures: Sequence[Job]
    inside: Sequence[Job]
    rates: Sequence[Job]

    @property
    def jobs(self) -> list[Job]:
        """Return the jobs of all its figures, in the order of the page."""
        return [*self.figures, *self.inside, *self.rates]

    def rendered(self, pictures: Mapping[str, Picture]) -> dict[str, Any]:
        """Return what the template shows, given stem -> `Picture`."""
        parts = {"figures": self.figures, "inside": self.inside, "rates": self.rates}
        return {
            **self.words,
            **{name: [pictures[job.stem] for job in jobs] for name, jobs in parts.items()},
        }


def shown_labels(
    problems: pd.DataFrame, pairs: int, globs: Sequence[str] = ()
) -> list[str]:  # fmt: skip
    """Return the labels of the problems that have a section, in the order of the frame.

    Parameters
    ----------
    problems : DataFrame
    pairs : int
        Of the run.
    globs : sequence of str
        Problems that are asked for, by name or label; none: all of a run that is not too large.

    Raises
    ------
    UserError
        If a glob matches no problem of the run.
    """
    labels = problems["label"].tolist()
    if not globs:
        return [] if len(labels) > MOST_PROBLEMS or pairs > MOST_PAIRS else labels
    names = dict(zip(labels, problems["problem"], strict=True))
    chosen: set[str] = set()
    for glob in globs:
        matches = {label for label in labels if matching(glob, [label, names[label]])}
        if glob in labels:  # brackets in a label are not a glob's
            matches.add(glob)
        if not matches:
            near = difflib.get_close_matches(glob, [*names.values(), *labels], n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"it has {labels[0]}, ..."
            raise UserError(f"the run has no problem {glob!r}: {hint}")
        chosen |= matches
    return [label for label in labels if label in chosen]


def sections(
    frames: Frames,
    convergence: pd.DataFrame,
    labels: Sequence[str],
    slugs: Mapping[str, str],
    styles: Mapping[str, Style],
    surfaces: plan.Surfaces | None,
    theory: Theory | None,
) -> list[Section]:
    """Return the sections of some problems.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    convergence : DataFrame
        In the order of the page.
    labels : sequence of str
    slugs, styles : dict
        Of labels, and of optimizers.
    surfaces, theory : optional
        See `page.build`.
    """
    if not labels:
        return []
    by_label = {
        name: dict(list(frame.groupby("label", sort=False, observed=True)))
        for name, frame in {**{n: frames[n] for n in PARTS}, "convergence": convergence}.items()
    }
    empty = {name: frames[name].iloc[:0] for name in PARTS} | {"convergence": convergence.iloc[:0]}
    rows = frames["problems"]
    return [
        _section(
            facts, slugs[facts.label],
            {name: by_label[name].get(facts.label, empty[name]) for name in empty},
            styles, surfaces, theory,
        )
        for facts in rows[rows["label"].isin(labels)].itertuples(index=False)
    ]  # fmt: skip


def _section(
    facts: ProblemRow,
    slug: str,
    frames: Frames,
    styles: Mapping[str, Style],
    surfaces: plan.Surfaces | None,
    theory: Theory | None,
) -> Section:
    """Return the section of a problem, given its rows of the frames."""
    rows, verdicts = frames["convergence"], frames["labels"]
    shown = rows["optimizer"].tolist()[:SHOWN]
    drawn = frames if len(rows) <= SHOWN else {
        name: frame[frame["optimizer"].isin(shown)] for name, frame in frames.items()
    }  # fmt: skip
    swept = drawn["labels"]
    by_rate = swept[(swept["phase"] == "tuning") & (swept["setting"] != "default")]
    figures = [
        *plan.problem_jobs(
            facts, slug, curves=drawn["curves"], scores=drawn["sensitivity"],
            convergence=drawn["convergence"], styles=styles, theory=theory,
        ),
        *plan.training_jobs(facts, slug, drawn["curves"], styles),
        *plan.trajectory_jobs(
            facts, slug, paths=drawn["paths"], convergence=drawn["convergence"], styles=styles,
            surfaces=surfaces,
        ),
    ]  # fmt: skip
    has_parts = facts.kind in ("data", "net")
    words = {
        "label": facts.label,
        "slug": slug,
        "kind": KINDS[facts.kind],
        "tags": [tag for tag in re.split(r",\s*", facts.tags or "") if tag],
        "target": facts.target_text,
        "f_ref": numbers.text(facts.f_ref),
        "f_ref_source": facts.f_ref_source,
        "best": best(rows),
        "some": f"Figures show the best {SHOWN} of {len(rows)} optimizers; all are in the table."
        if len(rows) > SHOWN else "",
        "parts": tables.parts_rows(ranked(rows), verdicts) if has_parts else [],
        "evidence": rate_verdicts.table_rows(by_rate),
    }  # fmt: skip
    return Section(
        words,
        figures,
        inside=layers.jobs(facts, slug, drawn["layers"], styles),
        rates=rate_verdicts.jobs(facts, slug, by_rate, drawn["convergence"]),
    )


def best(rows: pd.DataFrame) -> str:
    """Return one sentence about the best optimizer of a problem's ranked rows."""
    if not len(rows):
        return "No optimizer was run."
    first = next(rows.head(1).itertuples(index=False))
    if first.success_share > 0:
        share = numbers.percent(first.success_share)
        words = f"Best: {first.optimizer}, {share} of lanes reached the target"
        if 0 < first.evaluations_to_target < float("inf"):
            words += f", median {numbers.count(round(first.evaluations_to_target))} evaluations"
        return words + "."
    if first.ranked_by == "basin":
        share = numbers.percent(first.basin_share)
        return (
            "No optimizer reached the target; most often in the basin of the global minimum: "
            f"{first.optimizer}, {share} of lanes."
        )
    finite = rows[rows["median_gap"] < float("inf")]
    if not len(finite):
        return "No optimizer reached the target, and most lanes of each diverged."
    least = finite.loc[finite["median_gap"].idxmin()]
    return (
        f"No optimizer reached the target; least median: {least['optimizer']}, "
        f"{numbers.text(least['median_gap'])}."
    )
