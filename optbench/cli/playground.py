"""``optbench playground``: a page to try momentum on a quadratic in, without a server."""

import webbrowser
from pathlib import Path

import click

from optbench.cli.documents import json_option, put


@click.command("playground")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("playground.html"),
    show_default=True, metavar="FILE",
)  # fmt: skip
@click.option("--open", "shown", is_flag=True, help="Open it in the browser.")
@json_option
def playground_command(out: Path, shown: bool, as_json: bool) -> None:
    """Write a page that shows what rate, momentum and condition do to each other.

    One file, which loads nothing: the trajectory on a quadratic in the plane, the gap, and the map
    of where momentum is stable, with the best setting and what theory says.
    """
    from optbench.report.playground.build import write

    path = write(out)
    if shown:
        webbrowser.open(path.resolve().as_uri())
    put({"page": str(path)}, [str(path)], as_json)
