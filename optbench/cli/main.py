"""The command line: its commands, and how errors end them.

Heavy imports stay inside the commands, so that help is instant.
"""

import atexit
import contextlib
import errno
import functools
import gc
import io
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

import click

from optbench.cli.browser import open_command
from optbench.cli.check import check_command
from optbench.cli.compare import compare_command
from optbench.cli.completion import completion_command
from optbench.cli.documents import MODE, FailedError, examples, say
from optbench.cli.env import env_command
from optbench.cli.exit_codes import FAILED, INTERRUPTED, RESULTS, USAGE
from optbench.cli.export import export_command
from optbench.cli.figures import figures_command
from optbench.cli.lists.group import list_group
from optbench.cli.map import map_command
from optbench.cli.merge import merge_command
from optbench.cli.new import new_group
from optbench.cli.new_claim import new_claim
from optbench.cli.new_net import new_net
from optbench.cli.new_study import new_study
from optbench.cli.playground import playground_command
from optbench.cli.report import report_command
from optbench.cli.run import run_command
from optbench.cli.trace import trace_command
from optbench.errors import ResultsError, UserError

INTERRUPTING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What batch systems and containers send, and a terminal that is closed."""
COLLECTED_AFTER = 50_000
"""New objects after which Python looks for garbage."""


SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Run": (run_command, merge_command),
    "Look": (list_group, compare_command, report_command, open_command, figures_command,
             export_command),
    "Learn": (trace_command, map_command, playground_command),
    "Extend": (new_group, check_command),
    "House-keeping": (env_command, completion_command),
}  # fmt: skip
"""The commands by what a user wants, as help shows them."""


BEYOND_US = {
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO", "EMFILE")
    if hasattr(errno, name)
}  # fmt: skip
"""What systems refuse: a full disk, a place that may not be written to, too many open files."""


class _Group(click.Group):
    """Turns errors into one message and an exit code; SIGTERM and SIGHUP are what Ctrl-C is."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, section by section."""
        room = formatter.width - 6 - max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            rows = [(str(own.name), own.get_short_help_str(room)) for own in commands]
            with formatter.section(title):
                formatter.write_dl(rows)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take note of whether JSON is asked for: mistakes in other options are told so, too."""
        context.meta[MODE] = "--json" in args
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> object:
        """Run a command."""
        _encode_any_name()
        as_json = context.meta[MODE]
        try:
            with warnings.catch_warnings(), _signals_interrupt():
                warnings.showwarning = functools.partial(_print_warning, as_json, set())
                _check_working_folder()
                return super().invoke(context)
        except ResultsError as error:
            _exit(error, RESULTS, as_json)
        except UserError as error:
            _exit(error, USAGE, as_json)
        except FailedError as error:
            _exit(error, FAILED, as_json)
        except OSError as error:
            if error.errno not in BEYOND_US:
                raise
            _discard_output()
            what = f"{error.filename}: " if error.filename else "the output: "
            advice = "make room, or choose another place, and start the same command again"
            _exit(ResultsError(f"{what}{error.strerror}; {advice}"), RESULTS, as_json)
        except click.ClickException as error:
            if not as_json:
                raise
            _exit(error, error.exit_code, as_json)
        except KeyboardInterrupt:
            stopped = KeyboardInterrupt("interrupted; what has finished is kept")
            _exit(stopped, INTERRUPTED, as_json)


def _check_working_folder() -> None:
    """Refuse to begin in a folder that was removed: nothing could be looked for or written."""
    try:
        os.getcwd()
    except OSError:
        raise UserError(
            "the folder that this shell is in is not there any more; change into one that is, "
            "such as `cd ~`, and start the same command again"
        ) from None


def _exit(error: BaseException, code: int, as_json: bool) -> NoReturn:
    """Print what was wrong to standard error, and end."""
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    kind = "Interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
    if as_json:
        content = {"error": {"kind": kind, "message": message, "exit_code": code}}
        click.echo(json.dumps(content), err=True)
    else:
        say(f"optbench: {message}", err=True)
    sys.exit(code)


def _encode_any_name() -> None:
    """Print "?" for letters of names that the terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(errors="replace")


def _discard_output() -> None:
    """Have Python not fail once more at the end, by writing what is left for standard output."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Have `INTERRUPTING` raise KeyboardInterrupt; those that are ignored (nohup) stay so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    heard = [one for one in INTERRUPTING if signal.getsignal(one) != signal.SIG_IGN]
    before = [signal.signal(one, interrupt) for one in heard]
    try:
        yield
    finally:
        for one, handler in zip(heard, before, strict=True):
            signal.signal(one, handler)


def _print_warning(
    as_json: bool,
    printed: set[str],
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one line, without the line of our code that gave it, and no line twice."""
    if str(message) in printed:  # problems and rules are looked for in the same broken file
        return
    printed.add(str(message))
    if as_json:
        click.echo(json.dumps({"warning": str(message)}), err=True)
    else:
        say(f"optbench: {message}", err=True)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "optbench run quick --open", "optbench list optimizers", "optbench new optimizer my_rule"
    ),
)
@click.version_option(package_name="optbench")
def main() -> None:
    """Compare first-order optimizers honestly and exhaustively."""
    # What is left at the end goes with the process; to look for garbage in it, compiled code and
    # tables included, takes a quarter of a second.
    atexit.register(gc.freeze)
    # Imports and tables make hundreds of thousands of objects that stay: to look among them for
    # garbage after every 700 is a tenth of a short command.
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])


for _commands in SECTIONS.values():
    for _command in _commands:
        main.add_command(_command)
for _command in (new_net, new_study, new_claim):
    new_group.add_command(_command)
