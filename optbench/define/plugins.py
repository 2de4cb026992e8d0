"""Importing files with definitions: the catalog's own and the user's.

A file may hold problems and optimizers. Files of a folder may import each other
(``from ._helpers import ...``); those that begin with an underscore declare nothing.
"""

import hashlib
import importlib
import importlib.util
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeAlias, TypeVar

from optbench.define.apart import rehearse
from optbench.define.definitions import (
    DECLARATIONS,
    Definition,
    NetDefinition,
    ProblemDefinition,
    Rule,
    Wrapper,
)
from optbench.define.folder_states import forget_bytecode, state_of
from optbench.errors import DefinitionError, NamedThing, UserCodeError

PREFIX = "optbench_problems"

D = TypeVar("D", bound=ProblemDefinition | NetDefinition | Rule)
Folders: TypeAlias = str | Path | Iterable[str | Path]
"""A folder, or several."""


@dataclass(frozen=True)
class Kind(Generic[D]):
    """A kind of definition.

    Attributes
    ----------
    word : str
    group : str
        The entry point by which packages register them.
    classes : tuple of type
    """

    word: NamedThing
    group: str
    classes: tuple[type[D], ...]

    def among(self, values: Iterable[object]) -> list[D]:
        """Return the definitions of this kind among values."""
        return [value for value in values if isinstance(value, self.classes)]


PROBLEM: Kind[ProblemDefinition | NetDefinition] = Kind(
    "problem", "optbench.problems", (ProblemDefinition, NetDefinition)
)
OPTIMIZER: Kind[Rule] = Kind("optimizer", "optbench.optimizers", (Rule,))


MET: dict[str, str | None] = {}
"""Modules of the user's that have been imported in a process of their own, and why they must not
be imported in this one, None where they may."""
IMPORTING = threading.RLock()
"""Held while files are imported: another thread must not see a module that is not all there."""


class PluginWarning(UserWarning):
    """A file or package of the user's that is left out."""


def paths(folders: Folders) -> tuple[Path, ...]:
    """Return folders as a tuple of absolute paths; one path stands for itself."""
    folders = (folders,) if isinstance(folders, str | Path) else folders
    return tuple(Path(folder).absolute() for folder in folders)


def files(folder: Path) -> list[Path]:
    """Return the files of a folder that declare something: all but those with an underscore."""
    return sorted(path for path in folder.glob("*.py") if path.name[0] not in "_.")


def definitions(path: Path, kind: Kind[D], state: str = "") -> list[D]:
    """Return the definitions of a kind in a file; see `import_file` for what is raised."""
    return kind.among(vars(import_file(path, state)).values())


def meet(path: Path, state: str) -> None:
    """Import a file of the user's in a process of its own, before it is imported in this one.

    Raises
    ------
    DefinitionError
        If it ends that process, hangs, or takes too much memory; it is not met a second time
        before its folder has changed.
    """
    name = module_name(path, state)
    if name not in MET and name not in sys.modules:
        try:
            rehearse(lambda: import_file(path, state), f"{path}: cannot be imported")
        except UserCodeError as error:
            MET[name] = str(error)
            raise DefinitionError(str(error)) from error
        MET[name] = None
    if (refused := MET.get(name)) is not None:
        raise DefinitionError(refused)


def import_file(path: Path, state: str = "") -> ModuleType:
    """Return the module of a file, which is imported once for each `state` of its folder.

    What was imported before stays as it is: whoever holds definitions of it can go on with them.

    Parameters
    ----------
    path : Path
    state : str
        See `folder_states.state_of`; nothing of the catalog's, which does not change.

    Raises
    ------
    DefinitionError
        If it cannot be imported, or declares something wrongly.
    """
    with IMPORTING:
        return _imported(path, module_name(path, state))


def import_again(name: str, path: Path) -> ModuleType:
    """Return the module that is, or in another process was, imported from a file by a name."""
    if name in sys.modules:
        return sys.modules[name]
    has_state = name.partition(".")[0].count("_") > PREFIX.count("_") + 1
    return import_file(path, state_of(path.parent) if has_state else "")


def _imported(path: Path, name: str) -> ModuleType:
    if name not in sys.modules:
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None  # it is a file with the suffix .py
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            with _no_name_twice():
                spec.loader.exec_module(module)
        except DefinitionError:
            del sys.modules[name]
            raise
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise DefinitionError(
                f"{_place(path, error)}: cannot be imported: {_reason(path, error)}"
            ) from error
    return sys.modules[name]


def module_name(path: Path, state: str = "") -> str:
    """Return the name under which a file is imported, in a package for its folder as it is."""
    folder = path.resolve().parent
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    package = f"{PREFIX}_{digest}{f'_{state}' if state else ''}"
    with IMPORTING:
        if package not in sys.modules:  # what `from ._helpers import ...` looks in
            if any(name.startswith(f"{PREFIX}_{digest}") for name in list(sys.modules)):
                forget_bytecode(folder.glob("*.py"))
            sys.modules[package] = ModuleType(package)
            sys.modules[package].__path__ = [str(folder)]
    return f"{package}.{path.stem}"


@contextmanager
def _no_name_twice() -> Iterator[None]:
    """Refuse a file that declares a name twice: the last would win in silence."""
    declarations: list[Definition] = []
    token = DECLARATIONS.set(declarations)
    try:
        yield
    finally:
        DECLARATIONS.reset(token)
    by_name: dict[str, Any] = {}  # of both kinds: the module's name means one of them
    for definition in declarations:
        if not isinstance(definition, Wrapper):
            add(OPTIMIZER if isinstance(definition, Rule) else PROBLEM, by_name, definition)


def _place(path: Path, error: BaseException) -> str:
    """Return the line of the file where an import failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _reason(path: Path, error: BaseException) -> str:
    """Return what was wrong: Python's words, or what a decorator without parentheses lacks."""
    last = next(reversed(traceback.extract_tb(error.__traceback__)), None)
    code = (last.line or "") if last and last.filename == str(path) else ""
    if isinstance(error, TypeError) and re.fullmatch(r"@[\w.]+", code):
        return f"{code} needs parentheses, and in them, by name, what it declares: {code}(...)"
    return f"{type(error).__name__}: {error}"


def add(kind: Kind[D], by_name: dict[str, D], definition: D) -> None:
    """Add a definition to a dict by name, or raise `DefinitionError` if its name is taken."""
    other = by_name.setdefault(definition.name, definition)
    if other is not definition:
        raise DefinitionError(
            f"{definition.place}: the {kind.word} {definition.name} is declared a second time; "
            f"first at {other.place}. Rename one of them"
        )
