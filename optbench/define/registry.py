"""All definitions of a kind: the built-in ones, those of packages, those of the user's folders.

A file of the user's, or a package that registers an entry point ``optbench.problems`` or
``optbench.optimizers``, may be broken; then it is `Refused`, with its traceback, and everything
else goes on.
"""

import functools
import importlib.metadata
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic

from optbench.define.apart import rehearse
from optbench.define.folder_states import state_of
from optbench.define.lookup import Names, Refused
from optbench.define.plugins import (
    IMPORTING,
    D,
    Folders,
    Kind,
    PluginWarning,
    add,
    definitions,
    files,
    meet,
    paths,
)
from optbench.define.shipped import shipped_folder
from optbench.errors import DefinitionError, UserCodeError

CATALOG = ("optbench_problems", "problems", "the problem catalog")
KEPT = 16
"""Folders as they are that names are kept of: a notebook edits its files all day long."""


@dataclass(frozen=True, eq=False)
class Registry(Generic[D]):
    """Where the definitions of a kind come from.

    Attributes
    ----------
    kind : Kind
    built_in : callable
        Returns the built-in definitions, in order.
    check : callable, optional
        Raises `DefinitionError` if a definition of the user's is not fit to be used.
    others : dict of str to str
        See `Names`.
    """

    kind: Kind[D]
    built_in: Callable[[], Iterable[D]]
    check: Callable[[D], None] | None = None
    others: Mapping[str, str] = field(default_factory=dict)

    def names(self, folders: Folders = ()) -> Names[D]:
        """Return the `Names` of all definitions, the built-in ones first.

        What is wrong with packages and with files of the user's is left out, and warned about.

        Parameters
        ----------
        folders : path or sequence of path
            Folders with definitions of the user's own; packages are always looked at.

        Raises
        ------
        DefinitionError
            If a built-in definition is broken, or there is no such folder.
        """
        where = paths(folders)
        with IMPORTING:
            names: Names[D] = _names(self, where, tuple(map(_state, where)))
        return names


def _state(folder: Path) -> str:
    """Return the state of a folder; none of the catalog's, which is imported in any case."""
    return "" if folder.resolve() == _catalog() else state_of(folder)


@functools.cache
def _catalog() -> Path:
    """Return where the catalog lies: each look-up asks."""
    return shipped_folder(*CATALOG).resolve()


@functools.lru_cache(maxsize=KEPT)
def _names(
    registry: Registry[Any], folders: tuple[Path, ...], states: tuple[str, ...]
) -> Names[Any]:
    """Return what `Registry.names` does; it is looked for once in folders as they are."""
    kind = registry.kind
    by_name: dict[str, Any] = {}
    for definition in registry.built_in():
        add(kind, by_name, definition)
    left_out: list[Refused] = []
    sources = (
        from_packages(kind),
        *(from_folder(folder, kind, state) for folder, state in zip(folders, states, strict=True)),
    )
    for number, (of_source, refused) in enumerate(sources):
        left_out += refused
        for definition in of_source:
            try:
                _check(registry, definition)
                add(kind, by_name, definition)
            except DefinitionError as error:
                # A package is not the user's to mend: it cannot take a name from the catalog.
                rival = number > 0 and definition.name in by_name
                left_out.append(Refused(definition.name, str(error), rival=rival))
    for item in left_out:
        warnings.warn(f"left out: {item.message}", PluginWarning, stacklevel=4)
    return Names(kind.word, by_name, tuple(left_out), registry.others)


def _check(registry: Registry[Any], definition: Any) -> None:
    """Check a definition of the user's, whose functions are called: in a process of its own first.

    Raises
    ------
    DefinitionError
    """
    if registry.check is None:
        return
    try:
        rehearse(functools.partial(registry.check, definition), definition.place)
    except UserCodeError as error:
        raise DefinitionError(str(error)) from error
    registry.check(definition)


def from_folder(folder: Path, kind: Kind[D], state: str = "") -> tuple[list[D], list[Refused]]:
    """Return the definitions of a kind in a user's folder in a state, and what is refused."""
    if not folder.is_dir():
        raise DefinitionError(f"{folder}: there is no such folder of problems and optimizers")
    in_files: list[D] = []
    refused = []
    for path in files(folder):
        try:
            meet(path, state)
            in_files += definitions(path, kind, state)
        except DefinitionError as error:
            trace = _trace(error.__cause__)
            refused.append(Refused(path.stem, str(error), trace, _text(path)))
    return in_files, refused


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # a folder that is called like a file, or one that may not be read
        return ""


def _trace(error: BaseException | None) -> str:
    if isinstance(error, UserCodeError):
        return error.trace
    return "".join(traceback.format_exception(error)) if error is not None else ""


def from_packages(kind: Kind[D]) -> tuple[list[D], list[Refused]]:
    """Return the definitions of a kind that installed packages register, and what is refused.

    An entry point names a module, a definition, or a list of definitions.
    """
    in_packages: list[D] = []
    refused = []
    for entry in importlib.metadata.entry_points(group=kind.group):
        place = f"entry point {entry.name} = {entry.value}"
        try:
            rehearse(entry.load, place)
            in_packages += _from_entry_point(entry, kind)
        except UserCodeError as error:
            refused.append(Refused(entry.name, str(error), error.trace))
        except (Exception, SystemExit) as error:
            message = f"{place}: {type(error).__name__}: {error}"
            refused.append(Refused(entry.name, message, _trace(error)))
    return in_packages, refused


def _from_entry_point(entry: importlib.metadata.EntryPoint, kind: Kind[D]) -> list[D]:
    thing = entry.load()
    values = vars(thing).values() if isinstance(thing, ModuleType) else thing
    in_entry = kind.among(values if isinstance(values, Iterable) else [values])
    if not in_entry:
        raise DefinitionError(
            f"{thing!r} holds no {kind.word}; it must be a module with {kind.word}s, "
            f"one {kind.word}, or a list of them"
        )
    return in_entry
