"""Which rules there are: the families of this package, in order of complexity."""

import functools
import importlib

from optbench.declared import Rule

FAMILIES = (
    "gradient",
    "signs",
    "adaptive",
    "layerwise",
    "step_sizes",
    "momo",
    "distances",
    "averaging",
)
"""Modules of this package that hold rules; `optbench list optimizers` keeps their order."""


@functools.cache
def optimizers():
    """Return every built-in rule by name, in order of complexity."""
    found = {}
    for family in FAMILIES:
        module = importlib.import_module(f"optbench.rules.{family}")
        found.update({v.name: v for v in vars(module).values() if isinstance(v, Rule)})
    return found
