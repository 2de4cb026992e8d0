"""``optbench figures``: figures of a stored run, for paper."""

from pathlib import Path

import click

from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, plugins_option
from optbench.cli.run_argument import run_argument, run_folder

PROCESSES = 2
"""Processes that draw."""


@click.command(
    "figures",
    short_help="Draw figures of a run for paper.",
    epilog=examples("optbench figures --only 'problem-*' --format pdf --width 3.25"),
)
@run_argument
@click.option(
    "--only", "globs", multiple=True, metavar="GLOB",
    help="Only figures of these names: heatmap-*, problem-*, trajectories-booth* [all].",
)  # fmt: skip
@click.option(
    "--format", "suffix", type=click.Choice(["svg", "pdf", "png", "pgf"]), default="svg",
    show_default=True,
)  # fmt: skip
@click.option(
    "--width", type=float, default=7.0, show_default=True, help="Inches, from 3.25 to 12."
)
@click.option("--out", type=FOLDER, help="Where to write them [figures in the run's folder].")
@json_option
@plugins_option
def figures_command(
    run: str | None, globs: tuple[str, ...], suffix: str, width: float, out: Path | None,
    as_json: bool, plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Draw figures of RUN, a folder or a name below results [the newest run], for paper.

    Letters are 6 to 9 points at every width; what has no room side by side is drawn one below the
    other.
    """
    from optbench import session

    folder = run_folder(run, as_json)
    paths = session.draw_figures(
        folder, plugins, only=globs, suffix=suffix, width=width, out=out, processes=PROCESSES
    )
    put({"run": str(folder), "files": [str(path) for path in paths]}, map(str, paths), as_json)
