"""Which rules there are: the families of this package, in order of complexity, and plugins."""

import importlib
from collections.abc import Iterator, Mapping

from optbench.define import plugins
from optbench.define.definitions import Rule
from optbench.define.lookup import Names
from optbench.define.registry import Registry
from optbench.rules.foreign import METHODS, no_update_rule
from optbench.rules.whole_rules import check_rule

FAMILIES = (
    "gradient",
    "signs",
    "adaptive",
    "adam_variants",
    "curvature",
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


def _families() -> Iterator[Rule]:
    """Yield the rules of this package."""
    for family in FAMILIES:
        module = importlib.import_module(f"optbench.rules.{family}")
        yield from plugins.OPTIMIZER.among(vars(module).values())


REGISTRY: Registry[Rule] = Registry(
    plugins.OPTIMIZER, _families, check_rule, {name: no_update_rule(name) for name in METHODS}
)


def named(folders: plugins.Folders = ()) -> Names[Rule]:
    """Return the `lookup.Names` of all rules, those in the user's folders too, in order."""
    return REGISTRY.names(folders)


def optimizers(folders: plugins.Folders = ()) -> Mapping[str, Rule]:
    """Return every rule by name, in order of complexity; see `Registry.names`."""
    return named(folders).definitions


def rule(name: str, folders: plugins.Folders = ()) -> Rule:
    """Return the rule called `name`; see `lookup.Names.find` for what is raised."""
    return named(folders).find(name)
