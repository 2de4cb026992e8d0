"""An optimizer = a rule + wrappers + settings: names, checks, and the table of step scalars."""

import difflib
import functools
import inspect
import math
import re
from dataclasses import dataclass

import numpy as np

from optbench.declared import Flag, Rule
from optbench.errors import DefinitionError, SettingError, UnknownNameError
from optbench.kernels.layout import Layout
from optbench.rules.registry import optimizers
from optbench.rules.wrappers import WRAPPERS

SWITCHES = {"true": 1.0, "false": 0.0}
"""How flags are written."""


@dataclass(frozen=True, eq=False)
class Optimizer:
    """A rule with its wrappers and settings, ready to be compiled and run.

    Attributes
    ----------
    rule : Rule
    wrappers : tuple of Wrapper
        Applied to each gradient before the rule, in this order.
    values : dict of str to float
        Every hyperparameter but ``lr``, set or default, in the engine's order.
    given : tuple of (str, float)
        What was set, for labels and identities.
    lr : float
        The default learning rate, or the one that was set.
    """

    rule: Rule
    wrappers: tuple
    values: dict
    given: tuple
    lr: float

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
        return {k: v for part in (self.rule, *self.wrappers) for k, v in part.hyper.items()}

    @property
    def parts(self):
        """Wrappers, then the rule: the order of application."""
        return (*self.wrappers, self.rule)

    @property
    def evaluations(self):
        """Gradient evaluations a step."""
        return max(part.evaluations for part in self.parts)

    def wants(self, problem):
        """Say why this optimizer is not run on `problem` (anything with `kind`), or None."""
        if "no_gradient" in problem.tags:
            return f"{problem.name} is piecewise constant: its gradient is 0 wherever it exists"
        if self.rule.stochastic_only and problem.kind == "deterministic":
            return f"{self.name} is mini-batch descent; {problem.name} has no noise"
        if self.rule.full_batch and problem.kind == "stochastic":
            return f"{self.name} needs a full batch; the noise of {problem.name} has none"
        return None

    @property
    def flags(self):
        """The conventions that are compiled in, name to bool."""
        return {k: bool(self.values[k]) for k, v in self.hyper.items() if isinstance(v, Flag)}

    def layout(self):
        """Return where the engine keeps this optimizer's numbers."""
        counts = [uniform_count(part) for part in self.parts]
        return Layout(self.parts, counts, self.flags)

    def with_settings(self, **settings):
        """Return a copy with other settings; the ones given before are kept."""
        return compose(self.rule, {**dict(self.given), **settings})

    def uniform_table(self, steps, first=1):
        """Return what depends on the step alone, float64 ``[steps, 1 + u]``.

        Column 0 multiplies the learning rate (a schedule); the others are the outputs of the
        parts' `uniform` functions, in the order of `parts`.
        """
        columns = [np.ones((steps, 1))]
        values = tuple(self.values.items())
        columns += [_table(part, values, steps, first) for part in self.parts]
        return np.concatenate(columns, axis=1)


def _short(value):
    """Return the shortest text that reads back as `value`."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def uniform_count(part):
    """Return the number of outputs of a part's `uniform`."""
    if "uniform" not in part.functions:
        return 0
    defaults = tuple((name, allowed.default) for name, allowed in part.hyper.items())
    return _table(part, defaults, 1, 1).shape[1]


@functools.lru_cache(maxsize=256)
def _table(part, values, steps, first):
    values = dict(values)
    function = part.functions.get("uniform")
    if function is None:
        return np.empty((steps, 0))
    arguments, carried = [], []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            carried.append(parameter.default)
        elif name != "t" and name not in values:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} takes t, hyperparameters of {part.name} "
                f"and carried values with a default, not {name!r}"
            )
        else:
            arguments.append(name)
    rows = []
    for t in range(1, first + steps):
        inputs = [t if name == "t" else values[name] for name in arguments]
        outputs = function(*inputs, *carried)
        carried = list(outputs[: len(carried)])
        if t >= first:
            rows.append(outputs)
    return np.array(rows, dtype=np.float64)


def compose(rule, settings):
    """Put the wrappers that `settings` name around `rule` and check every value.

    Parameters
    ----------
    rule : Rule
    settings : dict of str to float
        Hyperparameters of the rule, or of wrappers, which it switches on.

    Raises
    ------
    SettingError
        If a name is unknown or a value out of range or not finite.
    """
    wrappers = tuple(w for w in WRAPPERS if any(name in settings for name in w.hyper))
    if rule.evaluations > 1 and any(w.evaluations > 1 for w in wrappers):
        raise SettingError(
            f"{rule.name} takes two gradients a step itself; sam cannot go around it"
        )
    ranges = {k: v for part in (rule, *wrappers) for k, v in part.hyper.items()}
    for name, value in settings.items():
        if name not in ranges:
            known = [*rule.hyper, *(n for w in WRAPPERS for n in w.hyper)]
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(rule.hyper)}"
            raise SettingError(f"{rule.name} has no hyperparameter {name!r}: {hint}")
        check(rule.name, name, value, ranges[name])
        if np.ndim(value):
            raise SettingError(f"{rule.name}: {name} must be one number here, not {value!r}")
    values = {k: float(settings.get(k, r.default)) for k, r in ranges.items() if k != "lr"}
    given = tuple((k, float(settings[k])) for k in ranges if k in settings)
    lr = float(settings.get("lr", ranges["lr"].default if "lr" in ranges else 1.0))
    return Optimizer(rule, wrappers, values, given, lr)


def check(rule, name, value, allowed):
    """Raise `SettingError` unless every element of `value` lies in the Range `allowed`."""
    try:
        elements = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        elements = np.array([math.nan])
    if elements.ndim > 1 or elements.size != np.size(value):
        raise SettingError(f"{rule}: {name} = {value!r} is not a number")
    for element in elements.flat:
        if element not in allowed:
            raise SettingError(f"{rule}: {name} = {value} is outside its range {allowed}")


def optimizer(spec):
    """Return the `Optimizer` that `spec` describes.

    Parameters
    ----------
    spec : str, Rule or Optimizer
        A name, or a name with settings: ``"adam[beta1=0.8,clip_norm=2]"``.

    Raises
    ------
    UnknownNameError, SettingError
    """
    if isinstance(spec, Optimizer):
        return spec
    if isinstance(spec, Rule):
        return compose(spec, {})
    if not isinstance(spec, str):
        raise SettingError(
            f"an optimizer is a name, what `optbench.define.optimizer` returned, or what "
            f"`optbench.optimizer` returned; got {spec!r}"
        )
    match = re.fullmatch(r"\s*([A-Za-z0-9_]+)\s*(?:\[(.*)\])?\s*", spec)
    name, inside = match.groups() if match else (spec, None)
    if name not in optimizers():
        raise UnknownNameError("optimizer", name, list(optimizers()))
    settings = {}
    for item in filter(None, (part.strip() for part in (inside or "").split(","))):
        key, equals, value = item.partition("=")
        try:
            settings[key.strip()] = float(SWITCHES.get(value.strip().lower(), value))
        except ValueError:
            raise SettingError(
                f"{spec}: expected name=number between the brackets, found {item!r}"
            ) from None
    return compose(optimizers()[name], settings)
