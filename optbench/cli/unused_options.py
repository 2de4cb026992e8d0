"""Options that a command line has and that would do nothing there: refused, each by its name."""

from collections.abc import Collection

import click
from click.core import ParameterSource

from optbench.errors import UserError


def refuse_all_but(taken: Collection[str], what: str, advice: str) -> None:
    """Raise UserError if a parameter is on the command line that `what` does not take.

    Parameters
    ----------
    taken : collection of str
        Names of parameters, as the command's function has them.
    what, advice : str
        For the message: what is run, and what it takes.
    """
    for option in _on_command_line():
        if option.name not in taken:
            raise UserError(f"{what} does not take {option.opts[-1]}: {advice}")


def refuse(names: Collection[str], advice: str) -> None:
    """Raise UserError if one of some parameters is on the command line: "--most ADVICE"."""
    for option in _on_command_line():
        if option.name in names:
            raise UserError(f"{option.opts[-1]} {advice}")


def _on_command_line() -> list[click.Parameter]:
    """Return the parameters of the command that are on the command line."""
    context = click.get_current_context()
    return [
        option for option in context.command.params
        if context.get_parameter_source(str(option.name)) == ParameterSource.COMMANDLINE
    ]  # fmt: skip
