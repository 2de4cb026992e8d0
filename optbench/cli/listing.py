"""``optbench list``: optimizers, problems, activations, studies, runs."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli.documents import json_option, put, say
from optbench.cli.folders import FOLDER, plugins_option

if TYPE_CHECKING:
    from optbench.define.definitions import NetDefinition, Part, ProblemDefinition
    from optbench.define.lookup import Refused
    from optbench.define.perturbations import Perturbation
    from optbench.rules.schedules import Schedule


@click.group("list")
def list_group() -> None:
    """List what there is."""


@list_group.command("optimizers")
@plugins_option
@click.option("-v", "--verbose", is_flag=True, help="With a table of where settings are searched.")
@json_option
def list_optimizers(plugins: tuple[Path, ...], verbose: bool, as_json: bool) -> None:
    """List update rules, with their hyperparameters and sources."""
    from optbench.lanes.solvers import Solver
    from optbench.rules import registry
    from optbench.rules.foreign import METHODS
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers_before import WRAPPERS

    rules, refused = registry.optimizers(plugins).values(), registry.named(plugins).refused
    baselines = [{"name": name, "source": Solver(name).source} for name in METHODS]
    content = {
        "optimizers": [_part(part) for part in rules],
        "wrappers": [_part(part) for part in WRAPPERS],
        "schedules": [_part(part) for part in SCHEDULES.values()],
        "baselines": baselines,
        "guests": _guests(),
        "left_out": [file.message for file in refused],
    }
    lines = [
        *_part_lines(rules, verbose),
        "\nwrappers (switched on by giving one of their hyperparameters):",
        *_part_lines(WRAPPERS, verbose),
        "\nschedules (schedule=NAME; warmup=SHARE before any of them):",
        *_part_lines(SCHEDULES.values(), verbose),
        "\nbaselines (noise-free surfaces, in studies that name them):",
        *(f"{own['name']:18s} [{own['source']}]" for own in baselines),
        "\noptimizers of other libraries, as they are (over rates alone; see docs/foreign.md):",
        *(f"{own['write']:34s} [{own['library']} {own['version']}]" for own in _guests()),
        *_refused_lines(refused),
    ]
    put(content, lines, as_json)


def _guests() -> list[dict[str, str]]:
    """Return how optimizers of each library are written, and its version: nothing is imported."""
    from optbench.rules.guests.finding import LIBRARIES, WRITTEN
    from optbench.study.numeric_code import version

    return [
        {"library": library, "version": version(library), "write": WRITTEN[library]}
        for library in LIBRARIES
    ]


def _part(part: "Part | Schedule") -> dict[str, Any]:
    """Return a rule, wrapper or schedule with the table of its hyperparameters."""
    from optbench.cli import hyperparameters

    keys = ("name", "default", "allowed", "searched", "scale", "source")
    rows = hyperparameters.rows(part.hyper)
    return {
        "name": part.name, "source": part.source,
        "hyperparameters": [dict(zip(keys, row, strict=True)) for row in rows],
    }  # fmt: skip


def _part_lines(parts: "Iterable[Part | Schedule]", verbose: bool) -> Iterator[str]:
    """Yield a line a part, or the part with a line for each hyperparameter."""
    from optbench.cli import hyperparameters

    for part in parts:
        if verbose:
            yield f"\n{part.name}  [{part.source}]"
            for line in hyperparameters.lines(hyperparameters.rows(part.hyper)):
                yield f"    {line}"
        else:
            settings = ", ".join(f"{name}={one.default:g}" for name, one in part.hyper.items())
            yield f"{part.name:18s} {settings}  [{part.source}]"


def _refused_lines(refused: "Iterable[Refused]") -> Iterator[str]:
    """Name the files whose definitions are left out, and why."""
    for file in refused:
        yield f"\nleft out: {file.message}\n{file.trace}".rstrip()


@list_group.command("problems")
@plugins_option
@json_option
def list_problems(plugins: tuple[Path, ...], as_json: bool) -> None:
    """List problems, with dimensions, tags and sources, and what perturbs them."""
    from optbench.catalog import finding
    from optbench.perturbations.catalog import PERTURBATIONS

    rows = [
        {"name": name, "size": _size(definition), "tags": list(definition.tags),
         "source": definition.source}
        for name, definition in finding.problems(plugins).items()
    ]  # fmt: skip
    refused = finding.named(plugins).refused
    lines = [
        f"{row['name']:24s} {row['size']:18s} {', '.join(row['tags'])}  [{row['source']}]"
        for row in rows
    ]
    content = {
        "problems": rows,
        "perturbations": [_perturbation(one) for one in PERTURBATIONS],
        "left_out": [file.message for file in refused],
    }
    lines += [
        "\nperturbations (of surfaces, switched on by a setting: 'rosenbrock[noise=0.1]'):",
        *map(_perturbation_line, PERTURBATIONS),
    ]
    put(content, [*lines, *_refused_lines(refused)], as_json)


def _perturbation(one: "Perturbation") -> dict[str, Any]:
    """Return a perturbation with the table of its settings."""
    settings = [
        {"name": name, "default": allowed.default, "allowed": str(allowed)}
        for name, allowed in one.settings.items()
    ]
    return {"name": one.name, "off": one.off, "law": one.law, "source": one.source,
            "settings": settings}  # fmt: skip


def _perturbation_line(one: "Perturbation") -> str:
    settings = ", ".join(f"{name}={allowed.default:g}" for name, allowed in one.settings.items())
    return f"{one.name:18s} {settings}: {one.law}  [{one.source}]"


def _size(definition: "ProblemDefinition | NetDefinition") -> str:
    """Return the dimensions of a surface, or the widths of a net's layers."""
    from optbench.define.definitions import NetDefinition

    if isinstance(definition, NetDefinition):
        if definition.layers:
            return f"{len(definition.layers)} layers"
        return "-".join(map(str, definition.sizes))
    dims = ",".join(map(str, definition.dims))
    return f"d={dims}" + (" or any" if definition.scalable else "")


