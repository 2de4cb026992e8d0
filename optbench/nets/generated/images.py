"""The 8 x 8 images of digits, changed: their pixels permuted, shifted, or most classes rare.

What is drawn here is drawn once: as with the digits themselves, the test part is the same in every
instance.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from optbench.nets import bundled
from optbench.nets.generated.drawing import Examples, stream

SIDE, CANVAS = 8, 12
"""Height and width of the digits, and of the images of `shifted_digits`."""

IMBALANCE = 10.0
"""How many times as many zeros as nines `long_tailed_digits` has besides the test part."""

IMBALANCES = (40,)
"""The same of ``long_tailed_digits_N``."""

TESTED = 30
"""Images of each digit in the test part of `long_tailed_digits`."""


def permuted_digits() -> Examples:
    """The digits with their 64 pixels in one order that was drawn at random, the same for all.

    Nothing changes for a dense net; nets that read rows, patches or steps lose what lies close
    together (permuted MNIST: Le, Jaitly and Hinton 2015, A simple way to initialize recurrent
    networks of rectified linear units, sec. 4.2).
    """
    X, y = bundled.load("digits")
    return X[:, stream("permuted digits").permutation(SIDE * SIDE)], y


def shifted_digits() -> Examples:
    """The digits somewhere in images of 12 x 12 pixels, which are 0 elsewhere.

    All 25 places are as likely, and a digit keeps its own. What a net knows of a digit at one
    place helps at the others if its filters are shared (LeCun et al. 1998, Gradient-based learning
    applied to document recognition, sec. II.A).
    """
    X, y = bundled.load("digits")
    images = np.zeros((len(X), CANVAS, CANVAS))
    places = stream("shifted digits").integers(0, CANVAS - SIDE + 1, (len(X), 2))
    for image, digit, (top, left) in zip(images, X, places, strict=True):
        image[top : top + SIDE, left : left + SIDE] = digit.reshape(SIDE, SIDE)
    return images.reshape(len(X), -1), y


def long_tailed_digits(imbalance: float = IMBALANCE) -> Examples:
    """Digits whose frequencies fall by the same factor from each to the next, `imbalance` in all.

    The last 300 examples, 30 of each digit, are the test part, so that rare digits count there as
    much as others (long-tailed CIFAR: Cui et al. 2019, Class-balanced loss based on effective
    number of samples, sec. 5.1).
    """
    X, y = bundled.load("digits")
    rng = stream("long-tailed digits")
    members = [rng.permutation(np.flatnonzero(y == digit)) for digit in range(10)]
    most = min(len(rows) for rows in members) - TESTED
    counts = [round(most * imbalance ** (-digit / 9.0)) for digit in range(10)]
    kept = [rows[TESTED : TESTED + n] for rows, n in zip(members, counts, strict=True)]
    rows = np.concatenate([*kept, *(rows[:TESTED] for rows in members)])
    return X[rows], y[rows]


DERIVED: dict[str, Callable[[], Examples]] = {
    "long_tailed_digits": long_tailed_digits,
    **{
        f"long_tailed_digits_{ratio}": partial(long_tailed_digits, float(ratio))
        for ratio in IMBALANCES
    },
    "permuted_digits": permuted_digits,
    "shifted_digits": shifted_digits,
}
"""Name -> function that returns X [n, pixels] and labels [n]."""

HELD_OUT = {name: 10 * TESTED for name in DERIVED if name.startswith("long_tailed_digits")}
"""Name -> how many of the last rows are the test part, where it is not drawn."""
