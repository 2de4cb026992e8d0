"""Finding problems, and making instances of them that can be evaluated and run.

Definitions come from the files of the catalog folder (`problems/` beside the package in a source
tree, the package `optbench_problems` in an installed wheel) and from folders that the user names.
Files of one folder may import each other (``from ._helpers import ...``); those that begin with an
underscore declare nothing.
"""

import functools
import hashlib
import importlib.util
import sys
import types
from pathlib import Path

from optbench.declared import NetDefinition, ProblemDefinition
from optbench.errors import DefinitionError, UnknownNameError, UserError
from optbench.instances import Problem

PACKAGE = "optbench_problems"


def catalog_folder():
    """Return the folder of the catalog's problem files."""
    beside = Path(__file__).resolve().parent.parent / "problems"
    if beside.is_dir():
        return beside
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise UserError(
            f"the problem catalog is missing: neither {beside} nor the package {PACKAGE} exists; "
            "install optbench again"
        )
    return Path(next(iter(found.submodule_search_locations)))


@functools.cache
def problems(folders=()):
    """Return every problem definition by name.

    Parameters
    ----------
    folders : tuple of path
        Folders with the user's own problem files, beside the catalog's.

    Raises
    ------
    DefinitionError
        If two files declare the same name, or a file cannot be imported.
    """
    found = {}
    for folder in (catalog_folder(), *map(Path, folders)):
        for path in sorted(folder.glob("[a-z]*.py")):
            for definition in _definitions(path):
                other = found.get(definition.name)
                if other is not None and other is not definition:
                    raise DefinitionError(
                        f"{definition.place}: the problem {definition.name} is declared a second "
                        f"time; first at {other.place}. Rename one of them"
                    )
                found[definition.name] = definition
    return found


def _definitions(path):
    folder = path.resolve().parent
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    package = f"{PACKAGE}_{digest}"
    if package not in sys.modules:  # what `from ._helpers import ...` looks in
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(folder)]
    name = f"{package}.{path.stem}"
    if name not in sys.modules:
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise DefinitionError(f"{path}: cannot be imported: {error!r}") from error
    values = vars(sys.modules[name]).values()
    return [v for v in values if isinstance(v, (ProblemDefinition, NetDefinition))]


def definition(name, folders=()):
    """Return the definition called `name`, or raise `UnknownNameError` with near names."""
    known = problems(tuple(folders))
    if name not in known:
        raise UnknownNameError("problem", name, list(known))
    return known[name]


def problem(name, dim=None, instance=None):
    """Return a problem that can be evaluated and run.

    Parameters
    ----------
    name : str or definition
        A name of the catalog, or what `optbench.define.problem` returned.
    dim : int, optional
        The dimension; by default the problem's own.
    instance : int, optional
        Which version: 1, 2, ... are shifted (and rotated, where declared), re-drawn or re-split;
        None is the problem as it is written down.

    Returns
    -------
    Problem

    Raises
    ------
    UnknownNameError, UserError
        If there is no such problem, or it has no such dimension or instance.
    """
    found = definition(name) if isinstance(name, str) else name
    return Problem.of(found, dim, instance)
