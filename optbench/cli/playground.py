"""``optbench playground``: a page to try momentum on a quadratic in, without a server."""

from pathlib import Path

import click

from optbench.cli.browser import open_option, opening
from optbench.cli.documents import examples, json_option, put


@click.command(
    "playground",
    short_help="Write a page to try momentum on a quadratic in.",
    epilog=examples("optbench playground --open"),
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("playground.html"),
    show_default=True, metavar="FILE",
)  # fmt: skip
@open_option
@json_option
def playground_command(out: Path, open_page: bool, as_json: bool) -> None:
    """Write a page that shows what rate, momentum and condition do to each other.

    One file, which loads nothing: the trajectory on a quadratic in the plane, the gap, and the map
    of where momentum is stable, with the best setting and what theory says.
    """
    from optbench.report.playground.build import write

    path = write(out)
    put({"page": str(path)}, [str(path), *opening(path, open_page)], as_json)
