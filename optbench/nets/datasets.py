"""Data sets by name or path: bundled with scikit-learn, generated, or the user's own files."""

import functools
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optbench.errors import SettingError
from optbench.gate import shown
from optbench.nets import data_files, generated
from optbench.nets.answers import resolved

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
"""Data sets that come with scikit-learn, so nothing is downloaded. `diabetes` is regression."""

AUTOENCODER = "digits_autoencoder"
"""The digits whose targets are the features themselves, both scaled."""

NAMES = tuple(sorted((*BUNDLED, AUTOENCODER, *generated.GENERATED)))
"""Names that `load` knows besides paths."""


class Dataset(NamedTuple):
    """Read-only features and targets.

    Attributes
    ----------
    X : float64 [n, k]
    y : int64 [n], float64 [n] or float64 [n, m]
        Labels in 0 .. classes - 1, or the wanted outputs of a regression, [n] if there is one.
    classes : int
        0 for a regression.
    scaling : str
        What suits the features; see `optbench.nets.scaling`.
    held_out : int
        How many of the last rows are always the test part; 0 if it is drawn.
    scaled_targets : bool
        Whether the targets of a regression are brought to mean 0 and standard deviation 1.
    labels : tuple of str or int
        What a file calls the classes 0, 1, ...; empty for other data and for a regression.
    """

    X: np.ndarray
    y: np.ndarray
    classes: int
    scaling: str = "standard"
    held_out: int = 0
    scaled_targets: bool = False
    labels: tuple = ()


def load(name: str | os.PathLike, wanted: str | None = None) -> Dataset:
    """Return a data set as a `Dataset`.

    Parameters
    ----------
    name : str or path
        One of `NAMES`; or the path of a ``.csv``, ``.tsv`` or ``.npz`` file, or of IDX files (see
        `optbench.nets.data_files`), from the working directory if it is relative.
    wanted : {"classes", "numbers", None}
        What whole numbers as the targets of a file are; see `optbench.nets.answers.resolved`.

    Raises
    ------
    SettingError
        If the name is unknown or a file is malformed; the message says where, what was expected
        and what to do.
    """
    name = data_files.as_text(name)
    if name in NAMES:
        return _named(name)
    return _read(name, stamp(name), wanted)


def stamp(name: str | os.PathLike) -> tuple | None:
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
        raise SettingError(
            f"unknown data set {shown(name)}; choose from {', '.join(NAMES)}, or give the path of "
            "a .csv, .tsv or .npz file, of an IDX file of images, or of a folder with MNIST's files"
        )
    return data_files.stamp(Path(name))


@functools.lru_cache(maxsize=8)
def _read(name, stamp, wanted):
    """Read a file; `stamp` changes when it does, so that no old content is served."""
    X, targets, held_out = data_files.read(Path(name))
    y, labels = resolved(Path(name), targets, wanted)
    return _dataset(X, y, held_out=held_out, scaled_targets=True, labels=labels)


@functools.cache
def _named(name):
    if name in generated.GENERATED:
        X, y = generated.GENERATED[name]()
        return _dataset(X, y, scaling="none")
    import sklearn.datasets  # here, since the import alone takes a second or two

    if name == AUTOENCODER:
        X, _ = sklearn.datasets.load_digits(return_X_y=True)
        return _dataset(X, X, scaled_targets=True)
    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    regression = name == "diabetes"
    return _dataset(X, y if regression else y.astype(np.int64), scaled_targets=regression)


def _dataset(X, y, **facts):
    X, y = np.array(X, np.float64, order="C"), np.array(y, order="C")
    labels = y.dtype.kind == "i"
    y = y if labels or y.size != len(y) else y.ravel()
    X.flags.writeable = y.flags.writeable = False
    return Dataset(X, y, int(y.max()) + 1 if labels else 0, **facts)
