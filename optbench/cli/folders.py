"""Folders of definitions on the command line: those that are named, and that of `new`."""

from pathlib import Path

import click


class _Folder(click.Path):
    """A folder's path; an empty one is a mistake, not the working folder."""

    def __init__(self):
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value, parameter, context):
        """Return the path."""
        if value == "":
            self.fail("an empty path names no folder", parameter, context)
        return super().convert(value, parameter, context)


FOLDER = _Folder()
OWN = Path("problems")
"""Where ``optbench new`` writes: what it has written is there without being named."""


def own_folder():
    """Return `OWN` in the working directory if it holds definitions of the user's, else ().

    Other people keep other things in a folder of this name: a file counts that speaks of optbench.
    In a source tree the folder is the catalog itself.
    """
    if Path("optbench", "__init__.py").is_file() or not OWN.is_dir():
        return ()
    return (OWN,) if any(map(_speaks_of_us, OWN.glob("*.py"))) else ()


def _speaks_of_us(path):
    try:
        return "optbench" in path.read_text(errors="replace")
    except OSError:
        return False


def _with_own(context, parameter, folders):
    return tuple(dict.fromkeys((*folders, *own_folder())))


plugins_option = click.option(
    "--plugins", type=FOLDER, multiple=True, callback=_with_own,
    help="Folder with your own definitions, beside ./problems.",
)  # fmt: skip
