"""Whether a rule is fit to be used: its functions fit each other, its settings are its own."""

from optbench.define.definitions import Rule
from optbench.define.rule_checks import check_functions
from optbench.errors import DefinitionError
from optbench.rules.foreign import METHODS
from optbench.rules.step_tables import uniform_count
from optbench.rules.wrappers_before import WRAPPERS


def check_rule(rule: Rule) -> None:
    """Raise `DefinitionError` unless a rule can be put together with wrappers and compiled."""
    check_functions(rule, uniform_count(rule))
    if rule.name in METHODS:
        raise DefinitionError(
            f"{rule.place}: the name {rule.name} is that of a baseline; choose another name"
        )
    for wrapper in WRAPPERS:
        for name in wrapper.hyper:
            if name in rule.hyper:
                raise DefinitionError(
                    f"{rule.place}: {rule.name} cannot call a hyperparameter {name!r}, which is "
                    f"that of the wrapper {wrapper.name} at {wrapper.place}; choose another name"
                )