@list_group.command("activations")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
@json_option
def list_activations(dtype: str, as_json: bool) -> None:
    """List activations: range, output, slopes, and ns per element on this machine.

    Output and gradient gain are for a standard normal argument.
    """
    from optbench.nets import activation_table
    from optbench.study import machine

    table = activation_table.activation_table(dtype)
    last = f"ns per element: {dtype}, forward, one thread, {machine.cpu_name()}"
    content = {"activations": table.reset_index().to_dict("records"), "dtype": dtype}
    put(content, [*activation_table.lines(table), last], as_json)


@list_group.command("studies")
@json_option
def list_studies(as_json: bool) -> None:
    """List built-in studies."""
    from optbench.study import schema

    rows = [
        {"name": name, "description": schema.read_study(name).description}
        for name in schema.builtin_studies()
    ]
    put({"studies": rows}, (f"{row['name']:10s} {row['description']}" for row in rows), as_json)


@list_group.command("runs")
@click.option("--root", type=FOLDER, default=Path("results"), help="Where runs are kept.")
@click.option("-v", "--verbose", is_flag=True, help="With what failed, and its traceback.")
@json_option
def list_runs(root: Path, verbose: bool, as_json: bool) -> None:
    """List the runs below the results folder."""
    from optbench.report import runs

    readable, damaged = runs.runs(root)
    put({"runs": readable, "damaged": damaged}, _run_lines(readable, verbose), as_json)
    if not as_json:
        for message in damaged:
            say(f"optbench: {message}", err=True)


def _run_lines(readable: Iterable[dict[str, Any]], verbose: bool) -> Iterator[str]:
    """Yield a line a run, and what failed in it."""
    from optbench.study.results import FAILED

    for run in readable:
        yield f"{run['name']:32s} {run['study']:10s} {run['created']}  {run['state']}"
        for pair in run["pairs"] if verbose else ():
            if pair["state"] == FAILED:
                yield f"  failed: {pair['optimizer']} on {pair['label']}: {pair['reason']}"
                yield "    " + (pair["trace"] or "").rstrip().replace("\n", "\n    ")
