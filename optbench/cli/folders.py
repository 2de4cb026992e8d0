"""Folders of definitions on the command line: those that are named, and that of `new`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.errors import UserError

if TYPE_CHECKING:
    from optbench.define.limits import Limits


class _Folder(click.Path):
    """A folder's path; an empty one is a mistake, not the working folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(
        self,
        value: Any,
        parameter: click.Parameter | None,
        context: click.Context | None,
    ) -> Any:
        """Return the path."""
        if value == "":
            self.fail("an empty path names no folder", parameter, context)
        return super().convert(value, parameter, context)


FOLDER = _Folder()
OWN = Path("problems")
"""Where ``optbench new`` writes: what it has written is there without being named."""
OWN_CLAIMS = Path("claims")
"""The same of claims."""


def own_folder(folder: Path = OWN) -> tuple[Path, ...]:
    """Return a folder in the working directory if it holds definitions of the user's, else ().

    Other people keep other things in a folder of this name: a file counts that mentions optbench.
    In a source tree the folder is the catalog itself, whose problems are found in any case: a file
    counts that declares an update rule.
    """
    word = "optbench"
    if Path("optbench", "__init__.py").is_file():
        if folder != OWN:
            return ()
        word = "@optimizer"
    if not folder.is_dir():
        return ()
    return (folder,) if any(_mentions(word, path) for path in folder.glob("*.py")) else ()


def _mentions(word: str, path: Path) -> bool:
    try:
        return word in path.read_text(errors="replace")
    except OSError:
        return False


def _with_own(
    context: click.Context, parameter: click.Parameter, folders: Sequence[Path]
) -> tuple[Path, ...]:
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"--plugins {folder}: there is no such folder; name one with files of your own "
                "problems and optimizers"
            )
    return tuple(dict.fromkeys((*folders, *own_folder())))


plugins_option = click.option(
    "--plugins", type=FOLDER, multiple=True, callback=_with_own,
    help="Folder with your own definitions, beside ./problems.",
)  # fmt: skip


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the limits of user code to a command."""
    for option in (
        click.option(
            "--memory", metavar="MB", help="Memory of a process with code of yours [what is free]."
        ),
        click.option(
            "--timeout", metavar="SECONDS",
            help="For a step of your code: an import, a cell, a check [120, or more by its cost].",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def limits_of(timeout: str | None, memory: str | None) -> "Limits":
    """Return the limits that a command line asks for."""
    from optbench.define.limits import Limits

    return Limits.checked(_number(timeout), _number(memory))


def limited(timeout: str | None, memory: str | None) -> AbstractContextManager[None]:
    """Return a context in which the limits of a command line hold."""
    from optbench.define import limits

    return limits.limited(limits_of(timeout, memory))


def _number(text: str | None) -> float | str | None:
    """Return the number that a text is, the text itself where it is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
