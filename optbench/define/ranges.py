"""What a hyperparameter may be: a number of an interval, a switch, one of some names."""

import math
from dataclasses import dataclass
from typing import TypeAlias


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
    """

    default: float
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

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
    default: float, low: float = 0.0, high: float = math.inf
) -> Range:
    """Return the range of a positive hyperparameter that is searched on a log scale."""
    return Range(default, low, high, open_low=low == 0.0)
