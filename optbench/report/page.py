"""The report of a run: CSV tables, figures, and one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from optbench.report import aside, head, overview, plan, tables
from optbench.report.figures import draw, layers, numbers, rate_verdicts, style
from optbench.report.figures.draw import Job, Picture
from optbench.report.figures.style import Style
from optbench.report.statistics.ranking import ranked, ranked_by_problem
from optbench.report.statistics.rows import Frames, ProblemRow
from optbench.waiting import tell

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "deterministic": "noise-free surface",
    "stochastic": "noisy surface",
    "data": "real data",
    "net": "neural network",
}


@dataclass(frozen=True)
class Contents:
    """What all parts of a report are made from.

    Attributes
    ----------
    frames : dict of DataFrame
    manifest : dict
    convergence : DataFrame
        In the order of the page.
    slugs : dict
        label -> its anchor, and the name of its files.
    styles : dict
        optimizer -> how it is drawn.
    """

    frames: Frames
    manifest: Mapping[str, Any]
    convergence: pd.DataFrame
    slugs: Mapping[str, str]
    styles: Mapping[str, Style]


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


def build(
    folder: str | Path,
    frames: Frames,
    manifest: Mapping[str, Any],
    *,
    surfaces: plan.Surfaces | None = None,
    processes: int = 2,
    conformance: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write ``tables/*.csv``, ``figures/*.svg`` and ``*.png``, and ``report/index.html``.

    Parameters
    ----------
    folder : path
        The folder of the run.
    frames : dict of DataFrame
        problems, convergence, sensitivity, curves, paths, lanes, layers, labels and skipped, as
        `statistics.load` gives them.
    manifest : dict
        Facts about the run: study, versions, machine, times.
    surfaces : callable, optional
        ``surfaces(label, instance) -> (value, box, minimum)`` of a 2-D problem, where
        ``value(X[n, 2]) -> f[n]`` and `minimum` may be None. Without it, or where it returns None,
        trajectories have no contours.
    processes : int
        How many processes draw figures; 1 draws in this one.
    conformance : list of dict
        How far the rules are from other implementations; see `conformance.summary`.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    ResultsError
        If nothing can be written there.
    """
    problems = frames["problems"]
    contents = Contents(
        frames,
        manifest,
        ranked_by_problem(frames["convergence"], problems),
        anchors(problems["label"]),
        style.styles(_optimizers(frames)),
    )
    sections = _sections(contents, surfaces)
    jobs = [*_overview(contents), *(job for section in sections for job in section.jobs)]
    with aside.folders(folder, ("tables", "figures", "report")) as staging:
        tell("writing tables")
        tables.write(staging / "tables", frames, contents.convergence)
        pictures = draw.run(jobs, staging / "figures", processes)
        tell("writing the page")
        page = _html(contents, [section.rendered(pictures) for section in sections], pictures,
                     conformance)  # fmt: skip
        (staging / "report" / "index.html").write_text(page, encoding="utf-8")
    return Path(folder) / "report" / "index.html"


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


def _optimizers(frames: Frames) -> set[str]:
    parts = ("convergence", "sensitivity", "curves")
    return {name for part in parts for name in frames[part]["optimizer"].unique()}


def _overview(contents: Contents) -> list[Job]:
    """Return the jobs of the figures that show all problems together."""
    frames, dtype = contents.frames, contents.manifest["study"].get("dtype", "float64")
    return [
        *overview.heatmap_jobs(contents.convergence, frames["problems"], dtype),
        *overview.ending_jobs(frames["lanes"]),
    ]


def _sections(contents: Contents, surfaces: plan.Surfaces | None) -> list[Section]:
    """Return a section for each problem, in the order of the frame of problems."""
    frames = {
        **{name: contents.frames[name] for name in
           ("curves", "sensitivity", "paths", "lanes", "labels", "layers")},
        "convergence": contents.convergence,
    }  # fmt: skip
    by_label = {
        name: dict(list(frame.groupby("label", sort=False, observed=True)))
        for name, frame in frames.items()
    }
    return [
        _section(
            facts,
            contents.slugs[facts.label],
            {name: by_label[name].get(facts.label, frame.iloc[:0])
             for name, frame in frames.items()},
            contents.styles,
            surfaces,
        )
        for facts in contents.frames["problems"].itertuples(index=False)
    ]  # fmt: skip


def _section(
    facts: ProblemRow,
    slug: str,
    frames: Frames,
    styles: Mapping[str, Style],
    surfaces: plan.Surfaces | None,
) -> Section:
    """Return the section of a problem, given its rows of the frames."""
    curves, rows, verdicts = frames["curves"], frames["convergence"], frames["labels"]
    by_rate = verdicts[verdicts["phase"] == "tuning"]
    figures = [
        *plan.problem_jobs(
            facts, slug, curves=curves, scores=frames["sensitivity"], convergence=rows,
            styles=styles,
        ),
        *plan.training_jobs(facts, slug, curves, styles),
        *plan.trajectory_jobs(
            facts, slug, paths=frames["paths"], lanes=frames["lanes"], styles=styles,
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
        "parts": tables.parts_rows(ranked(rows), verdicts) if has_parts else [],
        "evidence": rate_verdicts.table_rows(by_rate),
    }
    return Section(
        words,
        figures,
        inside=layers.jobs(facts, slug, frames["layers"], styles),
        rates=rate_verdicts.jobs(facts, slug, by_rate, rows),
    )


def best(rows: pd.DataFrame) -> str:
    """Return one sentence about the best optimizer of a problem's ranked rows."""
    if not len(rows):
        return "No optimizer was run."
    first = next(rows.itertuples(index=False))
    if first.success_share > 0:
        share = numbers.percent(first.success_share)
        words = f"Best: {first.optimizer}, {share} of lanes reached the target"
        if 0 < first.evaluations_to_target < float("inf"):
            words += f", median {numbers.count(round(first.evaluations_to_target))} evaluations"
        return words + "."
    finite = rows[rows["median_gap"] < float("inf")]
    if not len(finite):
        return "No optimizer reached the target, and most lanes of each diverged."
    least = finite.loc[finite["median_gap"].idxmin()]
    return (
        f"No optimizer reached the target; least median: {least['optimizer']}, "
        f"{numbers.text(least['median_gap'])}."
    )


def _html(
    contents: Contents,
    sections: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, Picture],
    conformance: Sequence[Mapping[str, Any]],
) -> str:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_resource("template.html.j2"))
    frames, manifest = contents.frames, contents.manifest
    stems = ("heatmap-success", "heatmap-gap", "statuses")
    return template.render(
        manifest=manifest,
        head=head.facts(frames, manifest, len(contents.styles)),
        columns=tables.COLUMNS,
        rows=tables.convergence_rows(contents.convergence, contents.slugs),
        overview=[pictures[stem] for stem in stems if stem in pictures],
        sections=sections,
        conformance=conformance,
        skipped=list(frames["skipped"].itertuples(index=False)),
        unfinished="" if manifest["state"] == "complete" else manifest["state"],
        target=overview.target_words(frames["problems"]),
        examples=manifest.get("layer_examples", 1024),
        css=Markup(_resource("page.css")),
        js=Markup(_resource("page.js")),
    )


def _resource(name: str) -> str:
    return files("optbench.report").joinpath(name).read_text(encoding="utf-8")
