"""Finding problems, and making instances of them that can be evaluated and run.

Definitions come from the files of the catalog folder (`problems/` beside the package in a source
tree, the package `optbench_problems` in an installed wheel), from packages with the entry point
`optbench.problems`, and from folders that the user names. Files of one folder may import each other
(``from ._helpers import ...``); those that begin with an underscore declare nothing.
"""

import functools
import importlib.util
from pathlib import Path

from optbench import plugins
from optbench.errors import DefinitionError, UnknownNameError, UserError
from optbench.making import make

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


def problems(folders=()):
    """Return every problem definition by name.

    Parameters
    ----------
    folders : tuple of path
        Folders with the user's own problem files, beside the catalog's.

    Raises
    ------
    DefinitionError
        If a file of the catalog is broken. What is wrong with the user's own files and with
        packages is in `refused`, and warned about.
    """
    return _everything(tuple(map(Path, folders)))[0]


def refused(folders=()):
    """Return what was left out of `problems`, as a tuple of `plugins.Refused`."""
    return _everything(tuple(map(Path, folders)))[1]


@functools.cache
def _everything(folders):
    found = {}
    for path in sorted(catalog_folder().glob("[a-z]*.py")):
        for definition in plugins.definitions(path):
            plugins.add(plugins.PROBLEM, found, definition)
    return found, plugins.gather(plugins.PROBLEM, found, folders)


def definition(name, folders=()):
    """Return the definition called `name`.

    Raises
    ------
    DefinitionError
        If the name belongs to something that is left out.
    UnknownNameError
        If there is no such name; the message has near ones.
    """
    for one in refused(folders):
        if one.concerns(name):
            raise DefinitionError(one.message)
    known = problems(folders)
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
    return make(found, dim, instance)
