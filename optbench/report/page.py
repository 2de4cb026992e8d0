"""The report of a run: CSV tables, figures, and one HTML page that needs nothing else."""

import re
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from optbench.report import aside, plan, tables
from optbench.report.figures import draw, layers, numbers, rate_verdicts, style
from optbench.report.statistics.ranking import ranked, ranked_by_problem
from optbench.waiting import tell

KINDS = {
    "deterministic": "noise-free surface",
    "stochastic": "noisy surface",
    "data": "real data",
    "net": "neural network",
}


def build(
    folder, frames, manifest, *, surfaces=None, processes=2, conformance=()
):  # fmt: skip
    """Write ``tables/*.csv``, ``figures/*.svg`` and ``*.png``, and ``report/index.html``.

    Parameters
    ----------
    folder : path
        The folder of the run.
    frames : dict of DataFrame
        problems, convergence, sensitivity, curves, paths, lanes, layers, labels and skipped, as
        the analysis gives them.
    manifest : dict
        Facts about the run: study, versions, machine, times.
    surfaces : callable, optional
        ``surfaces(label, instance) -> (value, box, minimum)`` of a 2-D problem, where
        ``value(X[n, 2]) -> f[n]`` and `minimum` may be None. Without it, or where it returns None,
        trajectories have no contours.
    processes : int
        How many processes draw figures; 1 draws in this one.
    conformance : list of dict
        How far the rules are from other implementations; see `checking.conformance.summary`.

    Returns
    -------
    pathlib.Path
        The page.
    """
    problems = frames["problems"]
    convergence = ranked_by_problem(frames["convergence"], problems)
    slugs = anchors(problems["label"])
    styles = style.styles(_optimizers(frames))
    wanted, sections = _plan(frames, problems, convergence, slugs, styles, manifest, surfaces)
    with aside.folders(folder, ("tables", "figures", "report")) as written:
        tell("writing tables")
        tables.write(written / "tables", frames, convergence)
        drawn = draw.run(wanted, written / "figures", processes)
        tell("writing the page")
        (written / "report" / "index.html").write_text(
            _html(frames, manifest, convergence, slugs, styles, drawn, sections, conformance),
            encoding="utf-8",
        )
    return Path(folder) / "report" / "index.html"


def anchors(labels):
    """Return label -> a name that is unique and safe in file names and links."""
    made, used = {}, set()
    for label in labels:
        base = re.sub(r"[^a-z0-9_]+", "-", str(label).lower()).strip("-")[:60] or "problem"
        name, n = base, 2
        while name in used:
            name, n = f"{base}-{n}", n + 1
        used.add(name)
        made[label] = name
    return made


def _optimizers(frames):
    return {
        name for part in ("convergence", "sensitivity", "curves") for name in _names(frames[part])
    }


def _names(frame):
    return frame["optimizer"].unique()


def _plan(frames, problems, convergence, slugs, styles, manifest, surfaces):
    """Return the jobs of all figures, and one section of the page for each problem."""
    wanted = [
        *plan.heatmaps(convergence, problems, manifest["study"].get("dtype", "float64")),
        *plan.endings(frames["lanes"]),
    ]
    parts = {
        name: dict(list(frames[name].groupby("label", sort=False, observed=True)))
        for name in ("curves", "sensitivity", "paths", "lanes", "labels", "layers")
    }
    rows = dict(list(convergence.groupby("label", sort=False, observed=True)))

    def of(name, label):
        return parts[name].get(label, frames[name].iloc[:0])

    sections = []
    for facts in problems.itertuples(index=False):
        slug, own = slugs[facts.label], rows.get(facts.label, convergence.iloc[:0])
        curves = of("curves", facts.label)
        figures = [
            *plan.of_problem(facts, slug, curves, of("sensitivity", facts.label), own, styles),
            *plan.training(facts, slug, curves, styles),
            *plan.over_contours(
                facts, slug, of("paths", facts.label), of("lanes", facts.label), styles, surfaces
            ),
        ]
        labels = of("labels", facts.label)
        swept = labels[labels["phase"] == "tuning"]
        looks = layers.jobs(facts, slug, of("layers", facts.label), styles)
        by_rate = rate_verdicts.job(facts, slug, swept, own)
        wanted += figures + looks + by_rate
        section = _section(facts, slug, own, labels, [job.stem for job in figures])
        section["inside"] = [job.stem for job in looks]
        section["rates"] = [job.stem for job in by_rate]
        section["evidence"] = rate_verdicts.table_rows(swept)
        sections.append(section)
    return wanted, sections


