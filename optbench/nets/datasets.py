"""Data sets by name or path: bundled with scikit-learn, generated, or the user's own files."""

import functools
import os
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError, meant
from optbench.gate import shown
from optbench.nets import bundled, data_files, generated, text
from optbench.nets.answers import ClassNames, Task, resolve
from optbench.nets.generated import images

AUTOENCODER = "digits_autoencoder"
"""The digits whose answers are the features themselves, both scaled."""

CHARACTERS = "characters"
"""Runs of characters of some sonnets, and at every step the character that follows."""

NAMES = tuple(
    sorted(
        (
            *bundled.NAMES,
            AUTOENCODER,
            CHARACTERS,
            *generated.DRAWN,
            *generated.COMPLETE,
            *images.DERIVED,
        )
    )
)  # fmt: skip
"""Names that `load` knows besides paths."""


DataName: TypeAlias = str | os.PathLike[str]
"""The name of a data set, or the path of a file."""


class Dataset(NamedTuple):
    """Read-only features and answers.

    Attributes
    ----------
    X : float64 [n, k]
    y : int64 [n] or [n, time], float64 [n] or [n, m]
        Labels in 0 .. classes - 1, one an example or one at every step of a sequence; or the
        numbers of a regression, [n] if there is one output.
    classes : int
        0 for a regression.
    scaling : str
        What suits the features; see `optbench.nets.scaling`.
    held_out : int
        How many of the last rows are published as the test part; 0 if it is drawn.
    scaled_answers : bool
        Whether the answers of a regression are brought to mean 0 and standard deviation 1.
    labels : tuple of str or int
        What a file calls the classes 0, 1, ...; empty for other data and for a regression.
    drawn : bool
        Whether every instance has data of its own, drawn from one law.
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    classes: int
    scaling: str = "standard"
    held_out: int = 0
    scaled_answers: bool = False
    labels: ClassNames = ()
    drawn: bool = False


def load(name: DataName, task: Task | None = None, instance: int = 0) -> Dataset:
    """Return a data set as a `Dataset`.

    Parameters
    ----------
    name : str or path
        One of `NAMES`; or the path of a ``.csv``, ``.tsv`` or ``.npz`` file, or of IDX files (see
        `optbench.nets.data_files`), from the working directory if it is relative.
    task : {"classes", "numbers", "steps", None}
        What whole numbers in the last column of a file are; see `optbench.nets.answers.resolve`.
    instance : int
        Which draw of generated data; other data are the same in every instance.

    Raises
    ------
    SettingError
        If the name is unknown or a file is malformed; the message says where, what was expected
        and what to do.
    """
    name = data_files.as_text(name)
    if name in generated.DRAWN:
        return _drawn(name, instance)
    if name in NAMES:
        return _named(name)
    return _read(name, stamp(name), task)


def stamp(name: DataName) -> data_files.Stamp | None:
    """Return what changes when a file of data does; None for names.

    Raises
    ------
    SettingError
        If the name is unknown, or there is no such file.
    """
    name = data_files.as_text(name)
    if name in NAMES:
        return None
    if not data_files.looks_like_path(name):
        hint = meant(name, NAMES)
        raise SettingError(
            f"unknown data set {shown(name)}{hint and f': {hint}'}; choose from "
            f"{', '.join(NAMES)}, or give the path of a .csv, .tsv or .npz file, of an IDX file "
            "of images, or of a folder with MNIST's files"
        )
    return data_files.stamp(Path(name))


@functools.lru_cache(maxsize=8)
def _read(name: str, stamp: data_files.Stamp | None, task: Task | None) -> Dataset:
    """Read a file; `stamp` changes when it does, so that no old content is served."""
    X, answers, held_out = data_files.read(Path(name))
    y, labels = resolve(Path(name), answers, task)
    return _dataset(X, y, held_out=held_out, scaled_answers=True, labels=labels)


@functools.lru_cache(maxsize=128)
def _drawn(name: str, instance: int) -> Dataset:
    X, y = generated.DRAWN[name](instance)
    return _dataset(X, y, generated.CLASSES.get(name), scaling="none", drawn=True)


@functools.cache
def _named(name: str) -> Dataset:
    if name in generated.COMPLETE:
        X, y = generated.COMPLETE[name]()
        return _dataset(X, y, scaling="none")
    if name == CHARACTERS:
        X, y = text.next_characters()
        return _dataset(X, y, len(text.alphabet()), scaling="none", labels=text.alphabet())
    if name in images.DERIVED:
        X, y = images.DERIVED[name]()
        return _dataset(X, y, scaling="common", held_out=images.HELD_OUT.get(name, 0))
    if name == AUTOENCODER:
        X, _ = bundled.load("digits")
        return _dataset(X, X, scaled_answers=True)
    X, y = bundled.load(name)
    return _dataset(X, y, scaled_answers=y.dtype.kind == "f")


def _dataset(X: NDArray[Any], y: NDArray[Any], classes: int | None = None, **facts: Any) -> Dataset:
    """Return copies of X and y that cannot be written to, with what else is known of them.

    Labels are of as many classes as there are different ones, unless `classes` says otherwise.
    """
    X, y = np.array(X, np.float64, order="C"), np.array(y, order="C")
    labels = y.dtype.kind == "i"
    y = y if labels or y.size != len(y) else y.ravel()
    X.flags.writeable = y.flags.writeable = False
    if classes is None:
        classes = int(y.max()) + 1 if labels else 0
    return Dataset(X, y, classes, **facts)
