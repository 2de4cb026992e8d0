"""What the targets of a file are: the names of classes, or the numbers of a regression.

Whole numbers can be either, so the loss decides: a classification numbers them 0, 1, ... in
ascending order and keeps what they were called; a regression takes them as they are.
"""

from dataclasses import dataclass

import numpy as np

from optbench.errors import SettingError
from optbench.gate import shown

WORDS, LABELS, WHOLE, NUMBERS = "words", "labels", "whole", "numbers"
"""Kinds of targets: words; numbers that can only be labels, or are either, or only a regression's
unless a classification asks for them."""

FEW = 20
"""Up to so many different whole numbers in a text file are as likely labels as numbers."""

_EXACT = 2.0**53  # beyond it not every whole number is a float64


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a file as they were read.

    Attributes
    ----------
    values : tuple of str, or array [n] or [n, m] of numbers
    kind : str
        See the top of this file.
    lines : tuple of int
        Where they are in a text file; empty for arrays.
    """

    values: tuple[str, ...] | np.ndarray
    kind: str
    lines: tuple[int, ...] = ()

    def place(self, i: int) -> str:
        """Say where target `i` is."""
        return f"line {self.lines[i]}" if self.lines else f"example {i + 1}"


def consecutive(distinct: np.ndarray) -> bool:
    """Return whether sorted numbers are 0, 1, ..., at least two of them."""
    return len(distinct) > 1 and np.array_equal(distinct, np.arange(len(distinct)))


def resolved(path, targets: Targets, wanted: str | None) -> tuple[np.ndarray, tuple]:
    """Return targets as labels or as numbers.

    Parameters
    ----------
    path : Path
        For messages.
    targets : Targets
    wanted : {"classes", "numbers", None}
        What the loss asks for. Words are classes and matrices are numbers whatever is asked. None:
        labels are classes; whole numbers are if they are exactly 0 .. classes - 1, and others are
        refused, since nothing says what they are.

    Returns
    -------
    y : int64 [n], or float64 [n, m]
    names : tuple of str or int
        What the file calls the classes 0, 1, ...; empty for a regression.

    Raises
    ------
    SettingError
    """
    if targets.kind == WORDS:
        return _labels(path, targets)
    undeclared = wanted is None and targets.kind == NUMBERS
    if targets.values.ndim == 2 or wanted == "numbers" or undeclared:
        return _numbers(path, targets.values), ()
    if wanted is None and targets.kind == WHOLE:
        distinct = np.unique(targets.values)
        if len(distinct) > 1 and not consecutive(distinct):
            labels = ", ".join(str(int(value)) for value in distinct[:8])
            raise SettingError(
                f"{path}: class labels are {labels}{', ...' * (len(distinct) > 8)}; expected each "
                "of 0, 1, ..., classes - 1; renumber them, or if they are the targets of a "
                "regression store them as floats in an NPZ file"
            )
    return _labels(path, targets)


def _numbers(path, values):
    y = values.astype(np.float64).reshape(len(values), -1)
    if (y == y[0]).all():
        raise SettingError(
            f"{path}: all targets are {shown(y[0, 0])}; expected at least two different ones, "
            "there is nothing to learn"
        )
    return y


def _labels(path, targets):
    values = targets.values
    if targets.kind == WORDS:
        names = sorted(set(values))
        number = {name: i for i, name in enumerate(names)}
        y = np.array([number[value] for value in values], dtype=np.int64)
    else:
        _check_whole(path, targets)
        distinct, y = np.unique(values, return_inverse=True)
        names, y = [int(value) for value in distinct], y.astype(np.int64).reshape(len(values))
    if len(names) < 2:
        raise SettingError(
            f"{path}: all examples are of class {shown(names[0])}; expected at least two classes, "
            "there is nothing to learn"
        )
    if len(names) == len(y):
        raise SettingError(
            f"{path}: every example has a class of its own ({shown(names[0])}, {shown(names[1])}, "
            "...); expected classes of several examples, or for a regression numbers and the "
            "loss mse; is the target in the last column?"
        )
    return y, tuple(names)


def _check_whole(path, targets):
    values = targets.values
    if values.dtype.kind != "f":
        return
    bad = np.flatnonzero((values != np.rint(values)) | (np.abs(values) > _EXACT))
    if len(bad):
        raise SettingError(
            f"{path}, {targets.place(bad[0])}: the target {shown(values[bad[0]])} is no class "
            "label; expected words or whole numbers; if this is a regression, take the loss mse "
            "and one output"
        )
