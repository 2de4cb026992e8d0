"""An optimizer = a rule + wrappers + settings: names, checks, and the table of step scalars."""

import difflib
from dataclasses import dataclass

import numpy as np

from optbench.define.definitions import Rule
from optbench.define.ranges import Choice, Flag
from optbench.errors import SettingError
from optbench.gate import check_fits, reals, shown
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.rules import registry, schedules
from optbench.rules.settings import parsed
from optbench.rules.step_tables import step_table, uniform_count
from optbench.rules.whole_rules import checked
from optbench.rules.wrappers_before import WRAPPERS


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
    wrappers: tuple
    values: dict
    given: tuple
    lr: float

    unit = "gradients"

    @property
    def name(self):
        """The rule's name."""
        return self.rule.name

    @property
    def label(self):
        """Rule and settings, as they can be written on the command line."""
        inside = ",".join(f"{k}={_short(v)}" for k, v in self.given)
        return f"{self.name}[{inside}]" if inside else self.name

    @property
    def source(self):
        """The paper and equation of the rule."""
        return self.rule.source

    @property
    def hyper(self):
        """Ranges of all hyperparameters by name, ``lr`` first."""
        return _ranges(self.rule, self.wrappers, dict(self.given))

    @property
    def schedule(self):
        """Settings of the schedule as ((name, value), ...); () where the rate is constant."""
        names = schedules.ranges(dict(self.given))
        return tuple((name, self.values[name]) for name in names)

    @property
    def parts(self):
        """Wrappers, then the rule: the order of application."""
        return (*self.wrappers, self.rule)

    @property
    def evaluations(self):
        """Gradient evaluations a step."""
        return max(part.evaluations for part in self.parts)

    @property
    def iterate(self):
        """Name of the part that reports another point than it moves, or None."""
        return next((part.name for part in self.parts if part.iterate), None)

    def wants(self, problem):
        """Say why this optimizer is not run on `problem` (anything with `kind`), or None."""
        if "no_gradient" in problem.tags:
            return f"{problem.name} is piecewise constant: its gradient is 0 wherever it exists"
        if self.rule.matrix and problem.kind != "net":
            return f"{self.name} sees whole layers of a net; {problem.name} has none"
        if self.rule.stochastic_only and problem.kind == "deterministic":
            return f"{self.name} is mini-batch descent; {problem.name} has no noise"
        if self.rule.full_batch and problem.kind == "stochastic":
            return f"{self.name} needs a full batch; the noise of {problem.name} has none"
        unfit = [part.name for part in self.parts if part.surfaces_only]
        if unfit and problem.kind == "net":
            return f"{unfit[0]} is for surfaces; {problem.name} is a net"
        if self.iterate and problem.kind == "net" and problem.constrained:
            return (
                f"{self.iterate} reports another point than it moves; the rates and max_norm of "
                f"{problem.name} change the point that a rule moves"
            )
        return None

    @property
    def flags(self):
        """The conventions that are compiled in, name to bool."""
        return {k: bool(self.values[k]) for k, v in self.hyper.items() if isinstance(v, Flag)}

    def layout(self):
        """Return where the engine keeps this optimizer's numbers."""
        counts = [uniform_count(part) for part in self.parts]
        return RuleLayout(self.parts, counts, self.flags)

    def with_settings(self, **settings):
        """Return a copy with other settings; the ones given before are kept."""
        return compose(self.rule, {**dict(self.given), **settings})

    def check_fits(self, dtype):
        """Raise `SettingError` if a setting is out of range in a dtype."""
        for name, value in self.given:
            if not isinstance(value, str):
                check_fits(f"{self.name}: {name}", value, dtype)

    def uniform_table(self, steps, budget=None):
        """Return what depends on the step alone, float64 ``[steps, 1 + u]``.

        Column 0 multiplies the learning rate (the schedule); the others are the outputs of the
        parts' `uniform` functions, in the order of `parts`.

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
        return np.concatenate(columns, axis=1)


def _short(value):
    """Return the shortest text that reads back as `value`."""
    if isinstance(value, str):
        return value
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def compose(rule, settings):
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
    checked(rule)
    own = rule.hyper
    wrappers = tuple(
        w for w in WRAPPERS if any(name in settings and name not in own for name in w.hyper)
    )
    _check_together(rule, wrappers)
    if rule.evaluations > 1 and any(w.evaluations > 1 for w in wrappers):
        raise SettingError(
            f"{rule.name} takes two gradients a step itself; sam cannot go around it"
        )
    ranges = _ranges(rule, wrappers, settings)
    for name, value in settings.items():
        if name not in ranges:
            raise SettingError(_unknown(rule, name, settings))
        check(rule.name, name, value, ranges[name])
        if np.ndim(value):
            raise SettingError(f"{rule.name}: {name} must be one number here, not {shown(value)}")
    chosen = {k: _plain(settings.get(k, r.default)) for k, r in ranges.items()}
    values = {k: v for k, v in chosen.items() if k != "lr"}
    given = tuple((k, chosen[k]) for k in ranges if k in settings)
    return Optimizer(rule, wrappers, values, given, chosen.get("lr", 1.0))


def _check_together(rule, wrappers):
    """Refuse wrappers that a rule or another wrapper leaves without meaning."""
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


def _ranges(rule, wrappers, settings):
    parts = {k: v for part in (rule, *wrappers) for k, v in part.hyper.items()}
    return {**parts, **schedules.ranges(settings)}


def _plain(value):
    return value if isinstance(value, str) else float(value) + 0.0  # -0.0 is 0.0


def _unknown(rule, name, settings):
    """Say that there is no hyperparameter `name`, and what there is."""
    if name in schedules.settings_of_all():
        chosen = settings.get("schedule")
        own = ", ".join(list(schedules.ranges(settings))[1:])
        hint = f"the schedule {chosen} has {own}" if chosen else "give a schedule with it"
        return f"{rule.name}: {name} has no meaning here: {hint}"
    known = [*rule.hyper, *(n for w in WRAPPERS for n in w.hyper), *schedules.settings_of_all()]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(rule.hyper)}"
    return f"{rule.name} has no hyperparameter {name!r}: {hint}"


def check(rule, name, value, allowed):
    """Raise `SettingError` unless every element of `value` lies in the range `allowed`."""
    whose = f"{rule}: {name}"
    if isinstance(allowed, Choice):
        if not isinstance(value, str) or value not in allowed:
            text = value if isinstance(value, str) else shown(value)
            raise SettingError(f"{whose} = {text} is unknown; it is {allowed}")
        return
    if isinstance(allowed, Flag) and getattr(value, "dtype", type(value)) in (bool, np.bool_):
        return
    elements = reals(whose, value)
    if elements.ndim > 1:
        raise SettingError(f"{whose} = {shown(value)} is not a number")
    for element in np.atleast_1d(elements):
        if element not in allowed:
            outside = shown(element if elements.ndim else value)
            what = "is" if np.isfinite(element) else "must be a finite number:"
            raise SettingError(f"{whose} = {outside} {what} outside its range {allowed}")


def optimizer(spec, folders=()):
    """Return the `Optimizer` that `spec` describes.

    Parameters
    ----------
    spec : str, Rule or Optimizer
        A name, or a name with settings: ``"adam[beta1=0.8,clip_norm=2]"``.
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
        hint = "; decorate it with @optbench.define.optimizer" if callable(spec) else ""
        raise SettingError(
            f"an optimizer is a name, what `optbench.define.optimizer` returned, or what "
            f"`optbench.optimizer` returned; got {shown(spec)}{hint}"
        )
    name, chosen = parsed(spec)
    return compose(registry.rule(name, folders), chosen)
