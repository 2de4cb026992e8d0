"""Finding problems, and making instances of them that can be evaluated and run.

Definitions come from the files of the catalog folder (`problems/` beside the package in a source
tree, the package `optbench_problems` in an installed wheel), from packages with the entry point
`optbench.problems`, and from folders that the user names. Files of one folder may import each other
(``from ._helpers import ...``); those that begin with an underscore declare nothing.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from optbench.catalog import perturbing
from optbench.catalog.building import make
from optbench.catalog.instance import Problem
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.ladders import LEVEL, at_level
from optbench.define.lookup import Names
from optbench.define.nets import known_to_fit
from optbench.define.registry import Registry
from optbench.define.shipped import shipped_folder
from optbench.errors import SettingError
from optbench.gate import shown
from optbench.rules.settings import Setting, parsed

PACKAGE = "optbench_problems"


def catalog_folder() -> Path:
    """Return the folder of the catalog's problem files."""
    return shipped_folder(PACKAGE, "problems", "the problem catalog")


def _catalog() -> Iterator[ProblemDefinition | NetDefinition]:
    """Yield the definitions of the catalog's files."""
    for path in plugins.files(catalog_folder()):
        with known_to_fit():
            found = plugins.definitions(path, plugins.PROBLEM)
        yield from found


REGISTRY: Registry[ProblemDefinition | NetDefinition] = Registry(plugins.PROBLEM, _catalog)


def named(folders: plugins.Folders = ()) -> Names[ProblemDefinition | NetDefinition]:
    """Return the `lookup.Names` of all problems, those in the user's folders too."""
    return REGISTRY.names(folders)


def is_own(definition: ProblemDefinition | NetDefinition) -> bool:
    """Say whether a definition is the user's: whether it stands outside of the catalog."""
    return _is_outside(definition.place.rpartition(":")[0])


@functools.cache
def _is_outside(file: str) -> bool:
    """Say whether a file stands outside of the catalog's folder."""
    return Path(file).resolve().parent != catalog_folder().resolve()


def problems(
    folders: plugins.Folders = (),
) -> Mapping[str, ProblemDefinition | NetDefinition]:
    """Return every problem definition by name; see `Registry.names`."""
    return named(folders).definitions


def definition(name: str, folders: plugins.Folders = ()) -> ProblemDefinition | NetDefinition:
    """Return the definition called `name`, with the perturbations in brackets behind it.

    See `lookup.Names.find` and `perturbing.perturbed` for what is raised.
    """
    bare, settings = parsed(name)
    return _set(named(folders).find(bare), settings)


def _set(
    found: ProblemDefinition | NetDefinition, settings: Mapping[str, Setting]
) -> ProblemDefinition | NetDefinition:
    """Return a definition at the level and with the perturbations that brackets ask for."""
    others = {name: value for name, value in settings.items() if name != LEVEL}
    if LEVEL in settings:
        found = at_level(found, settings[LEVEL])
    return perturbing.perturbed(found, **others)


def perturbed(
    problem: str | ProblemDefinition | NetDefinition,
    *,
    folders: plugins.Folders = (),
    **settings: Setting,
) -> ProblemDefinition | NetDefinition:
    """Return a problem with perturbations, which can be run like any other.

    Parameters
    ----------
    problem : str or definition
        A name, or what `optbench.define.problem` returned; of what is perturbed already the
        settings are kept, where no new ones are given.
    folders : path or sequence of path
        Folders with problems of the user's own.
    **settings : float or bool
        Those that `optbench list perturbations` shows: ``noise=0.1, rotate=True``.

    Raises
    ------
    UnknownNameError, SettingError
        If there is no such problem or setting, a value is out of range or does not fit the problem.

    Examples
    --------
    >>> import optbench
    >>> optbench.perturbed("rosenbrock", rotate=True, noise=0.1).name
    'rosenbrock[rotate=true,noise=0.1]'
    """
    thing = definition(problem, folders) if isinstance(problem, str) else problem
    if not isinstance(thing, ProblemDefinition | NetDefinition):
        raise SettingError(
            "what is perturbed is a problem's name, or what `optbench.define.problem` returned; "
            f"got {shown(thing)}"
        )
    return perturbing.perturbed(thing, **settings)


def select(pattern: str, folders: plugins.Folders = ()) -> list[str]:
    """Return the names that a glob matches, each with the perturbations in brackets behind it.

    They are written as the definitions' names are: ``"*sphere[noise=0.10]"`` gives
    ``"sphere[noise=0.1]"``.

    Raises
    ------
    DefinitionError, UnknownNameError, SettingError
        If nothing matches, or the perturbations are none, or do not fit.
    """
    glob, settings = parsed(pattern)
    names = named(folders)
    if not settings:
        return names.select(glob)
    return [_set(names.find(name), settings).name for name in names.select(glob)]


def problem(
    name: str | ProblemDefinition | NetDefinition,
    dim: int | None = None,
    instance: int | None = None,
    folders: plugins.Folders = (),
) -> Problem:
    """Return a problem that can be evaluated and run.

    Parameters
    ----------
    name : str or definition
        A name of the catalog, with perturbations in brackets where wanted
        (``"rosenbrock[noise=0.1]"``), or what `optbench.define.problem` returned.
    dim : int, optional
        The dimension; by default the problem's own.
    instance : int, optional
        Which version: 1, 2, ... are shifted and scaled (and rotated, where declared), re-drawn or
        re-split; 0 is the problem as it is written down, and the default.
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
    thing = definition(name, folders) if isinstance(name, str) else name
    return make(thing, dim, instance)
