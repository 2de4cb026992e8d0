"""Importing files with definitions: the catalog's own, the user's folders, installed packages.

A file of the user's, or a package that registers an entry point ``optbench.problems`` or
``optbench.optimizers``, may be broken; then it is `Refused`, with its traceback, and everything
else goes on. A file may hold problems and optimizers.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import sys
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from optbench.define.definitions import DECLARED, NetDefinition, ProblemDefinition, Rule
from optbench.errors import DefinitionError

PREFIX = "optbench_problems"

Folders: TypeAlias = str | Path | Iterable[str | Path]
"""A folder, or several."""


@dataclass(frozen=True)
class Kind:
    """A kind of definition.

    Attributes
    ----------
    word : str
    group : str
        The entry point by which packages register them.
    classes : tuple of type
    """

    word: str
    group: str
    classes: tuple

    def among(self, values):
        """Return the definitions of this kind among values."""
        return [value for value in values if isinstance(value, self.classes)]


PROBLEM = Kind("problem", "optbench.problems", (ProblemDefinition, NetDefinition))
OPTIMIZER = Kind("optimizer", "optbench.optimizers", (Rule,))


class PluginWarning(UserWarning):
    """A file or package of the user's that is left out."""


@dataclass(frozen=True)
class Refused:
    """A file, a package or one of its definitions that is left out.

    Attributes
    ----------
    name : str
        Name of the definition, or of the file or entry point if that could not be imported.
    message : str
        Where, what is wrong and what to do.
    trace : str
        The traceback of the import, or nothing.
    text : str
        Source of the file, as far as it is known.
    rival : bool
        Whether it is a definition in a folder that the user names, whose name is taken.
    """

    name: str
    message: str
    trace: str = ""
    text: str = ""
    rival: bool = False

    @property
    def place(self):
        """Where it is: a file and a line, or an entry point."""
        return self.message.partition(": ")[0]

    def concerns(self, name):
        """Whether what is called `name` is, or might be, what is left out."""
        word = re.escape(name)
        written = rf"""\bdef {word}\b|(["']){word}\1"""  # a function, or the name of a net
        return name == self.name or bool(re.search(written, self.text))


def paths(folders):
    """Return folders as a tuple of absolute paths; one path stands for itself."""
    folders = (folders,) if isinstance(folders, str | Path) else folders
    return tuple(Path(folder).absolute() for folder in folders)


def files(folder):
    """Return the files of a folder that declare something: all but those with an underscore."""
    return sorted(path for path in folder.glob("*.py") if path.name[0] not in "_.")


def definitions(path, kind=PROBLEM):
    """Return the definitions of a kind in a file; it is imported once.

    Raises
    ------
    DefinitionError
        If it cannot be imported, or declares something wrongly.
    """
    name = module_name(path)
    if name not in sys.modules:
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            _execute(spec.loader, sys.modules[name])
        except DefinitionError:
            del sys.modules[name]
            raise
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise DefinitionError(
                f"{_place(path, error)}: cannot be imported: {type(error).__name__}: {error}"
            ) from error
    return kind.among(vars(sys.modules[name]).values())


def module_name(path):
    """Return the name under which a file is imported, in a package for its folder."""
    folder = path.resolve().parent
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    package = f"{PREFIX}_{digest}"
    if package not in sys.modules:  # what `from ._helpers import ...` looks in
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(folder)]
    return f"{package}.{path.stem}"


def _execute(loader, module):
    """Import a file, and refuse it if a name is declared twice: the last would win in silence."""
    token = DECLARED.set([])
    try:
        loader.exec_module(module)
        declared = DECLARED.get()
    finally:
        DECLARED.reset(token)
    names = {}
    for definition in declared:
        for kind in (PROBLEM, OPTIMIZER):
            if kind.among([definition]):
                add(kind, names, definition)


def _place(path, error):
    """Return the line of the file where an import failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def from_folder(folder, kind):
    """Return the definitions of a kind in a user's folder, and what is refused."""
    if not folder.is_dir():
        raise DefinitionError(f"{folder}: there is no such folder of problems and optimizers")
    found, refused = [], []
    for path in files(folder):
        try:
            found += definitions(path, kind)
        except DefinitionError as error:
            trace = _trace(error.__cause__)
            refused.append(Refused(path.stem, str(error), trace, _text(path)))
    return found, refused


def _text(path):
    try:
        return path.read_text(errors="replace")
    except OSError:  # a folder that is called like a file, or one that may not be read
        return ""


def _trace(error):
    return "".join(traceback.format_exception(error)) if error is not None else ""


def from_packages(kind):
    """Return the definitions of a kind that installed packages register, and what is refused.

    An entry point names a module, a definition, or a list of definitions.
    """
    found, refused = [], []
    for entry in importlib.metadata.entry_points(group=kind.group):
        what = f"entry point {entry.name} = {entry.value}"
        try:
            given = entry.load()
            values = vars(given).values() if isinstance(given, ModuleType) else given
            values = list(values) if hasattr(values, "__iter__") else [values]
            declared = kind.among(values)
            if not declared:
                raise DefinitionError(
                    f"{given!r} holds no {kind.word}; it must be a module with {kind.word}s, "
                    f"one {kind.word}, or a list of them"
                )
        except (Exception, SystemExit) as error:
            message = f"{what}: {type(error).__name__}: {error}"
            refused.append(Refused(entry.name, message, _trace(error)))
        else:
            found += declared
    return found, refused


def gather(kind, found, folders, check=lambda definition: None):
    """Add what packages and folders define to `found`, name to definition.

    Parameters
    ----------
    kind : Kind
    found : dict
        The built-in definitions, whose names are taken.
    folders : sequence of path
    check : callable
        Raises `DefinitionError` if a definition is not fit to be used.

    Returns
    -------
    tuple of Refused
        What is left out; it is warned about.
    """
    left_out = []
    sources = (from_packages(kind), *(from_folder(folder, kind) for folder in paths(folders)))
    for number, (declared, broken) in enumerate(sources):
        left_out += broken
        for definition in declared:
            try:
                check(definition)
                add(kind, found, definition)
            except DefinitionError as error:
                # A package is not the user's to mend: it cannot take a name from the catalog.
                taken = definition.name in found
                left_out.append(Refused(definition.name, str(error), rival=number > 0 and taken))
    for one in left_out:
        warnings.warn(f"left out: {one.message}", PluginWarning, stacklevel=4)
    return tuple(left_out)


def add(kind, found, definition):
    """Add a definition to `found`, or raise `DefinitionError` if its name is taken."""
    other = found.setdefault(definition.name, definition)
    if other is not definition:
        raise DefinitionError(
            f"{definition.place}: the {kind.word} {definition.name} is declared a second time; "
            f"first at {other.place}. Rename one of them"
        )
