"""Bundled data sets, their random splits, and the packed form that kernels read."""

import functools
from typing import NamedTuple

import numpy as np

from optbench.kernels.random import stream_key

DATASETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
"""Names that `load` knows; all come with scikit-learn, so nothing is downloaded."""
REGRESSION = ("diabetes",)
"""Those whose targets are numbers, not classes."""

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Numbers of the parts of a split."""

_SHARES = (0.6, 0.2)  # training, validation; the rest is the test part


class Dataset(NamedTuple):
    """Features X float64 [n, k], labels y int64 [n] in 0 .. classes - 1; both read-only.

    For regression y holds numbers, float64 [n], and `classes` is 0.
    """

    X: np.ndarray
    y: np.ndarray
    classes: int


class Part(NamedTuple):
    """One part of a split: standardised features X float64 [n, k] and labels y int64 [n].

    For regression y holds standardised targets, float64 [n].
    """

    X: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """Three disjoint parts that together hold every example once."""

    train: Part
    validation: Part
    test: Part


@functools.cache
def load(name):
    """Return the bundled data set `name` as a `Dataset`.

    Raises
    ------
    ValueError
        If `name` is not one of `DATASETS`.
    """
    if name not in DATASETS:
        raise ValueError(f"unknown data set {name!r}; choose from {', '.join(DATASETS)}")
    import sklearn.datasets  # here, since the import alone takes a second or two

    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    X = np.ascontiguousarray(X, dtype=np.float64)
    numeric = name in REGRESSION
    y = np.ascontiguousarray(y, dtype=np.float64 if numeric else np.int64)
    X.flags.writeable = y.flags.writeable = False
    return Dataset(X, y, 0 if numeric else int(y.max()) + 1)


@functools.cache
def split_indices(name, instance=None):
    """Return the rows of the training, validation and test parts: 60, 20 and 20 percent.

    The permutation depends on (name, instance) alone; instance None is instance 0.
    """
    n = len(load(name).y)
    key = int(stream_key("split", name, instance or 0))
    order = np.random.Generator(np.random.Philox(key=key)).permutation(n)
    first = round(_SHARES[0] * n)
    return tuple(np.split(order, [first, first + round(_SHARES[1] * n)]))


def split(name, instance=None):
    """Split a data set and standardise its features, and the targets of a regression.

    Mean and standard deviation come from the training part alone, so nothing is learnt from the
    other parts; a feature that is constant there is only shifted.

    Returns
    -------
    Split
    """
    data = load(name)
    indices = split_indices(name, instance)
    X = _standardised(data.X, indices[TRAIN])
    y = data.y if data.classes else _standardised(data.y, indices[TRAIN])
    return Split(*(Part(X[rows], y[rows]) for rows in indices))


def _standardised(values, known):
    """Return values [n] or [n, k] in units of the mean and deviation of the rows `known`."""
    rows = values[known]
    spread = np.where(np.ptp(rows, axis=0) > 0, rows.std(axis=0), 1.0)
    return (values - rows.mean(axis=0)) / spread


def pack(parts, classes, batch):
    """Pack a split into the two arrays that kernels read.

    Parameters
    ----------
    parts : Split
    classes : int
    batch : int
        Size of a mini-batch, 1 .. number of training examples.

    Returns
    -------
    p : float64 [n * k + n]
        Rows of X (training, validation, test), row-major; then the labels.
    q : int64 [6]
        n_train, n_validation, n_test, k, classes, batch.

    Raises
    ------
    ValueError
        If `batch` is out of range.
    """
    counts = [len(part.y) for part in parts]
    if not 1 <= batch <= counts[TRAIN]:
        raise ValueError(f"batch is {batch}; it must be 1 .. {counts[TRAIN]} (training examples)")
    p = np.concatenate(
        [part.X.ravel() for part in parts] + [part.y.astype(np.float64) for part in parts]
    )
    q = np.array([*counts, parts.train.X.shape[1], classes, batch], dtype=np.int64)
    return p, q
