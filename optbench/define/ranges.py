"""What a hyperparameter may be: a number of an interval, a switch, one of some names."""

import dataclasses
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.define.search_ranges import DECAY, EPS, MOMENTUM, SECOND_MOMENT, Search
from optbench.errors import SettingError


@dataclass(frozen=True)
class Range:
    """A hyperparameter: its default and the interval that is allowed.

    Parameters
    ----------
    default : float
    low, high : float
        Smallest and largest allowed values.
    open_low, open_high : bool
        Whether the end itself is forbidden.
    whole : bool
        Whether only whole numbers mean something: counts, periods.
    search : Search, optional
        Where it is searched; without one it stays at its default.
    """

    default: float
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False
    search: Search | None = None

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        fine = math.isfinite(value) and (not self.whole or value == round(value))
        return bool(fine and above and below)

    def __str__(self) -> str:
        left = "[("[self.open_low or self.low == -math.inf]
        right = "])"[self.open_high or self.high == math.inf]
        whole = "whole numbers in " if self.whole else ""
        return f"{whole}{left}{self.low:g}, {self.high:g}{right}"

    def drawn(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the values at the shares `u` of its search range; see `Search.at`.

        Where only whole numbers mean something they are rounded.

        Raises
        ------
        SettingError
            If it has no search range.
        """
        if self.search is None:
            raise SettingError("a hyperparameter without a search range cannot be drawn")
        values = self.search.at(u)
        return np.rint(values) if self.whole else values

    def widened(self, factor: float) -> "Range":
        """Return it with a search range `factor` times as wide, but within what is allowed.

        An end that is not allowed gives way to the nearest that is, or stays where it was. See
        `Search.widened`.
        """
        if self.search is None:
            return self
        wide = self.search.widened(factor)
        low, high = max(wide.low, self.low), min(wide.high, self.high)
        search = dataclasses.replace(
            wide,
            low=low if low in self else self.search.low,
            high=high if high in self else self.search.high,
        )
        return dataclasses.replace(self, search=search)


@dataclass(frozen=True)
class Flag:
    """A named convention of a rule, on or off, which is compiled in.

    Parameters
    ----------
    on : bool
        The default.
    """

    on: bool = False

    @property
    def default(self) -> float:
        """The default as a number, like a `Range`'s."""
        return float(self.on)

    def __contains__(self, value: float) -> bool:
        return value in (0, 1)

    def __str__(self) -> str:
        return "false or true"


@dataclass(frozen=True)
class Choice:
    """A setting that is one of some names.

    Parameters
    ----------
    default : str
    options : tuple of str
    """

    default: str
    options: tuple[str, ...]

    def __contains__(self, value: str) -> bool:
        return value in self.options

    def __str__(self) -> str:
        return "one of " + ", ".join(self.options)


Allowed: TypeAlias = Range | Flag | Choice
"""What a setting may be."""


def Log(  # noqa: N802 - reads as a type in a declaration
    default: float, low: float = 0.0, high: float = math.inf, search: Search | None = None
) -> Range:
    """Return the range of a positive hyperparameter, such as a rate."""
    return Range(default, low, high, open_low=low == 0.0, search=search)


def Momentum(default: float, search: Search = MOMENTUM) -> Range:  # noqa: N802
    """Return the range of the decay rate of a mean of gradients: at least 0, below 1."""
    return Range(default, 0.0, 1.0, open_high=True, search=search)


def SecondMoment(default: float, search: Search = SECOND_MOMENT) -> Range:  # noqa: N802
    """Return the range of the decay rate of a mean of squared gradients: at least 0, below 1."""
    return Range(default, 0.0, 1.0, open_high=True, search=search)


def Eps(default: float, search: Search = EPS) -> Range:  # noqa: N802
    """Return the range of what is added to a denominator: above 0."""
    return Log(default, search=search)


def Decay(default: float, search: Search = DECAY) -> Range:  # noqa: N802
    """Return the range of a strength of decay, such as that of weights: at least 0."""
    return Range(default, 0.0, search=search)


WELL_KNOWN = {
    "momentum": Momentum,
    "beta1": Momentum,
    "beta2": SecondMoment,
    "eps": Eps,
    "weight_decay": Decay,
}
"""What a name says of a hyperparameter that is declared by a plain number."""


def of_plain_number(name: str, default: float) -> Range:
    """Return the range of a hyperparameter that is declared by its default alone.

    It is without limits. Under one of the `WELL_KNOWN` names it is searched like its kind, unless
    the default is none of its kind: then the name means something else here.
    """
    kind = WELL_KNOWN.get(name)
    like = kind(default) if kind else None
    return Range(default, search=like.search if like and default in like else None)