def _section(facts, slug, rows, labels, stems):
    trained = facts.kind in ("data", "net")
    return {
        "label": facts.label,
        "slug": slug,
        "kind": KINDS[facts.kind],
        "family": facts.family,
        "tags": [tag for tag in re.split(r",\s*", facts.tags or "") if tag],
        "target": facts.target_text,
        "f_ref": numbers.text(facts.f_ref),
        "f_ref_source": facts.f_ref_source,
        "best": best(rows),
        "stems": stems,
        "parts": tables.parts_rows(ranked(rows), labels) if trained else [],
    }


def best(rows):
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


def _html(frames, manifest, convergence, slugs, styles, drawn, sections, conformance):
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_resource("template.html.j2"))
    return template.render(
        manifest=manifest,
        head=head(frames, manifest, styles),
        columns=tables.COLUMNS,
        rows=tables.convergence_rows(convergence, slugs),
        overview=[drawn[s] for s in ("heatmap-success", "heatmap-gap", "statuses") if s in drawn],
        sections=[_with_figures(section, drawn) for section in sections],
        conformance=conformance,
        skipped=list(frames["skipped"].itertuples(index=False)),
        unfinished="" if manifest["state"] == "complete" else manifest["state"],
        target=plan.target_words(frames["problems"]),
        examples=manifest.get("layer_examples", 1024),
        css=Markup(_resource("page.css")),
        js=Markup(_resource("page.js")),
    )


def _with_figures(section, drawn):
    """Replace the stems of a section's figures by what was drawn."""
    parts = {"figures": "stems", "inside": "inside", "rates": "rates"}
    return section | {to: [drawn[stem] for stem in section[of]] for to, of in parts.items()}


def _resource(name):
    return files("optbench.report").joinpath(name).read_text(encoding="utf-8")


def head(frames, manifest, styles):
    """Return the facts at the top of the page as pairs of words, and how phases were split."""
    lanes = frames["lanes"]
    scoring, tuning = (lanes[lanes["phase"] == phase] for phase in ("scoring", "tuning"))
    speed = manifest["lane_steps"] / max(manifest["run_seconds"], 1e-9)  # NaN if it is unknown
    return {
        "counts": [
            _counted(len(styles), "optimizer"),
            _counted(len(frames["problems"]), "problem"),
            (numbers.count(len(lanes)), "lanes"),
            (numbers.text(float(manifest["lane_steps"])), "lane-steps"),
            (numbers.seconds(manifest["run_seconds"]), "run time"),
            (numbers.seconds(manifest["compile_seconds"]), "compile time (apart)"),
            (numbers.text(speed), "lane-steps per second"),
        ],
        "tuning": spans(tuning["instance"].unique()),
        "scoring": spans(scoring["instance"].unique()),
        "seeds": len(scoring["seed"].unique()),
        "diverged": int((scoring["status"] == "not finite").sum()),
        "scored": len(scoring),
    }


def _counted(number, thing):
    return numbers.count(number), thing if number == 1 else f"{thing}s"


def spans(numbers_seen):
    """Return whole numbers as readers write them: ``3-6`` or ``1, 4``."""
    seen = sorted(int(n) for n in numbers_seen)
    if len(seen) > 1 and seen == list(range(seen[0], seen[-1] + 1)):
        return f"{seen[0]}–{seen[-1]}"
    return ", ".join(map(str, seen)) or "none"
