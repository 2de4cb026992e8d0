"""The report of a run: tables, and one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from optbench.report import aside, head, tables
from optbench.report.bounds.theory import Theory
from optbench.report.figures.surface_views import Surfaces
from optbench.report.kinds.answers import by_kind
from optbench.report.kinds.kind_table import SETTINGS
from optbench.report.page import browser, words
from optbench.report.page.contents import Contents
from optbench.report.page.drawn import drawn_labels
from optbench.report.page.figures import NAMES
from optbench.report.page.kept import KeptTemplates
from optbench.report.page.packing import compressed_once, packed
from optbench.report.statistics.rows import Frames
from optbench.waiting import tell

SCRIPTS = (
    "core",
    "vanish",
    "printing",
    "player",
    "stats",
    "kinds",
    "labels",
    "cells",
    "intervals",
    "view",
    "answers",
    "tables",
    "other_settings",
)
"""Files of js/ that figures are built on; `start` comes after all figures."""
OPTIONS: dict[str, Any] = dict(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
"""Of all templates."""


def build(
    folder: str | Path,
    frames: Frames,
    manifest: Mapping[str, Any],
    *,
    surfaces: Surfaces | None = None,
    theory: Theory | None = None,
    conformance: Sequence[Mapping[str, Any]] = (),
    only: Sequence[str] = (),
    files: Mapping[str, Callable[[], bytes]] | None = None,
) -> Path:
    """Write ``tables/`` and ``report/index.html``.

    Parameters
    ----------
    folder : path
        The folder of the run.
    frames : mapping of str to DataFrame
        As `statistics.load` gives them.
    manifest : dict
        Facts about the run: study, versions, machine, times.
    surfaces : callable, optional
        ``surfaces(label) -> (value, box, minimum)`` of a 2-D problem, where
        ``value(X[n, 2]) -> f[n]`` and `minimum` may be None. Without it, or where it returns None,
        trajectories have no contours.
    theory : Theory, optional
        What is proved of lanes on convex problems; without it no bounds are drawn.
    conformance : list of dict
        How far the rules are from other implementations; see `conformance.summary`.
    only : sequence of str
        Globs of the problems whose figures the page has, by name or label; none: all.
    files : dict, optional
        Table -> what gives what its file holds, where that is not made from the frames here.

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
    contents = Contents(frames, manifest, drawn_labels(frames["problems"], only), surfaces, theory)
    with aside.folders(folder, ("tables", "report")) as staging:
        tell("writing the page")
        with ThreadPoolExecutor(1) as beside:  # compressing needs no interpreter
            script = beside.submit(lambda: compressed_once(plotly()))
            data = beside.submit(packed, browser.data(contents))
            page = _html(contents, conformance, script, data)
        tell("writing tables")
        tables.write(staging / "tables", frames, contents.convergence, files)
        (staging / "report" / "index.html").write_text(page, encoding="utf-8")
    return Path(folder) / "report" / "index.html"


def _html(
    contents: Contents, conformance: Sequence[Mapping[str, Any]], script: Future[str],
    data: Future[str],
) -> str:  # fmt: skip
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _resource("html", name)),
        bytecode_cache=KeptTemplates(OPTIONS), **OPTIONS,
    )  # fmt: skip
    frames, manifest = contents.frames, contents.manifest
    return environment.get_template("page.html.j2").render(
        manifest=manifest,
        head=head.facts(contents.convergence, manifest, len(frames["problems"])),
        columns=tables.COLUMNS,
        rows=tables.convergence_rows(contents.convergence),
        problems=words.problems(contents),
        parts=words.parts(contents),
        evidence=words.evidence(contents),
        lead=words.lead(contents),
        against=words.against(contents),
        limits=words.limits(contents),
        answers=by_kind(frames["kinds"]),
        settings=SETTINGS,
        tables=tables.files(frames),
        conformance=conformance,
        skipped=list(frames["skipped"].itertuples(index=False)),
        unfinished="" if manifest["state"] == "complete" else manifest["state"],
        shard=manifest.get("shard"),
        target=head.target_words(frames["problems"]),
        css=Markup(_resource("html", "page.css")),
        js=Markup(scripts()),
        plotly=script.result(),
        data=data.result(),
    )  # fmt: skip


def scripts() -> str:
    """Return the page's own JavaScript, in the order in which it runs."""
    names = [*SCRIPTS, *(f"figures/{name}" for name in NAMES), "start"]
    return "\n".join(_resource("js", f"{name}.js") for name in names)


def plotly() -> bytes:
    """Return the JavaScript of plotly that comes with its package."""
    return resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()


def _resource(folder: str, name: str) -> str:
    place = resources.files("optbench.report.page").joinpath(folder)
    return place.joinpath(*name.split("/")).read_text(encoding="utf-8")
