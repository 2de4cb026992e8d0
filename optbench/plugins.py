"""Importing files with definitions: the catalog's own, the user's folders, installed packages.

A file of the user's, or a package that registers the entry point ``optbench.problems``, may be
broken; then it is `Refused`, with its traceback, and everything else goes on.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import sys
import traceback
from dataclasses import dataclass
from types import ModuleType

from optbench.declared import NetDefinition, ProblemDefinition
from optbench.errors import DefinitionError

GROUP = "optbench.problems"
PREFIX = "optbench_problems"


class PluginWarning(UserWarning):
    """A file or package of the user's that is left out."""


@dataclass(frozen=True)
class Refused:
    """A file, a package or one of its problems that is left out.

    Attributes
    ----------
    name : str
        Name of the problem, or of the file or entry point if that could not be imported.
    message : str
        Where, what is wrong and what to do.
    trace : str
        The traceback of the import, or nothing.
    text : str
        Source of the file, as far as it is known.
    """

    name: str
    message: str
    trace: str = ""
    text: str = ""

    @property
    def place(self):
        """Where it is: a file and a line, or an entry point."""
        return self.message.partition(": ")[0]

    def concerns(self, name):
        """Whether the problem `name` is, or might be, what is left out."""
        return name == self.name or bool(re.search(rf"\bdef {re.escape(name)}\b", self.text))


def definitions(path):
    """Return the definitions of a file; it is imported once.

    Raises
    ------
    DefinitionError
        If it cannot be imported, or declares something wrongly.
    """
    folder = path.resolve().parent
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    package = f"{PREFIX}_{digest}"
    if package not in sys.modules:  # what `from ._helpers import ...` looks in
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(folder)]
    name = f"{package}.{path.stem}"
    if name not in sys.modules:
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except DefinitionError:
            del sys.modules[name]
            raise
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise DefinitionError(
                f"{_place(path, error)}: cannot be imported: {type(error).__name__}: {error}"
            ) from error
    return _declared(vars(sys.modules[name]).values())


def _declared(values):
    return [v for v in values if isinstance(v, (ProblemDefinition, NetDefinition))]


def _place(path, error):
    """Return the line of the file where an import failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def from_folder(folder):
    """Return the definitions of a user's folder, and what is refused."""
    if not folder.is_dir():
        raise DefinitionError(f"{folder}: there is no such folder of problem files")
    found, refused = [], []
    for path in sorted(folder.glob("[a-z]*.py")):
        try:
            found += definitions(path)
        except DefinitionError as error:
            text = path.read_text(errors="replace")
            refused.append(Refused(path.stem, str(error), _trace(error.__cause__), text))
    return found, refused


def _trace(error):
    return "".join(traceback.format_exception(error)) if error is not None else ""


def from_packages():
    """Return the definitions that installed packages register, and what is refused.

    An entry point names a module, a definition, or a list of definitions.
    """
    found, refused = [], []
    for entry in importlib.metadata.entry_points(group=GROUP):
        what = f"entry point {entry.name} = {entry.value}"
        try:
            given = entry.load()
            values = vars(given).values() if isinstance(given, ModuleType) else given
            values = list(values) if hasattr(values, "__iter__") else [values]
            declared = _declared(values)
            if not declared:
                raise DefinitionError(
                    f"{given!r} holds no problem; it must be a module with problems, a problem, or "
                    "a list of problems"
                )
        except (Exception, SystemExit) as error:
            message = f"{what}: {type(error).__name__}: {error}"
            refused.append(Refused(entry.name, message, _trace(error)))
        else:
            found += declared
    return found, refused
