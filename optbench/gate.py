"""One gate for the numbers that users give: plain Python numbers pass, all else is refused.

Instances, seeds, dimensions, counts and hyperparameters enter keys, hashes, caches and compiled
code. ``3``, ``3.0``, ``np.int64(3)`` and ``np.float32(3)`` name the same thing and must be the same
thing there, so each passes through `whole` or `real` once, where it enters; ``"3"``, ``True``,
``2.7``, NaN and None are refused with the name, the value and what was expected. `wholes` and
`reals` are the same for arrays, `precision` for dtypes.
"""

import contextlib
import math
import numbers
from collections.abc import Iterable
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench.errors import SettingError

LARGEST = 2**63 - 1
"""Whole numbers are 64-bit integers in compiled code and in SQLite."""
PRECISIONS = ("float64", "float32")


def whole(
    name: str,
    value: object,
    low: float = 0,
    high: float = LARGEST,
    error: type[Exception] = SettingError,
) -> int:
    """Return a whole number as an int.

    Parameters
    ----------
    name : str
        What the number is, for the message.
    value : int, float or NumPy scalar
        Floats pass if they are whole.
    low, high : int or infinite
        The smallest and the largest value that pass.
    error : exception class
        What is raised.

    Raises
    ------
    SettingError
        Or `error`, if it is no number, not whole, or out of range.
    """
    number = _number(value)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        raise error(f"{name} = {shown(value)} must be {_range(low, high)}")
    if number > high >= LARGEST:
        raise error(f"{name} = {shown(value)} is too large: at most {high}")
    if not low <= number <= high:
        raise error(f"{name} = {shown(value)} is out of range: {_range(low, high)}")
    return int(number)


def wholes(
    name: str,
    values: object,
    low: float = 0,
    high: float = LARGEST,
    error: type[Exception] = SettingError,
) -> NDArray[np.int64]:
    """Return whole numbers [n] as an int64 array; see `whole`."""
    if isinstance(values, (np.ndarray, range)):
        array = np.asarray(values)
        if array.ndim == 1 and array.dtype.kind in "iu":
            if array.size:
                whole(name, array.min(), low, high, error)
                whole(name, array.max(), low, high, error)
            return array.astype(np.int64)
    try:
        elements = list(cast("Iterable[object]", values))
    except TypeError:
        raise error(f"{name} = {shown(values)} must be a sequence of whole numbers") from None
    return np.array([whole(name, element, low, high, error) for element in elements], np.int64)


def real(
    name: str, value: object, error: type[Exception] = SettingError, finite: bool = True
) -> float:
    """Return a number as a float; see `whole`. With ``finite=False`` NaN and inf pass."""
    number = _number(value)
    if number is None:
        raise error(f"{name} = {shown(value)} must be a number")
    number = _float(number)
    if finite and not math.isfinite(number):
        raise error(f"{name} = {shown(value)} must be a finite number")
    return number + 0.0  # -0.0 would be written in another way than 0.0


def reals(name: str, value: object, error: type[Exception] = SettingError) -> NDArray[np.float64]:
    """Return numbers, in rows of equal length, as a float64 array; NaN and inf pass."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise error(f"{name} has rows of different lengths") from None
    if array.dtype.kind in "iuf":
        return np.asarray(array, np.float64)
    if array.dtype.kind != "O":
        raise error(f"{name} = {shown(value)} must be {'numbers' if array.ndim else 'a number'}")
    flat = [real(name, element, error, finite=False) for element in array.flat]
    return np.array(flat, np.float64).reshape(array.shape)


def precision(value: object, error: type[Exception] = SettingError) -> str:
    """Return the name of a dtype: ``np.float32``, ``np.dtype("float32")`` are ``"float32"``."""
    name = value
    if isinstance(value, (type, np.dtype)):
        with contextlib.suppress(TypeError):
            name = np.dtype(value).name
    if not isinstance(name, str) or name not in PRECISIONS:
        raise error(f"dtype {shown(value)} is unknown; use 'float64' or 'float32'")
    return str(name)


def check_fits(
    name: str, values: ArrayLike, dtype: DTypeLike, error: type[Exception] = SettingError
) -> None:
    """Raise `error` if a dtype turns one of `values` (floats) into inf, or a rate into 0."""
    exact = np.atleast_1d(values)
    with np.errstate(over="ignore", under="ignore"):
        rounded = exact.astype(dtype)
    lost = np.isfinite(exact) & ~np.isfinite(rounded)
    if name.endswith("lr"):
        lost |= (exact != 0) & (rounded == 0)
    for value, image in zip(exact[lost], rounded[lost], strict=True):
        raise error(f"{name} = {shown(value)} is {shown(image)} in {dtype}; use float64")


def shown(value: object) -> str:
    """Write a value for a message, shortened, in a line; NumPy's scalars as plain numbers."""
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
    except ValueError:  # Python writes no integers of more than 4300 digits
        text = f"a {type(value).__name__} of numbers too long to be written"
        if isinstance(value, int):
            text = f"{'-' if value < 0 else ''}2**{value.bit_length() - 1} or more in size"
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _number(value: object) -> int | float | None:
    """Return a scalar as int or float, None if it is something else; booleans are no numbers."""
    if type(value) is float or type(value) is int:  # nearly all are, and the rest takes longer
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _float(cast("float", value))
    return None


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _range(low: float, high: float) -> str:
    if low == -math.inf:
        return "a whole number"
    if high >= LARGEST:
        return f"a whole number of at least {low}"
    return f"a whole number from {low} to {high}"
