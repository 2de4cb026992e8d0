"""Which variant of a rule of ours another optimizer is: those that can be tried are tried.

Each is a change that implementations differ by: other values of the same settings, eps inside of
the root and other conventions that rules have as switches, no correction of a mean's bias, decay of
the weights inside of the gradient or beside the step; and each other rule with the same settings.
"""

import dataclasses
from collections.abc import Iterator

from optbench.define.definitions import Rule
from optbench.define.ranges import Flag, Range
from optbench.errors import UserError
from optbench.lanes.parting import on_the_same_gradients
from optbench.rules import compose, registry
from optbench.rules.compose import Optimizer
from optbench.rules.guests.rule import GuestRule
from optbench.rules.step_tables import uniform_count

OUR_NAMES = {"b1": "beta1", "b2": "beta2", "learning_rate": "lr"}
"""Names of optax, and ours for the same."""
DECAY = 0.01
"""A strength of decay where the optimizer says none."""
TRIED_STEPS = 200


def settings_of(optimizer: Optimizer) -> dict[str, float]:
    """Return the settings of an optimizer that are numbers, under our names."""
    return {
        OUR_NAMES.get(name, name): float(value)
        for name, value in optimizer.values.items()
        if not isinstance(value, str) and value == value
    }


def unlike(one: Optimizer, other: Optimizer) -> dict[str, tuple[float, float]]:
    """Return the settings that both have, with other values."""
    ours, theirs = settings_of(one), settings_of(other)
    return {
        name: (ours[name], theirs[name])
        for name in ours
        if theirs.get(name, ours[name]) != ours[name]
    }


def variants(one: Optimizer, other: Optimizer) -> Iterator[tuple[str, Optimizer]]:
    """Yield variants of `other` that `one` might be, with words for what they are."""
    own = settings_of(one)
    differing = {name: values[0] for name, values in unlike(one, other).items()}
    bases = [("", other)]
    if differing:
        words = " with " + ", ".join(f"{name}={value:g}" for name, value in differing.items())
        bases.append((words, other.with_settings(**differing)))
    for words, base in bases:
        if words:
            yield f"{other.name}{words}", base
        for name, allowed in base.rule.hyper.items():
            if isinstance(allowed, Flag) and not isinstance(base.rule, GuestRule):
                on = not base.values[name]
                yield (
                    f"{other.name}{words}, {name}={str(on).lower()}",
                    base.with_settings(**{name: on}),
                )
        if "uniform" in base.rule.functions:
            yield f"{other.name}{words} without bias correction", _uncorrected(base)
        decay = own.get("weight_decay") or DECAY
        if not isinstance(base.rule, GuestRule):
            for setting, what in (("l2", "in the gradient"), ("decay", "beside the step")):
                changed = base.with_settings(**{setting: decay})
                yield (
                    f"{other.name}{words} with decay {decay:g} {what} ({setting}={decay:g})",
                    changed,
                )
    needed = numbers_of(other.rule)
    for rule in registry.optimizers().values():
        if rule is not other.rule and not rule.matrix and needed <= numbers_of(rule):
            shared = {name: value for name, value in own.items() if name in numbers_of(rule)}
            yield rule.name, compose.compose(rule, {"lr": other.lr, **shared})


def numbers_of(rule: Rule) -> set[str]:
    """Return the names of the settings of a rule that are numbers."""
    return {name for name, allowed in rule.hyper.items() if isinstance(allowed, Range)}


def _uncorrected(optimizer: Optimizer) -> Optimizer:
    """Return an optimizer with 1 for all that its rule computes of the step alone."""
    count = uniform_count(optimizer.rule)

    def uniform(t: int) -> tuple[float, ...]:
        return (1.0,) * count

    functions = {**optimizer.rule.functions, "uniform": uniform}
    rule: Rule = dataclasses.replace(optimizer.rule, functions=functions)
    return dataclasses.replace(optimizer, rule=rule)


def same_variant(one: Optimizer, other: Optimizer, steps: int) -> tuple[str, float] | None:
    """Return what variant of `other` takes the steps of `one`, and how far it is from it at most.

    None if none of them does.
    """
    for words, variant in variants(one, other):
        try:
            variant = variant.with_settings(lr=other.lr) if variant.lr != other.lr else variant
            parting = on_the_same_gradients(one, variant, min(steps, TRIED_STEPS))
        except UserError:  # it needs more than gradients, or is out of range
            continue
        if parting.same:
            return words, on_the_same_gradients(one, variant, steps).largest
    return None
