"""Leave one family out: whether an order hangs on a few problems that are alike.

A figure over problems weighs a family by how many members of it somebody wrote down. If the order
of two optimizers changes when one family is left out, the figure says something about that family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from optbench.report.merit.arrays import Bools, Floats


class Swap(NamedTuple):
    """Two optimizers whose order changes without a family.

    Attributes
    ----------
    family : str
    first, second : int
        Positions: with all problems the first is before the second, without the family after it.
    """

    family: str
    first: int
    second: int


def swaps(figure: Callable[[Bools], Floats], families: Sequence[str]) -> list[Swap]:
    """Return which orders change when one family is left out; ties are no order.

    Parameters
    ----------
    figure : callable
        Which problems take part [choices, problems] -> the figure of each optimizer by each choice
        [choices, optimizers], more is better.
    families : sequence of str
        The family of each problem.

    Raises
    ------
    ValueError
        If there are fewer than two families: nothing would be left.
    """
    of = np.asarray(families)
    names = list(dict.fromkeys(families))
    if len(names) < 2:
        raise ValueError(f"families {names}: expected two at least, of which one can be left out")
    without = np.array(names)[:, None] != of
    everything, *others = figure(np.concatenate([np.ones((1, len(of)), bool), without]))
    before = everything[:, None] > everything[None, :]
    return [
        Swap(name, int(first), int(second))
        for name, other in zip(names, others, strict=True)
        for first, second in np.argwhere(before & (other[:, None] < other[None, :]))
    ]
