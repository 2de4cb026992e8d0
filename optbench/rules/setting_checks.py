"""Whether settings are those of an optimizer, in range, and go together."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from optbench.define.definitions import Rule, Wrapper
from optbench.define.ranges import Allowed, Choice, Flag
from optbench.errors import SettingError
from optbench.gate import reals, shown
from optbench.kernels.authors.rule_layout import takes_hessian
from optbench.rules import schedules
from optbench.rules.guests.arguments import RANGE
from optbench.rules.guests.rule import GuestRule
from optbench.rules.wrappers_before import WRAPPERS

Ranges: TypeAlias = dict[str, Allowed]


def wrappers_of(rule: Rule, settings: Mapping[str, Any]) -> tuple[Wrapper, ...]:
    """Return the wrappers that settings switch on; around guests there are none."""
    if isinstance(rule, GuestRule):
        return ()
    return tuple(
        wrapper for wrapper in WRAPPERS if not wrapper.hyper.keys().isdisjoint(settings)
    )  # fmt: skip


def ranges_of(rule: Rule, wrappers: tuple[Wrapper, ...], settings: Mapping[str, Any]) -> Ranges:
    """Return the ranges of the hyperparameters of a rule, its wrappers and its schedule.

    Raises
    ------
    SettingError
        If a setting is none of them.
    """
    ranges: Ranges = {}
    for part in (rule, *wrappers):
        own = part.ranges(settings) if isinstance(part, GuestRule) else part.hyper
        ranges.update(own)
    ranges.update(schedules.ranges(settings))
    if "schedule" in settings:  # a wrong one has no settings that others could be
        check(rule.name, "schedule", settings["schedule"], schedules.CHOICE)
    for name in settings:
        if name not in ranges:
            raise SettingError(unknown_setting(rule, name, settings))
    return ranges


def check_names(rule: Rule, settings: Mapping[str, Any]) -> None:
    """Raise `SettingError` if a name is none of a rule's, of a wrapper's or of the schedule's."""
    ranges_of(rule, wrappers_of(rule, settings), settings)


def unknown_setting(rule: Rule, name: str, settings: Mapping[str, Any]) -> str:
    """Say that there is no hyperparameter `name`, and what there is."""
    if name in schedules.settings_of_all():
        schedule = settings.get("schedule")
        own = ", ".join(list(schedules.ranges(settings))[1:])
        hint = f"the schedule {schedule} has {own}" if schedule else "give a schedule with it"
        return f"{rule.name}: {name} has no meaning here: {hint}"
    of_wrappers = [name for wrapper in WRAPPERS for name in wrapper.hyper]
    numbered = [own for own in rule.hyper if own.rstrip("0123456789") == name.removesuffix("s")]
    if numbered and name not in numbered:
        return f"{rule.name} has no setting {name!r}: its numbers are {' and '.join(numbered)}"
    if isinstance(rule, GuestRule):
        wraps = "; our wrappers go around compiled rules alone" if name in of_wrappers else ""
        return (
            f"{rule.name} has no setting {name!r} that is a number or a switch: it has "
            f"{', '.join(rule.hyper)}{wraps}"
        )
    names = [*rule.hyper, *of_wrappers, *schedules.settings_of_all()]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(rule.hyper)}"
    return f"{rule.name} has no hyperparameter {name!r}: {hint}"


def check(rule: str, name: str, value: object, allowed: Allowed) -> None:
    """Raise `SettingError` unless every element of `value` lies in the range `allowed`."""
    whose = f"{rule}: {name}"
    if isinstance(allowed, Choice):
        if not isinstance(value, str) or value not in allowed:
            text = value if isinstance(value, str) else shown(value)
            raise SettingError(f"{whose} = {text} is unknown; it is {allowed}")
        return
    if isinstance(allowed, Flag) and getattr(value, "dtype", type(value)) in (bool, np.bool_):
        return
    if isinstance(value, str) and RANGE.fullmatch(value):
        raise SettingError(
            f"{whose} = {value} must be a number: where a rule is searched is declared with it "
            f'(see `optbench list optimizers {rule} -v`); a study with space = ["lr", "{name}"] '
            "searches there"
        )
    elements = reals(whose, value)
    if elements.ndim > 1:
        raise SettingError(f"{whose} = {shown(value)} is not a number")
    for element in np.atleast_1d(elements):
        if element not in allowed:
            outside = shown(element if elements.ndim else value)
            what = "is" if np.isfinite(element) else "must be a finite number:"
            raise SettingError(f"{whose} = {outside} {what} outside its range {allowed}")


def check_together(rule: Rule, wrappers: tuple[Wrapper, ...]) -> None:
    """Refuse wrappers that a rule or another wrapper leaves without meaning."""
    if takes_hessian(rule) and any(wrapper.evaluations > 1 for wrapper in wrappers):
        raise SettingError(
            f"{rule.name} takes products with the Hessian where its gradient is taken; sam, which "
            "takes two gradients a step, cannot go around it"
        )
    if rule.matrix and any(wrapper.name == "spam" for wrapper in wrappers):
        raise SettingError(
            f"{rule.name} keeps matrices, which spam cannot have begin anew: wrap it around a rule "
            "of coordinates, or clip by `clip_norm`"
        )
    averages = [part.name for part in (rule, *wrappers) if part.iterate]
    after = [part.name for part in wrappers if part.after]
    if rule.iterate and after:
        raise SettingError(
            f"{rule.name} reports an iterate of its own, from which it takes its steps; "
            f"{after[0]}, which acts on the point after the step, cannot go around it"
        )
    if len(averages) > 1:
        raise SettingError(
            f"{rule.name}: {' and '.join(averages)} each report another iterate; give one of them"
        )
    if rule.evaluations > 1 and any(wrapper.evaluations > 1 for wrapper in wrappers):
        raise SettingError(
            f"{rule.name} takes two gradients a step itself; sam cannot go around it"
        )


def refuse_ranges(optimizer: str, searched: Sequence[str]) -> None:
    """Raise `SettingError` if a setting is a range, where no study searches it."""
    for name in searched:
        raise SettingError(
            f"{optimizer}: {name} is a range, which studies search; give a number here"
        )
