"""One gate for the numbers that users give: what passes is a plain Python number, the rest is told.

Instances, seeds, dimensions, counts and hyperparameters enter keys, hashes, caches and compiled
code. ``3``, ``3.0``, ``np.int64(3)`` and ``np.float32(3)`` name the same thing and must be the same
thing there, so each passes through `whole` or `real` once, where it enters; ``"3"``, ``True``,
``2.7``, NaN and None are refused with the name, the value and what was expected.
"""

import math
import numbers

import numpy as np

from optbench.errors import SettingError

LARGEST = 2**63 - 1
"""Whole numbers are 64-bit integers in compiled code and in SQLite."""


def whole(name, value, low=0, high=LARGEST, error=SettingError):
    """Return a whole number as an int.

    Parameters
    ----------
    name : str
        What the number is, for the message.
    value : int, float or NumPy scalar
        Floats pass if they are whole.
    low, high : int
        The smallest and the largest value that pass.
    error : exception class
        What is raised.

    Raises
    ------
    SettingError
        Or `error`, if it is no number, not whole, or out of range.
    """
    number = _number(value)
    if number is None or not math.isfinite(number) or number != int(number):
        raise error(f"{name} = {shown(value)} must be {_range('a whole number', low, high)}")
    if not low <= number <= high:
        raise error(
            f"{name} = {shown(value)} is out of range: {_range('a whole number', low, high)}"
        )
    return int(number)


def real(name, value, error=SettingError, finite=True):
    """Return a number as a float; see `whole`. With ``finite=False`` NaN and inf pass."""
    number = _number(value)
    if number is None:
        raise error(f"{name} = {shown(value)} must be a number")
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    if finite and not math.isfinite(number):
        raise error(f"{name} = {shown(value)} must be a finite number")
    return number


def shown(value):
    """Write a value for a message, shortened; NumPy's scalars as plain numbers."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def _number(value):
    """Return a scalar as int or float, None if it is something else; booleans are no numbers."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    return None


def _range(what, low, high):
    if high == LARGEST:
        return f"{what} of at least {low}"
    return f"{what} from {low} to {high}"
