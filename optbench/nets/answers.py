"""The answers of a file's examples: the names of classes, or the numbers of a regression.

Messages call them targets, as users do. Whole numbers can be either, so the loss decides: a
classification numbers them 0, 1, ... in ascending order and keeps what they were called; a
regression takes them as they are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError
from optbench.gate import shown

WORDS: Literal["words"] = "words"
LABELS: Literal["labels"] = "labels"
WHOLE: Literal["whole"] = "whole"
NUMBERS: Literal["numbers"] = "numbers"

Kind: TypeAlias = Literal["words", "labels", "whole", "numbers"]
"""Kinds of answers: words; numbers that can only be labels, or are either, or only a regression's
unless the task is a classification."""

Task: TypeAlias = Literal["classes", "numbers", "steps"]
"""What a net is to learn: classes, the numbers of a regression, or a class at every step."""

ClassNames: TypeAlias = "tuple[int | str, ...]"
"""What a file calls the classes 0, 1, ...; empty for a regression."""

FEW = 20
"""Up to so many different whole numbers in a text file are as likely labels as numbers."""

_EXACT = 2.0**53  # beyond it not every whole number is a float64


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of a file as they were read.

    Attributes
    ----------
    values : tuple of str, or array [n] or [n, m] of numbers
    kind : Kind
    lines : tuple of int
        Where they are in a text file; empty for arrays.
    """

    values: tuple[str, ...] | NDArray[Any]
    kind: Kind
    lines: tuple[int, ...] = ()

    @property
    def numbers(self) -> NDArray[Any]:
        """The values [n] or [n, m], where they are no words."""
        return np.asarray(self.values)

    def place(self, i: int) -> str:
        """Return where answer `i` is, for a message."""
        return f"line {self.lines[i]}" if self.lines else f"example {i + 1}"


def consecutive(distinct: NDArray[Any]) -> bool:
    """Return whether sorted numbers are 0, 1, ..., at least two of them."""
    return len(distinct) > 1 and np.array_equal(distinct, np.arange(len(distinct)))


def resolve(path: Path, answers: Answers, task: Task | None) -> tuple[NDArray[Any], ClassNames]:
    """Return answers as labels or as numbers.

    Parameters
    ----------
    path : Path
        For messages.
    answers : Answers
    task : {"classes", "numbers", "steps", None}
        Words are classes in any task; matrices are numbers, but for "steps" labels. None: labels
        are classes; whole numbers are if they are exactly 0 .. classes - 1, and others are refused,
        since nothing says what they are.

    Returns
    -------
    y : int64 [n] or [n, steps], or float64 [n, m]
    names : tuple of str or int
        What the file calls the classes 0, 1, ...; empty for a regression.

    Raises
    ------
    SettingError
        If the answers do not fit the task, or there is nothing to learn from them.
    """
    if answers.kind == WORDS:
        return _labels(path, answers)
    undeclared = task is None and answers.kind == NUMBERS
    if task == "steps":
        return _labels(path, answers)
    if answers.numbers.ndim == 2 or task == "numbers" or undeclared:
        return _numbers(path, answers.numbers), ()
    if task is None and answers.kind == WHOLE:
        distinct = np.unique(answers.numbers)
        if len(distinct) > 1 and not consecutive(distinct):
            labels = ", ".join(str(int(value)) for value in distinct[:8])
            raise SettingError(
                f"{path}: class labels are {labels}{', ...' * (len(distinct) > 8)}; expected each "
                "of 0, 1, ..., classes - 1; renumber them, or if they are the targets of a "
                "regression store them as floats in an NPZ file"
            )
    return _labels(path, answers)


def _numbers(path: Path, values: NDArray[Any]) -> NDArray[np.float64]:
    y = values.astype(np.float64).reshape(len(values), -1)
    if (y == y[0]).all():
        raise SettingError(
            f"{path}: all targets are {shown(y[0, 0])}; expected at least two different ones, "
            "there is nothing to learn"
        )
    return y


def _labels(path: Path, answers: Answers) -> tuple[NDArray[np.int64], ClassNames]:
    names: ClassNames
    if answers.kind == WORDS:
        names = tuple(sorted(set(answers.values)))
        number = {name: i for i, name in enumerate(names)}
        y = np.array([number[word] for word in answers.values], dtype=np.int64)
    else:
        _check_whole(path, answers)
        distinct, places = np.unique(answers.numbers, return_inverse=True)
        names = tuple(int(value) for value in distinct)
        y = places.astype(np.int64).reshape(answers.numbers.shape)
    if len(names) < 2:
        raise SettingError(
            f"{path}: all examples are of class {shown(names[0])}; expected at least two classes, "
            "there is nothing to learn"
        )
    if len(names) == y.size:
        raise SettingError(
            f"{path}: every example has a class of its own ({shown(names[0])}, {shown(names[1])}, "
            "...); expected classes of several examples, or for a regression numbers and the "
            "loss mse; is the target in the last column?"
        )
    return y, names


def _check_whole(path: Path, answers: Answers) -> None:
    values = answers.numbers
    if values.dtype.kind != "f":
        return
    bad = np.argwhere((values != np.rint(values)) | (np.abs(values) > _EXACT))
    if len(bad):
        first = tuple(bad[0])
        raise SettingError(
            f"{path}, {answers.place(int(first[0]))}: the target {shown(values[first])} is no "
            "class label; expected words or whole numbers; if this is a regression, take the loss "
            "mse and one output"
        )
