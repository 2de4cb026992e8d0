"""The playground's page: its scripts and styles, with those it shares with the report, in one."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup

from optbench.errors import ResultsError
from optbench.report.figures.palette import OUTCOMES

SCRIPTS = (
    ("page", "js/player.js"),
    ("playground", "js/quadratic.js"),
    ("playground", "js/theory.js"),
    ("playground", "js/drawing.js"),
    ("playground", "js/start.js"),
)
STYLES = (("page", "html/page.css"), ("playground", "html/playground.css"))


def page() -> str:
    """Return the page as HTML; it loads nothing."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("playground", "html/playground.html.j2")).render(
        css=Markup("\n".join(_text(*own) for own in STYLES)),
        js=Markup("const optbench = {};\n" + scripts()),
        shades={"nearer": OUTCOMES["target"], "farther": OUTCOMES["not finite"]},
    )


def scripts() -> str:
    """Return the JavaScript, in the order in which it runs."""
    return "\n".join(_text(*own) for own in SCRIPTS)


def write(path: str | Path) -> Path:
    """Write the page; return its path.

    Raises
    ------
    ResultsError
        If it cannot be written there.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(page(), encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror or error}") from None
    return Path(path)


def _text(part: str, name: str) -> str:
    return resources.files(f"optbench.report.{part}").joinpath(name).read_text(encoding="utf-8")
