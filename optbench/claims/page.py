"""What a run of claims leaves to be read: one page by itself, a table, and a page of the docs."""

import csv
import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from optbench.claims import drawing, words
from optbench.claims.keeping import PAGE, TABLE
from optbench.claims.measuring import Facts
from optbench.errors import ResultsError
from optbench.report.escaping import markdown, spreadsheet

_HERE = Path(__file__).parent

DOCS = """# Claims about training, and what became of them

<!-- Written by docs/write_claims.py from a run of `optbench run claims`; do not edit. -->

What lectures say of training deep nets, each put to the test by `optbench run claims`. The rule of
verdicts is in `optbench/claims/verdict.py`; [how to add a claim](add_a_claim.md).

{summary}

Effects are factors (×) or differences, and speak for the claim where they are above ×1 or 0; their
95 % intervals hold the luck of tuning too. Of a theorem, a bound or an identity, the effect is by
how much it is missed. *Stable*: each of three study seeds alone has the
verdict. *Null*: what comes out where both arms are the control.

Left out are generative adversarial nets and audio, which the lectures name without saying anything
of them that could be put to the test.

Designs were tried out on seed 1, and changed where they could not show an effect. {seed}
"""
TRIED = 1
"""The seed that claims were designed on."""


def write(folder: Path, results: list[Facts]) -> Path:
    """Write the page and the table of a run's results, and return the page's path.

    Raises
    ------
    ResultsError
        If they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((PAGE, html_page(results)), (TABLE, table(results))):
            aside = folder / f".{name}.{os.getpid()}"
            aside.write_text(text, "utf-8")
            os.replace(aside, folder / name)
    except OSError as error:
        raise ResultsError(f"{folder}: the page cannot be written ({error.strerror})") from None
    return folder / PAGE


def html_page(results: list[Facts]) -> str:
    """Return the page: it needs no other file and no JavaScript."""
    loader = jinja2.FileSystemLoader(_HERE / "html")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    families: dict[str, list[dict[str, Any]]] = {}
    for facts in results:
        shown: dict[str, Any] = {
            "facts": facts,
            "row": words.row(facts),
            "about": words.effect_sentence(facts),
            "forest": Markup(drawing.forest(facts)),
            "curves": Markup(drawing.curves(facts)),
            "arrows": Markup(drawing.arrows(facts)),
        }
        families.setdefault(facts["family"].replace("_", " "), []).append(shown)
    css = Markup((_HERE / "html" / "claims.css").read_text("utf-8"))
    return environment.get_template("claims.html.j2").render(
        families=families,
        summary=list(words.summary(results)),
        css=css,
        errors=[facts for facts in results if facts["errs"]],
    )


def table(results: list[Facts]) -> str:
    """Return the table as CSV, a row a claim."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(words.COLUMNS)
    for facts in results:
        writer.writerow(spreadsheet(cell) for cell in words.row(facts).values())
    return text.getvalue()


def docs(results: list[Facts]) -> str:
    """Return the page of the docs, in Markdown: a table a family."""
    summary = "\n".join(f"- {said}." for said in words.summary(results))
    seeds = {facts["seed"] for facts in results}
    unseen = "What is shown\nhere are lanes of another seed, on which nothing was chosen."
    parts = [DOCS.format(summary=summary, seed="" if TRIED in seeds else unseen)]
    if errors := [facts for facts in results if facts["errs"]]:
        parts.append("\n## Where lectures err, or contradict each other\n")
        parts += [
            f"- {markdown(facts['errs'])} (`{facts['name']}`: {facts['verdict']})"
            for facts in errors
        ]
    for family, own in itertools.groupby(results, key=lambda facts: facts["family"]):
        parts += _family(str(family), list(own))
    return "\n".join(parts) + "\n"


def _family(name: str, results: list[Facts]) -> Iterator[str]:
    """Yield the lines of a family in the docs: its table, and how each experiment goes."""
    yield f"\n## {name.replace('_', ' ').capitalize()}\n"
    yield f"| {' | '.join(words.COLUMNS)} |"
    yield f"|{'---|' * len(words.COLUMNS)}"
    for facts in results:
        cells = {head: markdown(cell) for head, cell in words.row(facts).items()}
        cells["command"] = f"`{words.command(facts)}`"
        yield f"| {' | '.join(cells.values())} |"
    yield ""
    for facts in results:
        if facts["experiment"]:
            yield f"- `{facts['name']}`: {markdown(' '.join(facts['experiment'].split()))}"
