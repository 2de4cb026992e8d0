"""Options by which commands choose: names and globs, whole numbers, a part of a study."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing

if TYPE_CHECKING:
    from optbench.study.dividing import ShardNumber


def _whole(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Return a whole number of at least 1, written as one pleases: 100, 1e2."""
    if text is None:
        return None
    from optbench.gate import whole

    number: int | float | str
    try:
        number = int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            number = text
    checked: int = whole(parameter.opts[-1], number, low=1)
    return checked


def shard_number(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> "ShardNumber | None":
    """Return which part of the study is asked for, written as 3/16."""
    if text is None:  # what is imported here would keep the tab key waiting
        return None
    from optbench.study.dividing import ShardNumber

    return ShardNumber.read(text)


def whole_option(name: str, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return an option whose value is a whole number of at least 1."""
    return click.option(name, callback=_whole, metavar="INTEGER", help=about)


def name_option(
    letter: str, thing: str, about: str, default: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that names an optimizer or a problem, which one must without a default."""
    return click.option(
        f"-{letter}", f"--{thing}", metavar="NAME", help=about, default=default,
        required=default is None, show_default=default is not None,
        shell_complete=completing.of(f"{thing}s"),
    )  # fmt: skip


def glob_option(letter: str, thing: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that narrows a study's optimizers or problems."""
    return click.option(
        f"-{letter}", f"--{thing}", f"{thing}s", multiple=True, metavar="GLOB",
        help=f"Only these of the {thing}s; +NAME adds one.",
        shell_complete=completing.of(f"{thing}s"),
    )  # fmt: skip
