"""``optbench list``: optimizers, problems, activations, studies, runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli.folders import FOLDER, plugins_option

if TYPE_CHECKING:
    from optbench.define.definitions import Part
    from optbench.define.lookup import Refused
    from optbench.rules.schedules import Schedule


@click.group("list")
def list_group() -> None:
    """List what there is."""


@list_group.command("optimizers")
@plugins_option
@click.option("-v", "--verbose", is_flag=True, help="With a table of where settings are searched.")
def list_optimizers(plugins: tuple[Path, ...], verbose: bool) -> None:
    """List update rules, with their hyperparameters and sources."""
    from optbench.lanes.solvers import Solver
    from optbench.rules import registry
    from optbench.rules.foreign import METHODS
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers_before import WRAPPERS

    _echo_parts(registry.optimizers(plugins).values(), verbose)
    click.echo("\nwrappers (switched on by giving one of their hyperparameters):")
    _echo_parts(WRAPPERS, verbose)
    click.echo("\nschedules (schedule=NAME; warmup=SHARE before any of them):")
    _echo_parts(SCHEDULES.values(), verbose)
    click.echo("\nbaselines (noise-free surfaces, in studies that name them):")
    for name in METHODS:
        click.echo(f"{name:18s} [{Solver(name).source}]")
    _echo_refused(registry.named(plugins).refused)


def _echo_parts(parts: "Iterable[Part | Schedule]", verbose: bool) -> None:
    """Print a line a part, or the part with a line for each hyperparameter."""
    from optbench.cli import hyperparameters

    for part in parts:
        if verbose:
            click.echo(f"\n{part.name}  [{part.source}]")
            for line in hyperparameters.lines(hyperparameters.rows(part.hyper)):
                click.echo(f"    {line}")
        else:
            settings = ", ".join(f"{name}={one.default:g}" for name, one in part.hyper.items())
            click.echo(f"{part.name:18s} {settings}  [{part.source}]")


def _echo_refused(refused: "Iterable[Refused]") -> None:
    """Name the files whose definitions are left out, and why."""
    for file in refused:
        click.echo(f"\nleft out: {file.message}\n{file.trace}".rstrip())


@list_group.command("problems")
@plugins_option
def list_problems(plugins: tuple[Path, ...]) -> None:
    """List problems, with dimensions, tags and sources."""
    from optbench.catalog import finding
    from optbench.define.definitions import NetDefinition

    for name, definition in finding.problems(plugins).items():
        if isinstance(definition, NetDefinition):
            size = "-".join(map(str, definition.sizes))
        else:
            dims = ",".join(map(str, definition.dims))
            size = f"d={dims}" + (" or any" if definition.scalable else "")
        tags = ", ".join(definition.tags)
        click.echo(f"{name:24s} {size:18s} {tags}  [{definition.source}]")
    _echo_refused(finding.named(plugins).refused)


@list_group.command("activations")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
def list_activations(dtype: str) -> None:
    """List activations: range, output, slopes, and ns per element on this machine.

    Output and gradient gain are for a standard normal argument.
    """
    from optbench.nets import activation_table
    from optbench.study import machine

    for line in activation_table.lines(activation_table.activation_table(dtype)):
        click.echo(line)
    click.echo(f"ns per element: {dtype}, forward, one thread, {machine.cpu_name()}")


@list_group.command("studies")
def list_studies() -> None:
    """List built-in studies."""
    from optbench.study import schema

    for name in schema.builtin_studies():
        click.echo(f"{name:10s} {schema.read_study(name).description}")


@list_group.command("runs")
@click.option("--root", type=FOLDER, default=Path("results"), help="Where runs are kept.")
@click.option("-v", "--verbose", is_flag=True, help="With what failed, and its traceback.")
def list_runs(root: Path, verbose: bool) -> None:
    """List the runs below the results folder."""
    from optbench.report import runs
    from optbench.study.results import FAILED

    readable, damaged = runs.runs(root)
    for run in readable:
        click.echo(f"{run['name']:32s} {run['study']:10s} {run['created']}  {run['state']}")
        for pair in run["pairs"] if verbose else ():
            if pair["state"] == FAILED:
                click.echo(f"  failed: {pair['optimizer']} on {pair['label']}: {pair['reason']}")
                click.echo("    " + (pair["trace"] or "").rstrip().replace("\n", "\n    "))
    for message in damaged:
        click.echo(f"optbench: {message}", err=True)
