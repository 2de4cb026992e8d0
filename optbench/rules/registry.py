"""Which rules there are: the families of this package, in order of complexity, and plugins."""

import importlib
from collections.abc import Iterator, Mapping

from optbench.define import plugins
from optbench.define.definitions import Rule
from optbench.define.lookup import Names
from optbench.define.registry import Registry
from optbench.rules.foreign import METHODS, no_update_rule
from optbench.rules.guests.rule import guest, is_guest
from optbench.rules.other_names import OTHER_NAMES, other_name
from optbench.rules.whole_rules import check_rule

FAMILIES = (
    "gradient",
    "momenta",
    "signs",
    "adaptive",
    "adagrad_variants",
    "adam_variants",
    "adam_steps",
    "delayed",
    "curvature",
    "long_memory",
    "switching",
    "layerwise",
    "layer_moments",
    "projected",
    "mars",
    "step_sizes",
    "momo",
    "distances",
    "factored",
    "matrices",
    "orthogonal",
    "norm_balls",
    "kronecker",
    "eigenbases",
    "low_rank",
    "averaging",
)
"""Modules of this package that hold rules; `optbench list optimizers` keeps their order."""


def _families() -> Iterator[Rule]:
    """Yield the rules of this package."""
    for family in FAMILIES:
        module = importlib.import_module(f"optbench.rules.{family}")
        yield from plugins.OPTIMIZER.among(vars(module).values())


NO_RULES = {
    **{name: no_update_rule(name) for name in METHODS},
    **{name: other_name(name) for name in OTHER_NAMES},
}
REGISTRY: Registry[Rule] = Registry(plugins.OPTIMIZER, _families, check_rule, NO_RULES)


def named(folders: plugins.Folders = ()) -> Names[Rule]:
    """Return the `lookup.Names` of all rules, those in the user's folders too, in order."""
    return REGISTRY.names(folders)


def select(pattern: str, folders: plugins.Folders = ()) -> list[str]:
    """Return the names that a glob matches, see `lookup.Names.select`; a guest's is one."""
    return [pattern] if is_guest(pattern) else named(folders).select(pattern)


def optimizers(folders: plugins.Folders = ()) -> Mapping[str, Rule]:
    """Return every rule by name, in order of complexity; see `Registry.names`."""
    return named(folders).definitions


def rule(name: str, folders: plugins.Folders = ()) -> Rule:
    """Return the rule called `name`; see `lookup.Names.find` for what is raised."""
    if is_guest(name):
        return guest(name, folders)
    return named(folders).find(name)
