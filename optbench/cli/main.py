"""The command line: its commands, and how errors end them.

Heavy imports stay inside the commands, so that help is instant.
"""

import contextlib
import io
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

import click

from optbench.cli.check import check_command
from optbench.cli.compare import compare_command
from optbench.cli.env import env_command
from optbench.cli.exit_codes import INTERRUPTED, RESULTS, USAGE
from optbench.cli.figures import figures_command
from optbench.cli.listing import list_group
from optbench.cli.merge import merge_command
from optbench.cli.new import new_group
from optbench.cli.report import report_command
from optbench.cli.run import run_command
from optbench.errors import ResultsError, UserError


class _Group(click.Group):
    """Turns errors into one message and an exit code; a SIGTERM is what Ctrl-C is."""

    def invoke(self, context: click.Context) -> object:
        """Run a command."""
        _encode_any_name()
        try:
            with warnings.catch_warnings(), _sigterm_interrupts():
                warnings.showwarning = _print_warning
                return super().invoke(context)
        except ResultsError as error:
            _exit(str(error), RESULTS)
        except UserError as error:
            _exit(str(error), USAGE)
        except KeyboardInterrupt:
            _exit("interrupted; what has finished is kept", INTERRUPTED)


def _exit(message: str, code: int) -> NoReturn:
    click.echo(f"optbench: {message}", err=True)
    sys.exit(code)


def _encode_any_name() -> None:
    """Print "?" for letters of names that the terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(errors="replace")


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Have SIGTERM, which batch systems and containers send, raise KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one line, without the line of our code that gave it."""
    click.echo(f"optbench: {message}", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="optbench")
def main() -> None:
    """Compare first-order optimizers honestly and exhaustively."""


for _command in (
    run_command, report_command, figures_command, compare_command, merge_command, env_command,
    list_group,
    check_command, new_group,
):  # fmt: skip
    main.add_command(_command)
