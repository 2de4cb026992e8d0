"""``--open`` and ``optbench open``: the page of a run in the browser."""

from pathlib import Path
from typing import Any

import click

from optbench.cli.documents import examples, json_option, put
from optbench.cli.run_argument import page_argument, page_folder
from optbench.errors import ResultsError

PAGE = Path("report") / "index.html"
"""Of a study's run, below its folder."""


def open_option(command: Any) -> Any:
    """Give a command the option ``--open``, its argument `open_page`."""
    return click.option(
        "--open", "open_page", is_flag=True, help="Open the page in the browser at the end."
    )(command)


def opening(page: Path, open_page: bool) -> list[str]:
    """Open a page if that is asked for; return the line that says what came of it, or none."""
    if not open_page:
        return []
    from optbench.report import browser

    return ["opened in the browser" if browser.opened(page) else browser.without_one(page)]


@click.command(
    "open",
    short_help="Open the page of a run in the browser.",
    epilog=examples("optbench open", "optbench open results/my_run"),
)
@page_argument
@json_option
def open_command(run: str | None, as_json: bool) -> None:
    """Open the page of RUN in the browser: a folder, or a name below results [the newest run].

    A run of claims has a page, too.
    """
    from optbench.claims import keeping

    folder, of_claims = page_folder(run, as_json)
    page = folder / (keeping.PAGE if of_claims else PAGE)
    if not page.is_file():
        raise ResultsError(f"{folder}: has no page yet: `optbench report {folder}` writes it")
    put(
        {"run": str(folder), "report": str(page)},
        [f"report: {page}", *opening(page, open_page=True)], as_json,
    )  # fmt: skip
