"""``optbench list problems|nets|ladders|perturbations``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option
from optbench.cli.folders import plugins_option
from optbench.cli.lists.choosing import check_globs, globs_argument, matches, tag_option, with_tags
from optbench.cli.lists.table import Column, Table, put_tables
from optbench.errors import counted

if TYPE_CHECKING:
    from optbench.define.definitions import NetDefinition, ProblemDefinition
    from optbench.define.lookup import Refused
    from optbench.define.perturbations import Perturbation

Problems = dict[str, "ProblemDefinition | NetDefinition"]
verbose_option = click.option("-v", "--verbose", is_flag=True, help="With every column.")


def refused_lines(refused: "Iterable[Refused]") -> Iterator[str]:
    """Name the files whose definitions are left out, and why."""
    for file in refused:
        yield f"left out: {file.message}\n{file.trace}".rstrip()


def chosen(all_of_kind: Problems, globs: Sequence[str], tags: Sequence[str]) -> Problems:
    """Return the problems that a glob matches and that have all of some tags."""
    check_globs(globs, "problem", all_of_kind)
    named = {name: own for name, own in all_of_kind.items() if matches(globs, name)}
    return with_tags(named, tags)


@click.command(
    "problems",
    epilog=examples(
        "optbench list problems --tag saddle", "optbench list problems 'ladder_*' --json"
    ),
)
@globs_argument(completing.of("problems"))
@tag_option
@plugins_option
@verbose_option
@json_option
def list_problems(
    globs: tuple[str, ...], tags: tuple[str, ...], plugins: tuple[Path, ...], verbose: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """List problems, with dimensions, tags and sources.

    What perturbs them is in `optbench list perturbations`.
    """
    from optbench.catalog import finding

    every, refused = dict(finding.problems(plugins)), finding.named(plugins).refused
    some = chosen(every, globs, tags)
    rows = [
        {"name": name, "size": _size(own), "tags": list(own.tags), "source": own.source}
        for name, own in some.items()
    ]
    table = Table(
        (Column("name"), Column("size"), Column("tags", 60), Column("source", 110)),
        [(name, _size(own), ", ".join(own.tags), own.source) for name, own in some.items()],
    )
    content = {"problems": rows, "left_out": [file.message for file in refused]}
    end = counted(len(some), "problem", len(every))
    put_tables(
        content, [table], as_json, ends=[*refused_lines(refused), end], everything=verbose
    )  # fmt: skip


def _size(definition: "ProblemDefinition | NetDefinition") -> str:
    """Return the dimensions of a surface, or the widths of a net's layers."""
    from optbench.define.definitions import NetDefinition

    if isinstance(definition, NetDefinition):
        if definition.layers:
            return f"{len(definition.layers)} layers"
        return "-".join(map(str, definition.sizes))
    dims = ",".join(map(str, definition.dims))
    return f"d={dims}" + (" or any" if definition.scalable else "")


@click.command("nets", epilog=examples("optbench list nets 'digits_*'"))
@globs_argument(completing.of("problems"))
@tag_option
@plugins_option
@verbose_option
@json_option
def list_nets(
    globs: tuple[str, ...], tags: tuple[str, ...], plugins: tuple[Path, ...], verbose: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """List small nets, with their data, layers, batch and what counts as success."""
    from optbench.catalog import finding
    from optbench.define.definitions import NetDefinition

    every: Problems = {
        name: own for name, own in finding.problems(plugins).items()
        if isinstance(own, NetDefinition)
    }  # fmt: skip
    some = chosen(every, globs, tags)
    rows = [_net(own) for own in some.values() if isinstance(own, NetDefinition)]
    table = Table(
        (
            Column("name"), Column("layers"), Column("data", 60), Column("loss", 90),
            Column("batch", 90), Column("loss target", 110), Column("error target", 110),
            Column("tags", 130), Column("source", 150),
        ),
        [[_text(value) for value in row.values()] for row in rows],
    )  # fmt: skip
    end = counted(len(some), "net", len(every))
    put_tables({"nets": rows}, [table], as_json, ends=[end], everything=verbose)


def _net(own: "NetDefinition") -> dict[str, Any]:
    loss = own.loss if isinstance(own.loss, str) else own.loss.__name__
    return {
        "name": own.name, "layers": _size(own), "data": Path(own.data).name, "loss": loss,
        "batch": own.batch, "loss_target": own.loss_target, "error_target": own.error_target,
        "tags": list(own.tags), "source": own.source,
    }  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


@click.command("ladders", epilog=examples("optbench list ladders '*noise*'"))
@globs_argument(completing.of("problems"))
@plugins_option
@json_option
def list_ladders(globs: tuple[str, ...], plugins: tuple[Path, ...], as_json: bool) -> None:
    """List ladders: problems at several levels of one difficulty.

    A level is a setting of the problem: ladder_noise[level=3].
    """
    from optbench.catalog import finding

    every = {name: own for name, own in finding.problems(plugins).items() if own.ladder}
    some = chosen(every, globs, ())
    rows = [_ladder(own.ladder) for own in some.values()]
    table = Table(
        (Column("name"), Column("quantity"), Column("at levels 1, 2, ...", 60)),
        [(row["name"], row["quantity"], _text(row["values"])) for row in rows],
    )
    end = counted(len(some), "ladder", len(every))
    put_tables({"ladders": rows}, [table], as_json, ends=[end])


def _ladder(ladder: Any) -> dict[str, Any]:
    return {"name": ladder.name, "quantity": ladder.quantity, "values": list(ladder.values)}


@click.command("perturbations", epilog=examples("optbench list perturbations '*noise*'"))
@globs_argument()
@verbose_option
@json_option
def list_perturbations(globs: tuple[str, ...], verbose: bool, as_json: bool) -> None:
    """List what perturbs a surface, with its settings and its law.

    It is switched on by a setting behind the problem's name: 'rosenbrock[noise=0.1]'.
    """
    from optbench.perturbations.catalog import PERTURBATIONS

    check_globs(globs, "perturbation", [one.name for one in PERTURBATIONS])
    some = [one for one in PERTURBATIONS if matches(globs, one.name)]
    table = Table(
        (Column("name"), Column("settings"), Column("law", 60), Column("source", 120)),
        [(one.name, _settings(one.settings), one.law, one.source) for one in some],
    )
    content = {"perturbations": [_perturbation(one) for one in some]}
    end = counted(len(some), "perturbation", len(PERTURBATIONS))
    put_tables(content, [table], as_json, ends=[end], everything=verbose)


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={allowed.default:g}" for name, allowed in settings.items())


def _perturbation(one: "Perturbation") -> dict[str, Any]:
    """Return a perturbation with the table of its settings."""
    settings = [
        {"name": name, "default": allowed.default, "allowed": str(allowed)}
        for name, allowed in one.settings.items()
    ]
    return {"name": one.name, "off": one.off, "law": one.law, "source": one.source,
            "settings": settings}  # fmt: skip
