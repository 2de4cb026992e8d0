"""The argument STUDY: a built-in name, or a TOML file; and what else people write there."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optbench.errors import UnknownNameError

if TYPE_CHECKING:
    from optbench.study.schema import Study


def study_of(name: str, plugins: Sequence[Path]) -> "Study":
    """Return the study that is asked for.

    Raises
    ------
    UnknownNameError
        If there is none; the message says what the name is instead.
    StudyError
        If its file is malformed.
    """
    from optbench.study.schema import read_study

    try:
        return read_study(name)
    except UnknownNameError as error:
        if meant := _meant(name, plugins):
            error.args = (f"unknown study {name!r}: {meant}",)
        raise


def _meant(name: str, plugins: Sequence[Path]) -> str:
    """Return what a name that is no study's means; nothing if it means nothing."""
    from optbench.catalog import finding
    from optbench.rules import registry

    bare = name.removeprefix("+").partition("[")[0]
    for option, kind, names in (
        ("-o", "an optimizer", registry.named(plugins)),
        ("-p", "a problem", finding.named(plugins)),
    ):
        if bare in names.definitions:
            add = f"{option} '+{name.removeprefix('+')}'"
            return f"it is {kind}; write {option} {name} to run it of the study, {add} to add it"
    if Path(name).exists():
        return "a study's file has a name that ends in .toml; `optbench new study` writes one"
    return ""
