"""Which rules there are: the families of this package, in order of complexity, and plugins."""

import functools
import importlib

from optbench import plugins
from optbench.errors import DefinitionError, UnknownNameError

FAMILIES = (
    "gradient",
    "signs",
    "adaptive",
    "adam_variants",
    "long_memory",
    "layerwise",
    "step_sizes",
    "momo",
    "distances",
    "factored",
    "matrices",
    "averaging",
)
"""Modules of this package that hold rules; `optbench list optimizers` keeps their order."""


def optimizers(folders=()):
    """Return every rule by name, in order of complexity.

    Parameters
    ----------
    folders : sequence of path
        Folders with rules of the user's own; packages with the entry point
        ``optbench.optimizers`` are always looked at. What is wrong with these is in `refused`, and
        warned about.
    """
    return _everything(tuple(map(str, folders)))[0]


def refused(folders=()):
    """Return what was left out of `optimizers`, as a tuple of `plugins.Refused`."""
    return _everything(tuple(map(str, folders)))[1]


@functools.cache
def _everything(folders):
    found = {}
    for family in FAMILIES:
        module = importlib.import_module(f"optbench.rules.{family}")
        for rule in plugins.OPTIMIZER.among(vars(module).values()):
            found[rule.name] = rule
    return found, plugins.gather(plugins.OPTIMIZER, found, folders)


def rule(name, folders=()):
    """Return the rule called `name`.

    Raises
    ------
    DefinitionError
        If the name belongs to something that is left out.
    UnknownNameError
        If there is no such name; the message has near ones.
    """
    known = optimizers(folders)
    if name in known:
        return known[name]
    for one in refused(folders):
        if one.concerns(name):
            raise DefinitionError(one.message)
    raise UnknownNameError("optimizer", name, list(known))
