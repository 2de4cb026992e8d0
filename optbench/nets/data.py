"""Random splits of data sets into three parts, scaled, and the packed form that kernels read."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optbench import gate
from optbench.kernels.random import stream_key
from optbench.nets.datasets import load
from optbench.nets.scaling import fitted, none, standard

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Numbers of the parts of a split."""

_SHARES = (0.6, 0.2)  # training, validation; the rest is the test part


class Part(NamedTuple):
    """One part of a split: scaled features X float64 [n, k] and targets y.

    The targets are labels int64 [n], or float64 [n] or [n, m] for a regression.
    """

    X: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """Three disjoint parts that together hold every example once."""

    train: Part
    validation: Part
    test: Part


def split_indices(name, instance=None):
    """Return the rows of the training, validation and test parts: 60, 20 and 20 percent.

    The permutation depends on (name, instance) alone, of a path on the last part; instance None is
    instance 0. Where the data set has a test part of its own, the others get 75 and 25 percent of
    the rest.
    """
    data = load(name)
    number = 0 if instance is None else gate.whole("instance", instance)
    return _indices(Path(name).name, number, len(data.y), data.held_out)


@functools.cache
def _indices(name, instance, n, held_out):
    key = int(stream_key("split", name, instance))
    order = np.random.Generator(np.random.Philox(key=key)).permutation(n - held_out)
    if held_out:
        share = _SHARES[0] / sum(_SHARES)
        return (*np.split(order, [round(share * len(order))]), np.arange(n - held_out, n))
    first = round(_SHARES[0] * n)
    return tuple(np.split(order, [first, first + round(_SHARES[1] * n)]))


def split(name, instance=None, scaling=None):
    """Split a data set and scale its features, and the targets of real-life regressions.

    What scales them is fitted on the training part alone, so nothing is learnt from the other
    parts; a feature that is constant there is only shifted.

    Parameters
    ----------
    name : str
        See `optbench.nets.datasets.load`.
    instance : int, optional
    scaling : str, optional
        See `optbench.nets.scaling`; by default what the data set declares.

    Returns
    -------
    Split
    """
    data = load(name)
    indices = split_indices(name, instance)
    known = indices[TRAIN]
    features = fitted(scaling or data.scaling, data.X[known])
    if data.classes:
        return Split(*(Part(features(data.X[rows]), data.y[rows]) for rows in indices))
    targets = (standard if data.scaled_targets else none)(data.y[known])
    return Split(*(Part(features(data.X[rows]), targets(data.y[rows])) for rows in indices))


def restricted(parts, chosen, classes):
    """Return the examples of some classes, renumbered 0, 1, ... in the order of `chosen`.

    Parameters
    ----------
    parts : Split
    chosen : sequence of int
    classes : int
        Number of classes of the data; 0 for a regression.

    Raises
    ------
    ValueError
        If there are no such classes, or a part has none of their examples.
    """
    if not set(chosen) <= set(range(classes)) or len(set(chosen)) < max(2, len(chosen)):
        has = f"0 .. {classes - 1}" if classes else "none, it is a regression"
        raise ValueError(
            f"classes is {tuple(chosen)}; it must name two or more of the classes of the data, "
            f"each once ({has})"
        )
    number = np.full(classes, -1)
    number[list(chosen)] = np.arange(len(chosen))
    found = []
    for part in parts:
        labels = number[part.y]
        found.append(Part(part.X[labels >= 0], labels[labels >= 0]))
        if not len(found[-1].y):
            raise ValueError(f"classes is {tuple(chosen)}; a part of the data has none of them")
    return Split(*found)


def pack(parts, classes, batch):
    """Pack a split into the two arrays that kernels read.

    Parameters
    ----------
    parts : Split
    classes : int
        0 for a regression.
    batch : int
        Size of a mini-batch, 1 .. number of training examples.

    Returns
    -------
    p : float64 [n * k + n] or [n * k + n * m]
        Rows of X (training, validation, test), row-major; then the labels or targets.
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
        [part.X.ravel() for part in parts] + [part.y.astype(np.float64).ravel() for part in parts]
    )
    q = np.array([*counts, parts.train.X.shape[1], classes, batch], dtype=np.int64)
    return p, q
