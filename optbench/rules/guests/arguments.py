"""What a guest's signature says of its hyperparameters, and settings back as its arguments.

Numbers and switches with a default are hyperparameters under their own names; `learning_rate` is
called lr. A tuple of numbers is several: `betas` are beta1 and beta2. One that is None by default
is left alone unless it is set. All else (masks, functions, dtypes) stays at its default.
"""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from optbench.define.ranges import Flag, Range
from optbench.define.search_ranges import Scale, Search, rate_search
from optbench.errors import SettingError
from optbench.rules.guests.finding import Library

RATE = "lr"
RATES = {"torch": "lr", "optax": "learning_rate"}
RATE_WITHOUT_DEFAULT = 1e-3
"""Of factories that have no default rate, as those of optax: the most common one."""
UNSET = math.nan
"""The value of a setting that is left as the guest has it: None, or no default at all."""
RANGE = re.compile(r"([^:]+):([^:]+)")
SWITCHES = (bool, "bool", bool | None, Optional[bool], "bool | None", "Optional[bool]")  # noqa: UP045
"""Annotations of what is true or false where the default does not say so."""
MEANS = re.compile(r"(beta|b)\d?|momentum|rho|alpha")
"""Names of decay rates of means, which are searched on the scale of 1 - v."""


@dataclass(frozen=True)
class Argument:
    """One argument of a guest, as hyperparameters.

    Attributes
    ----------
    name : str
        The guest's name of it.
    settings : tuple of str
        Our names: one, or one for each number of a tuple.
    defaults : tuple of float or bool
        `UNSET` where there is none.
    whole : bool
        Whether a default is written as a whole number, so that whole values are passed as such.
    several : bool
        Whether it is a tuple.
    switch : bool
        Whether it is true or false.
    required : bool
        Whether it has no default.
    """

    name: str
    settings: tuple[str, ...]
    defaults: tuple[float | bool, ...]
    whole: bool = False
    several: bool = False
    switch: bool = False
    required: bool = False

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return the argument's value, None where it is left as it is; values may be arrays."""
        own = tuple(self._plain(values.get(setting, UNSET)) for setting in self.settings)
        if all(value is None for value in own):
            return None
        return own if self.several else own[0]

    def _plain(self, value: Any) -> Any:
        if not isinstance(value, (int, float)):  # of a tracer nothing is known
            return value
        if math.isnan(value):
            return None
        if self.switch:
            return bool(value)
        return int(value) if self.whole and float(value).is_integer() else float(value)


def arguments_of(whose: str, target: Callable[..., Any], library: Library) -> tuple[Argument, ...]:
    """Return the arguments of a class or a factory that are hyperparameters, the rate first.

    Raises
    ------
    SettingError
        If it takes no rate, or no parameters (torch).
    """
    parameters, rate = _parameters(whose, target, library), RATES[library]
    if rate not in parameters:
        raise SettingError(
            f"{whose}: takes no {rate}, which studies tune; it takes "
            f"{', '.join(parameters) or 'nothing'}. Write a subclass or function that takes {rate}"
        )
    own = [_argument(parameter, rate) for parameter in parameters.values()]
    arguments = [argument for argument in own if argument is not None]
    return tuple(sorted(arguments, key=lambda argument: argument.name != rate))


def _parameters(
    whose: str, target: Callable[..., Any], library: Library
) -> dict[str, inspect.Parameter]:
    """Return what a target takes beside the parameters that it optimizes, by name."""
    try:
        parameters = dict(inspect.signature(target).parameters)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{whose}: its arguments cannot be read: {error}") from error
    if library == "torch":
        first = next(iter(parameters), None)
        if first is None:
            raise SettingError(f"{whose}: takes no parameters to optimize; expected `params` first")
        del parameters[first]
    return parameters


def by_place(whose: str, target: Callable[..., Any], library: Library) -> dict[str, Any]:
    """Return the defaults of arguments that have a place and no name, in their order."""
    return {
        name: parameter.default
        for name, parameter in _parameters(whose, target, library).items()
        if parameter.kind is parameter.POSITIONAL_ONLY
    }


def _argument(parameter: inspect.Parameter, rate: str) -> Argument | None:
    """Return a parameter as hyperparameters, None if it is nothing that brackets can write."""
    name, default = parameter.name, parameter.default
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    if name == rate:
        plain = isinstance(default, (int, float)) and not isinstance(default, bool)
        return Argument(name, (RATE,), (float(default) if plain else RATE_WITHOUT_DEFAULT,))
    if default is parameter.empty or default is None:
        required, switch = default is parameter.empty, parameter.annotation in SWITCHES
        return Argument(name, (name,), (UNSET,), switch=switch, required=required)
    if isinstance(default, bool):
        return Argument(name, (name,), (default,), switch=True)
    if isinstance(default, (int, float)):
        return Argument(name, (name,), (float(default),), whole=isinstance(default, int))
    numbers = isinstance(default, tuple) and all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
        for value in default
    )
    if numbers and default:
        each = name.removesuffix("s") if name != "eps" else name
        names = tuple(f"{each}{i}" for i in range(1, len(default) + 1))
        values = tuple(UNSET if value is None else float(value) for value in default)
        return Argument(name, names, values, several=True)
    return None


def ranges_of(arguments: tuple[Argument, ...]) -> dict[str, Range | Flag]:
    """Return what settings may be: what a guest forbids it says itself, when it is made."""
    ranges: dict[str, Range | Flag] = {}
    for argument in arguments:
        for setting, default in zip(argument.settings, argument.defaults, strict=True):
            if setting == RATE:
                ranges[RATE] = Range(default, 0.0, open_low=True, search=rate_search(default))
            elif isinstance(default, bool):
                ranges[setting] = Flag(default)
            else:
                ranges[setting] = Range(default)
    return ranges


def search_in(whose: str, name: str, text: str) -> Search:
    """Return where ``name=low:high`` has a setting searched, on the scale of its kind.

    Raises
    ------
    SettingError
        If that are no two numbers, the smaller first, or it is the rate.
    """
    written = RANGE.fullmatch(text)
    try:
        low, high = map(float, written.groups()) if written else (UNSET, UNSET)
    except ValueError:
        low = high = UNSET
    if not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise SettingError(
            f"{whose}: {name} = {text!r} must be a number, or LOW:HIGH to have it searched"
        )
    if name == RATE:
        raise SettingError(
            f"{whose}: lr = {text}: rates are the study's for all its optimizers; give --lr LO:HI:N"
        )
    scale: Scale = "linear"
    if MEANS.fullmatch(name) and low >= 0.0 and high < 1.0:
        scale = "log of 1 - v"
    elif low > 0.0:
        scale = "log"
    return Search(low, high, scale, "set by hand")
