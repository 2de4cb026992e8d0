"""An optimizer = a rule + wrappers + settings: names, checks, and the table of step scalars."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from optbench.define.definitions import Part, Rule, Wrapper
from optbench.define.plugins import Folders
from optbench.define.ranges import Allowed, Flag, Range
from optbench.errors import SettingError
from optbench.gate import check_fits, shown
from optbench.kernels.authors.rule_layout import RuleLayout, takes_hessian
from optbench.rules import registry, schedules
from optbench.rules.guests.arguments import RANGE
from optbench.rules.guests.making import check_made, refusal
from optbench.rules.guests.rule import GuestRule, guest, is_guest
from optbench.rules.setting_checks import Ranges, check, check_together, ranges_of, wrappers_of
from optbench.rules.settings import Setting, parsed
from optbench.rules.step_tables import step_table, uniform_count
from optbench.rules.suitability import ProblemFacts, lacking
from optbench.rules.whole_rules import check_rule


@dataclass(frozen=True, eq=False)
class Optimizer:
    """A rule with its wrappers and settings, ready to be compiled and run.

    Attributes
    ----------
    rule : Rule
    wrappers : tuple of Wrapper
        Applied to each gradient before the rule, in this order.
    values : dict of str to float or str
        Every hyperparameter but ``lr``, set or default: those of the parts in the engine's order,
        then those of a schedule.
    given : tuple of (str, float or str)
        What was set, for labels and identities.
    lr : float
        The default learning rate, or the one that was set.
    """

    rule: Rule
    wrappers: tuple[Wrapper, ...]
    values: dict[str, float | str]
    given: tuple[tuple[str, float | str], ...]
    lr: float

    unit: ClassVar[str] = "gradients"
    has_rate: ClassVar[bool] = True

    @property
    def compiled(self) -> bool:
        """Whether its steps are compiled: those of guests are Python."""
        return not isinstance(self.rule, GuestRule)

    @property
    def step_seconds(self) -> float:
        """What a step of a lane takes beside compiled code: of guests Python's time."""
        return self.rule.step_seconds if isinstance(self.rule, GuestRule) else 0.0

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @property
    def label(self) -> str:
        """Rule and settings, as they can be written on the command line."""
        settings = ",".join(f"{name}={_short(value)}" for name, value in self.given)
        return f"{self.name}[{settings}]" if settings else self.name

    def __repr__(self) -> str:
        settings = {"lr": self.lr, **self.values}
        each = ", ".join(f"{name}={_short(value)}" for name, value in settings.items())
        return f"Optimizer({self.label}: {each})"

    @property
    def source(self) -> str:
        """The paper and equation of the rule."""
        return self.rule.source

    @property
    def hyper(self) -> Ranges:
        """Ranges of all hyperparameters by name, ``lr`` first."""
        return ranges_of(self.rule, self.wrappers, dict(self.given))

    @property
    def schedule(self) -> tuple[tuple[str, float | str], ...]:
        """Settings of the schedule as ((name, value), ...); () where the rate is constant."""
        names = schedules.ranges(dict(self.given))
        return tuple((name, self.values[name]) for name in names)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Wrappers, then the rule: the order of application."""
        return (*self.wrappers, self.rule)

    @property
    def evaluations(self) -> int:
        """Gradient evaluations a step."""
        return max(part.evaluations for part in self.parts)

    @property
    def hessian_every(self) -> int:
        """Steps from one product with the Hessian to the next; 0 where none is asked for."""
        if not any(map(takes_hessian, self.parts)):
            return 0
        return int(self.values.get("hessian_every", 1))

    @property
    def full_batch(self) -> bool:
        """Whether a step looks at all examples of a data problem."""
        return self.rule.full_batch

    @property
    def fixed_rate(self) -> float | None:
        """The learning rate that was set, None if it is to be tuned."""
        return self.lr if "lr" in dict(self.given) else None

    @property
    def searched_by_hand(self) -> tuple[str, ...]:
        """The settings of a guest that are given as ranges, whatever space a study searches."""
        guest = isinstance(self.rule, GuestRule)
        return tuple(n for n, value in self.given if guest and RANGE.fullmatch(str(value)))

    @property
    def iterate(self) -> str | None:
        """Name of the part that reports another point than it moves, or None."""
        return next((part.name for part in self.parts if part.iterate), None)

    def wants(self, problem: ProblemFacts) -> str | None:
        """Say what `problem` lacks for this optimizer to be run on it, or None."""
        lacks = lacking(self.parts, self.iterate, problem)
        if lacks is None and isinstance(self.rule, GuestRule):
            settings = {**self.values, "lr": self.lr}
            lacks = refusal(self.rule, settings, problem.tensor_table)
        return lacks

    @property
    def flags(self) -> dict[str, bool]:
        """The conventions that are compiled in, name to bool."""
        flags = [name for name, allowed in self.hyper.items() if isinstance(allowed, Flag)]
        return {name: bool(self.values[name]) for name in flags}

    def layout(self) -> RuleLayout:
        """Return where the engine keeps this optimizer's numbers."""
        counts = [uniform_count(part) for part in self.parts]
        return RuleLayout(self.parts, counts, self.flags)

    def with_settings(self, **settings: Setting) -> "Optimizer":
        """Return a copy with more settings, or with other values of those that were set."""
        return compose(self.rule, {**dict(self.given), **settings})

    def check_fits(self, dtype: str) -> None:
        """Raise `SettingError` if a setting is out of range in a dtype."""
        for name, value in self.given:
            if not isinstance(value, str):
                check_fits(f"{self.name}: {name}", value, dtype)

    def check_complete(self) -> None:
        """Raise `SettingError` if a guest's setting without a default is not set."""
        if isinstance(self.rule, GuestRule) and (missing := self.rule.missing(dict(self.given))):
            raise SettingError(
                f"{self.name}: {missing} has no default: give it, as in {self.name}[{missing}=...]"
            )

    def uniform_table(self, steps: int, budget: int | None = None) -> NDArray[np.float64]:
        """Return what depends on the step alone, float64 ``[steps, 1 + u]``.

        Column 0 multiplies the learning rate: the schedule, times what wrappers call `lr_scale`.
        The others are the outputs of the parts' `uniform` functions, in the order of `parts`.

        Parameters
        ----------
        steps : int
            Number of rows.
        budget : int, optional
            Steps of the whole run, on which schedules depend; by default those of the table.
        """
        budget = budget or steps
        columns = [schedules.factors(self.schedule, budget)[:steps, None]]
        values = tuple(self.values.items())
        columns += [step_table(part, values, steps, budget) for part in self.parts]
        table = np.concatenate(columns, axis=1)
        for column in self.layout().rate_columns:
            table[:, 0] *= table[:, column]
        return table


