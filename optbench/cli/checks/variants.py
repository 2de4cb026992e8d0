"""Which variant of a rule of ours another optimizer is: those that can be tried are tried.

Each is a change that implementations differ by: other values of the same settings, eps inside of
the root and other conventions that rules have as switches, no correction of a mean's bias, decay of
the weights inside of the gradient or beside the step; and each other rule with the same settings.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator

from optbench.define.definitions import Rule
from optbench.define.names import arguments
from optbench.define.ranges import Flag, Range
from optbench.errors import UserError
from optbench.lanes.parting import on_the_same_gradients
from optbench.rules import compose, registry
from optbench.rules.compose import Optimizer
from optbench.rules.guests.rule import GuestRule

Make = Callable[[], Optimizer]
Value = float | str
OUR_NAMES = {"b1": "beta1", "b2": "beta2", "learning_rate": "lr"}
"""Names of optax, and ours for the same."""
DECAY = 0.01
"""A strength of decay where the optimizer says none."""
TRIED_STEPS = 200
LATE = 10**9
"""A step at which there is nothing left of a bias to correct."""


def settings_of(optimizer: Optimizer) -> dict[str, float]:
    """Return the settings of an optimizer that are numbers, its rate too, under our names."""
    own = {
        OUR_NAMES.get(name, name): float(value)
        for name, value in optimizer.values.items()
        if not isinstance(value, str) and value == value
    }
    return {**own, "lr": optimizer.lr}


def unlike(one: Optimizer, other: Optimizer) -> dict[str, tuple[float, float]]:
    """Return the settings that both have, with other values."""
    ours, theirs = settings_of(one), settings_of(other)
    return {
        name: (ours[name], theirs[name])
        for name in ours
        if theirs.get(name, ours[name]) != ours[name]
    }


def given_to_one(one: Optimizer, other: Optimizer) -> dict[str, tuple[Value | None, Value | None]]:
    """Return the settings in brackets of one that the other has not, and names that differ."""
    both = [
        {OUR_NAMES.get(name, name): value for name, value in each.given}
        for each in (one, other)
    ]  # fmt: skip
    numbers = settings_of(one).keys() & settings_of(other).keys()
    return {
        name: (both[0].get(name), both[1].get(name))
        for name in dict.fromkeys([*both[0], *both[1]])
        if name not in numbers and both[0].get(name) != both[1].get(name)
    }


def variants(one: Optimizer, other: Optimizer) -> Iterator[tuple[str, Make]]:
    """Yield what makes each variant of `other` that `one` might be, with words for it."""
    decay = settings_of(one).get("weight_decay") or DECAY
    yield from _conventions(other.name, other, decay)
    differing = {name: own for name, (own, _) in unlike(one, other).items()}
    if differing:
        words = ", ".join(f"{name}={value:g}" for name, value in differing.items())
        name = f"{other.name} with {words}"
        yield name, lambda: other.with_settings(**differing)
        with contextlib.suppress(UserError):
            yield from _conventions(name, other.with_settings(**differing), decay)
    yield from _other_rules(one, other)


def _conventions(name: str, base: Optimizer, decay: float) -> Iterator[tuple[str, Make]]:
    """Yield an optimizer with each convention of its rule changed, and with decay."""
    if isinstance(base.rule, GuestRule):  # what its conventions are only it knows
        return
    for setting, allowed in base.rule.hyper.items():
        if isinstance(allowed, Flag):
            other_way = {setting: not base.values[setting]}
            words = f"{setting}={str(other_way[setting]).lower()}"
            yield f"{name}, {words}", functools.partial(base.with_settings, **other_way)
    uniform = base.rule.functions.get("uniform")
    if uniform is not None and "t" in arguments(uniform):
        yield f"{name} without bias correction", functools.partial(_uncorrected, base)
    for setting, where in (("l2", "in the gradient"), ("decay", "beside the step")):
        words = f"with decay {decay:g} {where} ({setting}={decay:g})"
        yield f"{name} {words}", functools.partial(base.with_settings, **{setting: decay})


def _other_rules(one: Optimizer, other: Optimizer) -> Iterator[tuple[str, Make]]:
    """Yield each other rule that has the settings of `other`, with the values of `one`."""
    own, needed = settings_of(one), numbers_of(other.rule)
    for rule in registry.optimizers().values():
        names = numbers_of(rule)
        if rule is not other.rule and not rule.matrix and needed <= names:
            shared = {name: value for name, value in own.items() if name in names}
            yield rule.name, functools.partial(compose.compose, rule, shared)


def numbers_of(rule: Rule) -> set[str]:
    """Return the names of the settings of a rule that are numbers."""
    return {name for name, allowed in rule.hyper.items() if isinstance(allowed, Range)}


def _uncorrected(optimizer: Optimizer) -> Optimizer:
    """Return an optimizer whose rule has from the first step on what it has after very many."""
    function = optimizer.rule.functions["uniform"]
    place = arguments(function).index("t")

    @functools.wraps(function)
    def late(*values: float) -> tuple[float, ...]:
        outputs: tuple[float, ...] = function(*values[:place], LATE, *values[place + 1 :])
        return outputs

    rule: Rule = dataclasses.replace(
        optimizer.rule, functions={**optimizer.rule.functions, "uniform": late}
    )
    return dataclasses.replace(optimizer, rule=rule)


def same_variant(one: Optimizer, other: Optimizer, steps: int) -> tuple[str, float] | None:
    """Return what variant of `other` takes the steps of `one`, and how far it is from it at most.

    None if none of them does.
    """
    for words, make in variants(one, other):
        try:
            variant = make()
            parting = on_the_same_gradients(one, variant, min(steps, TRIED_STEPS))
        except UserError:  # it needs more than gradients, or is out of range
            continue
        if parting.same:
            return words, on_the_same_gradients(one, variant, steps).largest
    return None
