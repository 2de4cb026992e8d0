"""Which rules there are: the families of this package, in order of complexity, and plugins."""

import functools
import importlib

from optbench.define import plugins
from optbench.define.lookup import Names
from optbench.rules.foreign import METHODS, reason
from optbench.rules.whole_rules import checked

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


def named(folders=()):
    """Return the `lookup.Names` of all rules, in order of complexity.

    Parameters
    ----------
    folders : path or sequence of path
        Folders with rules of the user's own; packages with the entry point
        ``optbench.optimizers`` are always looked at. What is wrong with these is left out, and
        warned about.
    """
    return _everything(plugins.paths(folders))


@functools.cache
def _everything(folders):
    definitions = {}
    for family in FAMILIES:
        module = importlib.import_module(f"optbench.rules.{family}")
        for rule in plugins.OPTIMIZER.among(vars(module).values()):
            definitions[rule.name] = rule
    left_out = plugins.gather(plugins.OPTIMIZER, definitions, folders, checked)
    return Names("optimizer", definitions, left_out, {name: reason(name) for name in METHODS})


def optimizers(folders=()):
    """Return every rule by name, in order of complexity; see `named`."""
    return named(folders).definitions


def refused(folders=()):
    """Return what was left out of `optimizers`, as a tuple of `plugins.Refused`."""
    return named(folders).refused


def rule(name, folders=()):
    """Return the rule called `name`; see `lookup.Names.find` for what is raised."""
    return named(folders).find(name)
