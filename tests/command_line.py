"""The command line in this process."""

from click.testing import CliRunner

from optbench.cli.main import main


def call(*arguments):
    """Return the result of a command: its output, its exit code and what it raised."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])