def _short(value: float | str) -> str:
    """Return the shortest text that reads back as `value`."""
    if isinstance(value, str):
        return value
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def compose(rule: Rule, settings: Mapping[str, Setting]) -> Optimizer:
    """Put the wrappers that `settings` name around `rule` and check every value.

    Parameters
    ----------
    rule : Rule
    settings : dict of str to float or str
        Hyperparameters of the rule, of wrappers, which it switches on, and of a schedule.

    Raises
    ------
    SettingError
        If a name is unknown or a value out of range or not finite.
    """
    if isinstance(rule, GuestRule):
        settings = rule.plain(settings)
    else:
        check_rule(rule)
    wrappers = wrappers_of(rule, settings)
    check_together(rule, wrappers)
    ranges = ranges_of(rule, wrappers, settings)
    for name, value in settings.items():
        if _is_range(rule, value, ranges[name]):
            continue
        check(rule.name, name, value, ranges[name])
        if np.ndim(value):
            raise SettingError(f"{rule.name}: {name} must be one number here, not {shown(value)}")
    given = tuple((name, _plain(settings[name])) for name in ranges if name in settings)
    numbers = {name: value for name, value in given if not _is_range(rule, value, ranges[name])}
    values = {name: numbers.get(name, _plain(own.default)) for name, own in ranges.items()}
    if isinstance(rule, GuestRule) and rule.missing(settings) is None:
        check_made(rule, values)
    lr = float(values.pop("lr", 1.0))
    return Optimizer(rule, wrappers, values, given, lr)


def _is_range(rule: Rule, value: Setting, allowed: Allowed) -> bool:
    """Say whether a guest's setting says where to search, which `GuestRule.ranges` has checked."""
    is_text = isinstance(value, str) and isinstance(allowed, Range)
    return is_text and isinstance(rule, GuestRule)


def _plain(value: Setting) -> float | str:
    """Return a setting as a text or a Python number."""
    return value if isinstance(value, str) else float(value) + 0.0  # -0.0 is 0.0


def optimizer(
    spec: "str | Rule | Optimizer | Callable[..., Any]", folders: Folders = ()
) -> Optimizer:
    """Return the `Optimizer` that `spec` describes.

    Parameters
    ----------
    spec : str, Rule, Optimizer, class or factory
        A name, or a name with settings: ``"adam[beta1=0.8,clip_norm=2]"``; a class of torch or a
        factory of optax.
    folders : path or sequence of path
        Folders with rules of the user's own.

    Raises
    ------
    UnknownNameError, SettingError, DefinitionError
    """
    if isinstance(spec, Optimizer):
        return spec
    if isinstance(spec, Rule):
        return compose(spec, {})
    if not isinstance(spec, str):
        if is_guest(spec):
            return compose(guest(spec), {})
        hint = "; decorate it with @optbench.define.optimizer" if callable(spec) else ""
        raise SettingError(
            f"an optimizer is a name, what `optbench.define.optimizer` returned, what "
            f"`optbench.optimizer` returned, a class of torch or a factory of optax; got "
            f"{shown(spec)}{hint}"
        )
    name, settings = parsed(spec)
    own = compose(registry.rule(name, folders), settings)
    own.check_complete()
    return own
