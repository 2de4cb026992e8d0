"""``optbench list studies|runs|activations``."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, say
from optbench.cli.folders import FOLDER
from optbench.cli.lists.choosing import check_globs, globs_argument, matches
from optbench.cli.lists.table import Column, Table, put_tables
from optbench.errors import ResultsError, counted


@click.command(
    "studies", epilog=examples("optbench list studies", "optbench list studies 'tuned*'")
)
@globs_argument(completing.studies)
@json_option
def list_studies(globs: tuple[str, ...], as_json: bool) -> None:
    """List built-in studies."""
    from optbench.study import schema

    every = schema.builtin_studies()
    check_globs(globs, "study", every)
    rows = [
        {"name": name, "description": schema.read_study(name).description}
        for name in every if matches(globs, name)
    ]  # fmt: skip
    columns = (Column("name"), Column("description"))
    table = Table(columns, [(row["name"], row["description"]) for row in rows])
    end = counted(len(rows), "study", len(every))
    put_tables({"studies": rows}, [table], as_json, ends=[end])


@click.command("runs", epilog=examples("optbench list runs -v", "optbench list runs 'quick-*'"))
@globs_argument(completing.pages)
@click.option("--root", type=FOLDER, default=completing.RUNS, help="Where runs are kept.")
@click.option("-v", "--verbose", is_flag=True, help="With what failed, and its traceback.")
@json_option
def list_runs(globs: tuple[str, ...], root: Path, verbose: bool, as_json: bool) -> None:
    """List the runs below the results folder, of studies and of claims."""
    from optbench.report import runs

    of_studies, damaged = runs.runs(root)
    of_claims, more_damaged = _of_claims(root)
    every = sorted([*of_studies, *of_claims], key=lambda run: run["name"])
    damaged += more_damaged
    check_globs(globs, "run", (run["name"] for run in every))
    some = [run for run in every if matches(globs, run["name"])]
    table = Table(
        (Column("name"), Column("study", 60), Column("begun", 80), Column("state")),
        [(run["name"], run["study"], run["created"], run["state"]) for run in some],
    )
    ends = [
        *(_failures(some) if verbose else ()),
        f"{counted(len(some), 'run', len(every))} below {root}",
    ]
    put_tables({"runs": some, "damaged": damaged}, [table], as_json, ends=ends)
    if not as_json:
        for message in damaged:
            say(f"optbench: {message}", err=True)


def _of_claims(root: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what `report.runs.runs` does, of runs of claims, which have no pairs."""
    from optbench.claims import keeping, words

    readable, damaged = [], []
    for folder in keeping.runs(root):
        try:
            state, *_ = words.summary(keeping.read_all(folder))
        except ResultsError as error:
            damaged.append(str(error))
            continue
        begun = datetime.fromtimestamp(keeping.written(folder)[0]).isoformat(timespec="seconds")
        readable.append({
            "name": folder.name, "study": "claims", "created": begun, "state": state, "pairs": [],
        })  # fmt: skip
    return readable, damaged


def _failures(some: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield what failed in runs, and where."""
    from optbench.study.results import FAILED

    for run in some:
        for pair in run["pairs"]:
            if pair["state"] == FAILED:
                yield (
                    f"{run['name']}: failed: {pair['optimizer']} on {pair['label']}: "
                    f"{pair['reason']}"
                )
                yield "    " + (pair["trace"] or "").rstrip().replace("\n", "\n    ")


@click.command("activations", epilog=examples("optbench list activations 'g*' --dtype float64"))
@globs_argument()
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
@json_option
def list_activations(globs: tuple[str, ...], dtype: str, as_json: bool) -> None:
    """List activations: range, output, slopes, and ns per element on this machine.

    Output and gradient gain are for a standard normal argument.
    """
    from optbench.nets import activation_table
    from optbench.nets.activations import ACTIVATIONS
    from optbench.study import machine

    check_globs(globs, "activation", ACTIVATIONS)
    names = [name for name in ACTIVATIONS if matches(globs, name)]
    some = activation_table.activation_table(dtype, names=names)
    head, *rows = activation_table.texts(some)
    table = Table(tuple(map(Column, head)), rows, numbers=True)
    ends = [
        f"ns per element: {dtype}, forward, one thread, {machine.cpu_name()}",
        counted(len(names), "activation", len(ACTIVATIONS)),
    ]
    content = {"activations": some.to_dict("records"), "dtype": dtype}
    put_tables(content, [table], as_json, ends=ends)
