"""``optbench export``: tables of a stored run, for other programs."""

import sys
from pathlib import Path

import click

from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER
from optbench.cli.run_argument import run_argument, run_folder
from optbench.cli.unused_options import refuse
from optbench.errors import UserError
from optbench.report.escaping import terminal

FORMATS = ("csv", "parquet", "json", "latex", "md")


@click.command(
    "export",
    short_help="Write tables of a run for other programs.",
    epilog=examples(
        "optbench export --table convergence --format md",
        "optbench export my_run --format csv --out tables",
    ),
)
@run_argument
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only this table [all].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option(
    "--out", type=FOLDER, help="Folder of the files [of one table of text: standard output]."
)
@json_option
def export_command(
    run: str | None, tables: tuple[str, ...], form: str, out: Path | None, as_json: bool
) -> None:
    """Write tables of RUN, a folder or a name below results [the newest run], for other programs.

    In CSV a text that begins with = + - @ or a tab gets a ' before it, so that no spreadsheet takes
    it for a formula. LaTeX is a longtable of booktabs. JSON is one document, described by
    optbench/report/schema/results.schema.json; it goes to standard output without --out, and so
    does one table of CSV, LaTeX or Markdown. --json without --out is --format json; with it, the
    files are listed as JSON.
    """
    from optbench.report import exports
    from optbench.report.statistics import load

    if as_json and out is None and form != "json":
        refuse(("form",), f"{form} and --json are two formats of standard output: give one of them")
    frames, manifest = load.load_with_manifest(run_folder(run, as_json))
    names = _names(tables, list(frames))
    if as_json and out is None:
        form = "json"
    if out is not None:
        paths = exports.write(frames, names, manifest, form, out)
        put({"files": [str(path) for path in paths]}, map(str, paths), as_json)
    elif form == "json":
        _print(exports.as_json(exports.document(frames, names, manifest)))
    elif form in exports.TEXTS and len(names) == 1:
        _print(exports.TEXTS[form](frames[names[0]]))
    else:
        raise UserError(f"export: {len(names)} tables as {form} are files: name a folder by --out")


def _print(text: str) -> None:
    """Print a document as it is; on a terminal without what would move the cursor."""
    to_people = sys.stdout.isatty()
    click.echo(terminal(text) if to_people else text, nl=False, color=True)


def _names(tables: tuple[str, ...], existing: list[str]) -> list[str]:
    """Return the tables that are exported, each once."""
    for name in tables:
        if name not in existing:
            raise UserError(f"the run has no table {name!r}; it has {', '.join(existing)}")
    return list(dict.fromkeys(tables)) or existing
