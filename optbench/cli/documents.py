"""What commands print: lines for people, or with ``--json`` one document on standard output."""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import click

from optbench.report.escaping import terminal

MODE = "optbench.json"
"""Where a context keeps whether JSON was asked for."""

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """Give a command the option ``--json``, its argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def examples(*commands: str) -> str:
    """Return the end of a command's help: commands that do something as they are written."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])


def put(content: Any, lines: Iterable[str], as_json: bool) -> None:
    """Print `content` as JSON, or the lines."""
    if as_json:
        click.echo(json.dumps(finite(content), indent=2, allow_nan=False))
        return
    for line in lines:
        say(line)


def say(text: object, err: bool = False) -> None:
    """Print a line; what would move a terminal's cursor or colour it is shown instead."""
    click.echo(terminal(str(text)), err=err)


def finite(content: Any) -> Any:
    """Return the content with what JSON can say: null for NaN, "inf" where it is infinite."""
    if isinstance(content, dict):
        return {str(name): finite(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [finite(part) for part in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else str(content)
    return content


class FailedError(click.ClickException):
    """A command did its work, and what it looked at failed: exit code 1."""
