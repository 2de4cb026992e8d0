"""Where a hyperparameter is searched: an interval, a scale, and whose range it is.

What a hyperparameter *may* be (`ranges.Range`) says nothing about where good values lie: a rate may
be any positive number. A search range does, and says who chose it. Hyperparameters of one kind
share one: momenta, decay rates of second moments, the eps of a denominator, decay of weights.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.errors import DefinitionError
from optbench.gate import real, shown

Scale: TypeAlias = Literal["log", "log of 1 - v", "linear", "log with 0"]
SCALES: tuple[str, ...] = get_args(Scale)

OF_ITS_KIND = "default of its kind"
ZERO_SHARE = 0.25
"""The share of draws that are 0 on the scale "log with 0": whether to decay at all is a question
by itself, and a quarter of the trials answers it while most are left for how much."""
RATE_FACTOR = 1e3
"""A rate is searched from a thousandth of the rule's default to a thousand times as much."""


@dataclass(frozen=True)
class Search:
    """The interval in which a hyperparameter is searched.

    Parameters
    ----------
    low, high : float
        Smallest and largest value, besides 0 on the scale "log with 0".
    scale : str
        What is uniform: "log" the logarithm of the value v, "log of 1 - v" that of 1 - v, "linear"
        v itself; "log with 0" is 0 in a share `ZERO_SHARE` of all draws and otherwise "log".
    source : str
        Whose range it is.
    """

    low: float
    high: float
    scale: Scale = "log"
    source: str = OF_ITS_KIND

    def at(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the values at the shares `u` of the range, of any shape and in [0, 1).

        They rise with u and lie in [low, high], or are 0 on the scale "log with 0".
        """
        share = np.asarray(u, np.float64)
        if self.scale == "linear":
            values = self.low + (self.high - self.low) * share
        elif self.scale == "log of 1 - v":
            values = 1.0 - (1.0 - self.low) * ((1.0 - self.high) / (1.0 - self.low)) ** share
        elif self.scale == "log with 0":
            rest = np.maximum(share - ZERO_SHARE, 0.0) / (1.0 - ZERO_SHARE)
            values = self.low * (self.high / self.low) ** rest
        else:
            values = self.low * (self.high / self.low) ** share
        values = np.clip(values, self.low, self.high)  # rounding may pass an end
        return np.where(share < ZERO_SHARE, 0.0, values) if self.scale == "log with 0" else values

    def widened(self, factor: float) -> "Search":
        """Return the range `factor` times as wide, by its square root at each end.

        The scale says what grows: values, or 1 - v. A factor below 1 narrows it, by at most a
        quarter of its orders of magnitude at each end, so that a short range keeps half of them. A
        linear range, such as a weight from 0 to 1, has no orders of magnitude, and stays.
        """
        if self.scale == "linear" or factor == 1.0 or self.low == self.high:
            return self
        mirrored = self.scale == "log of 1 - v"
        low, high = (1.0 - self.high, 1.0 - self.low) if mirrored else (self.low, self.high)
        step = max(math.sqrt(factor), (high / low) ** -0.25)
        low, high = low / step, high * step
        if mirrored:  # a mean gives nothing a negative weight
            high = min(high, max(1.0, 1.0 - self.low))
        ends = (1.0 - high, 1.0 - low) if mirrored else (low, high)
        return dataclasses.replace(self, low=ends[0], high=ends[1])

    def __str__(self) -> str:
        zero = "0 or " if self.scale == "log with 0" else ""
        return f"{zero}[{self.low:g}, {self.high:g}]"


MOMENTUM = Search(0.5, 0.999, "log of 1 - v")
SECOND_MOMENT = Search(0.8, 0.9999, "log of 1 - v")
EPS = Search(1e-12, 1e-1, "log")
SMALL_EPS = Search(1e-16, 1e-1, "log", f"{OF_ITS_KIND}, from the rule's default")
DECAY = Search(1e-6, 1e-1, "log with 0")


def decade_around(default: float) -> Search:
    """Return the search range of what is of no kind: a decade either side of its default."""
    return Search(default / 10, default * 10, "log", "a decade either side of the rule's default")


def rate_search(default: float, low: float = 0.0, high: float = math.inf) -> Search | None:
    """Return the search range of a rate, `RATE_FACTOR` around its default but from low to high.

    None if there is no such range, as of a default that is not positive.
    """
    low, high = max(default / RATE_FACTOR, low), min(default * RATE_FACTOR, high)
    return Search(low, high) if 0.0 < low < high < math.inf else None


def plain_search(whose: str, name: str, search: object) -> Search:
    """Return the declared search range of a hyperparameter, with plain numbers.

    Raises
    ------
    DefinitionError
        If it is no `Search`, its scale is unknown, or its ends do not fit the scale.
    """
    if not isinstance(search, Search):
        raise DefinitionError(
            f"{whose} has search={shown(search)} for {name}: write Search(low, high, scale, source)"
        )
    if search.scale not in SCALES:
        raise DefinitionError(
            f"{whose}: the search range of {name} has the scale {shown(search.scale)}; "
            f"it is one of {', '.join(SCALES)}"
        )
    low, high = (
        real(f"{whose}: {end} of the search range of {name}", getattr(search, end), DefinitionError)
        for end in ("low", "high")
    )
    bounds = {"log": (0.0, math.inf), "log with 0": (0.0, math.inf), "log of 1 - v": (-math.inf, 1)}
    least, most = bounds.get(search.scale, (-math.inf, math.inf))
    if not least < low < high < most:
        within = f" within ({least:g}, {most:g})" if search.scale in bounds else ""
        raise DefinitionError(
            f"{whose}: the search range of {name} on the scale {search.scale!r} needs "
            f"low < high{within}; got {low:g} and {high:g}"
        )
    if not isinstance(search.source, str):
        raise DefinitionError(
            f"{whose}: the source of the search range of {name} must be a text; "
            f"got {shown(search.source)}"
        )
    return Search(low, high, search.scale, search.source)
