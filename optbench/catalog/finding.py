"""Finding problems, and making instances of them that can be evaluated and run.

Definitions come from the files of the catalog folder (`problems/` beside the package in a source
tree, the package `optbench_problems` in an installed wheel), from packages with the entry point
`optbench.problems`, and from folders that the user names. Files of one folder may import each other
(``from ._helpers import ...``); those that begin with an underscore declare nothing.
"""

import functools
import importlib.util
from pathlib import Path

from optbench.catalog.building import make
from optbench.define import plugins
from optbench.define.lookup import Names
from optbench.errors import UserError

PACKAGE = "optbench_problems"


def catalog_folder():
    """Return the folder of the catalog's problem files.

    A folder `problems` beside the package is the catalog's in a source tree alone: next to an
    installed package it is another distribution's.
    """
    root = Path(__file__).resolve().parents[2]
    if (root / PACKAGE).is_dir():
        return root / PACKAGE
    if (root / "pyproject.toml").is_file() and (root / "problems").is_dir():
        return root / "problems"
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise UserError(
            f"the problem catalog is missing: there is no package {PACKAGE}, and {root} is no "
            "source tree with a folder problems; install optbench again"
        )
    return Path(next(iter(found.submodule_search_locations)))


def named(folders=()):
    """Return the `lookup.Names` of all problems.

    Parameters
    ----------
    folders : path or sequence of path
        Folders with the user's own problem files, beside the catalog's.

    Raises
    ------
    DefinitionError
        If a file of the catalog is broken. What is wrong with the user's own files and with
        packages is left out, and warned about.
    """
    return _everything(plugins.paths(folders))


@functools.cache
def _everything(folders):
    definitions = {}
    for path in plugins.files(catalog_folder()):
        for definition in plugins.definitions(path):
            plugins.add(plugins.PROBLEM, definitions, definition)
    left_out = plugins.gather(plugins.PROBLEM, definitions, folders)
    return Names("problem", definitions, left_out)


def is_own(definition):
    """Say whether a definition is the user's: whether it stands outside of the catalog."""
    file = definition.place.rpartition(":")[0]
    return Path(file).resolve().parent != catalog_folder().resolve()


def problems(folders=()):
    """Return every problem definition by name; see `named`."""
    return named(folders).definitions


def refused(folders=()):
    """Return what was left out of `problems`, as a tuple of `plugins.Refused`."""
    return named(folders).refused


def definition(name, folders=()):
    """Return the definition called `name`; see `lookup.Names.find` for what is raised."""
    return named(folders).find(name)


def problem(name, dim=None, instance=None, folders=()):
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
    folders : path or sequence of path
        Folders with problems of the user's own.

    Returns
    -------
    Problem

    Raises
    ------
    UnknownNameError, UserError
        If there is no such problem, or it has no such dimension or instance.
    """
    if isinstance(name, str):
        name = definition(name, folders)
    return make(name, dim, instance)
