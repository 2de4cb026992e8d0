"""The root of an increasing or decreasing function, without the import of scipy.optimize."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

MOST = 200
"""Values of the function; a dozen or two are usual."""
ROUNDING = 4 * sys.float_info.epsilon
"""Width of an interval, in units of where it is, that cannot be halved usefully."""


def root(
    function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-12
) -> float:
    """Return where a continuous function crosses 0 between two places of different signs.

    The Illinois method: the line through both ends says where to look next, and the height of an
    end that was kept twice counts half (Dowell and Jarratt 1971, BIT 11). Whatever the function,
    every third place is the middle of the interval.

    Parameters
    ----------
    function : callable
    low, high : float
    tolerance : float
        Width of the interval at which its end is returned.

    Raises
    ------
    ValueError
        If both ends have the same sign, or one is NaN.
    """
    at_low, at_high = function(low), function(high)
    if not at_low * at_high <= 0.0:
        raise ValueError(
            f"no root between {low} and {high}: the function is {at_low} and {at_high} there, "
            "expected different signs"
        )
    for count in range(MOST):
        if not at_low or not at_high or abs(high - low) <= max(tolerance, ROUNDING * abs(high)):
            break
        middle = low + (high - low) / 2
        place = middle if count % 3 == 2 else high - at_high * (high - low) / (at_high - at_low)
        value = function(place)
        if math.copysign(1.0, value) == math.copysign(1.0, at_high):
            at_low /= 2
        else:
            low, at_low = high, at_high
        high, at_high = place, value
    return low if at_low == 0.0 else high
