"""What the figures are computed from, and the one check that each of them begins with."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def positive(name: str, values: ArrayLike, axes: str) -> Floats:
    """Return costs as an array.

    Parameters
    ----------
    name : str
        What the numbers are, for the message.
    values : array_like
        Greater than 0; +inf where a problem was not solved, NaN where it was not run: that is no
        failure, and counts for nothing.
    axes : str
        What the axes are, one word each: ``"problems optimizers"``.

    Raises
    ------
    ValueError
        If the axes are others, one of them is empty, or a number is not greater than 0.
    """
    array = np.asarray(values, np.float64)
    words = axes.split()
    if array.ndim != len(words) or 0 in array.shape:
        shape = ", ".join(f"{word} >= 1" for word in words)
        raise ValueError(f"{name}: shape {array.shape}, expected [{shape}]")
    wrong = np.argwhere(array <= 0)
    if len(wrong):
        at = ", ".join(f"{word[:-1]} {i}" for word, i in zip(words, wrong[0], strict=True))
        raise ValueError(
            f"{name}: {array[tuple(wrong[0])]:g} at {at}, expected numbers greater than 0, "
            "inf where a problem was not solved, NaN where it was not run"
        )
    return array


def lane_pair(cost: ArrayLike, reached: ArrayLike) -> tuple[Floats, Bools]:
    """Return costs and whether lanes reached their target, both [..., lanes].

    Raises
    ------
    ValueError
        If the shapes differ, there is no lane, or a cost is not a finite number greater than 0.
    """
    spent, success = np.asarray(cost, np.float64), np.asarray(reached, bool)
    if spent.shape != success.shape or spent.ndim == 0 or spent.shape[-1] == 0:
        raise ValueError(
            f"costs {spent.shape} and reached {success.shape}: expected the same [..., lanes], "
            "with one lane at least"
        )
    if not (np.isfinite(spent) & (spent > 0)).all():
        wrong = spent[~(np.isfinite(spent) & (spent > 0))][0]
        raise ValueError(
            f"costs: {wrong:g}, expected finite numbers greater than 0: of a lane that did not "
            "reach its target, what it spent"
        )
    return spent, success
