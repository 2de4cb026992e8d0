"""The report of a run: CSV tables, figures, and one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from optbench.report import aside, head, overview, plan, sections, tables
from optbench.report.bounds.theory import Theory
from optbench.report.comparing.sentences import sentences
from optbench.report.figures import draw, style
from optbench.report.figures.draw import Job, Picture
from optbench.report.figures.style import Style
from optbench.report.kinds.answers import by_kind
from optbench.report.kinds.kind_table import SETTINGS
from optbench.report.statistics.ranking import ranked_by_problem
from optbench.report.statistics.rows import Frames
from optbench.report.tuning.regret import regret_line
from optbench.waiting import tell

if TYPE_CHECKING:
    import pandas as pd


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


def build(
    folder: str | Path,
    frames: Frames,
    manifest: Mapping[str, Any],
    *,
    surfaces: plan.Surfaces | None = None,
    theory: Theory | None = None,
    processes: int = 2,
    conformance: Sequence[Mapping[str, Any]] = (),
    only: Sequence[str] = (),
) -> Path:
    """Write ``tables/*.csv``, ``figures/*.svg`` and ``*.png``, and ``report/index.html``.

    Parameters
    ----------
    folder : path
        The folder of the run.
    frames : dict of DataFrame
        problems, kinds, convergence, failures, sensitivity, curves, paths, lanes, layers, labels
        and skipped, as `statistics.load` gives them.
    manifest : dict
        Facts about the run: study, versions, machine, times.
    surfaces : callable, optional
        ``surfaces(label, instance) -> (value, box, minimum)`` of a 2-D problem, where
        ``value(X[n, 2]) -> f[n]`` and `minimum` may be None. Without it, or where it returns None,
        trajectories have no contours.
    theory : Theory, optional
        What is proved of lanes on convex problems; without it no bounds are drawn.
    processes : int
        How many processes draw figures; 1 draws in this one.
    conformance : list of dict
        How far the rules are from other implementations; see `conformance.summary`.
    only : sequence of str
        Globs of the problems that have a section; see `sections.shown_labels`.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    ResultsError
        If nothing can be written there.
    UserError
        If a glob matches no problem of the run.
    """
    problems = frames["problems"]
    contents = Contents(
        frames,
        manifest,
        ranked_by_problem(frames["convergence"], problems),
        anchors(problems["label"]),
        style.styles(frames["convergence"]["optimizer"]),
    )
    labels = sections.shown_labels(problems, len(contents.convergence), only)
    parts = sections.sections(
        frames, contents.convergence, labels, contents.slugs, contents.styles, surfaces, theory
    )
    jobs = [*_overview(contents), *(job for part in parts for job in part.jobs)]
    with aside.folders(folder, ("tables", "figures", "report")) as staging:
        with ThreadPoolExecutor(1) as beside:  # compressing needs no interpreter
            written = beside.submit(tables.write, staging / "tables", frames, contents.convergence)
            pictures = draw.run(jobs, staging / "figures", processes)
            tell("writing tables")
            written.result()
        tell("writing the page")
        page = _html(contents, [part.rendered(pictures) for part in parts], pictures, conformance)
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


def _overview(contents: Contents) -> list[Job]:
    """Return the jobs of the figures that show all problems together."""
    frames, dtype = contents.frames, contents.manifest["study"].get("dtype") or "float64"
    return [
        *overview.heatmap_jobs(contents.convergence, frames["problems"], dtype),
        *overview.ending_jobs(frames["failures"]),
    ]


def _html(
    contents: Contents,
    parts: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, Picture],
    conformance: Sequence[Mapping[str, Any]],
) -> str:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_resource("template.html.j2"))
    frames, manifest = contents.frames, contents.manifest
    drawn = {part["label"]: part["slug"] for part in parts}
    stems = ("heatmap-success", "heatmap-gap", "statuses")
    return template.render(
        manifest=manifest,
        head=head.facts(contents.convergence, manifest, len(frames["problems"])),
        columns=tables.COLUMNS,
        rows=tables.convergence_rows(contents.convergence, drawn),
        answers=by_kind(frames["kinds"]),
        settings=SETTINGS,
        of_pairs=sentences(frames),
        overview=[pictures[stem] for stem in stems if stem in pictures],
        sections=parts,
        left_out=len(frames["problems"]) - len(parts),
        limits=(sections.MOST_PROBLEMS, sections.MOST_PAIRS),
        tables=tables.files(frames),
        conformance=conformance,
        skipped=list(frames["skipped"].itertuples(index=False)),
        unfinished="" if manifest["state"] == "complete" else manifest["state"],
        regret=regret_line(frames["regret"]),
        target=overview.target_words(frames["problems"]),
        examples=manifest.get("layer_examples", 1024),
        css=Markup(_resource("page.css")),
        js=Markup(_resource("page.js")),
    )


def _resource(name: str) -> str:
    return files("optbench.report").joinpath(name).read_text(encoding="utf-8")
