"""Random splits of data sets into three parts, scaled, and the packed form that kernels read."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench import gate
from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.gate import shown
from optbench.kernels.status import PARTS
from optbench.nets.answers import ClassNames, Task
from optbench.nets.datasets import DataName
from optbench.nets.datasets import load as load  # split, packed and loaded from one place
from optbench.nets.scaling import Affine, fit, none, standard

TRAIN, VALIDATION, TEST = range(PARTS)
"""Numbers of the parts of a split."""

_SHARES = (0.6, 0.2)  # training, validation; the rest is the test part


class Part(NamedTuple):
    """One part of a split: scaled features X float64 [n, k] and answers y.

    The answers are labels int64 [n] or, one at every step of a sequence, [n, time]; or float64 [n]
    or [n, m] for a regression.
    """

    X: NDArray[np.float64]
    y: NDArray[Any]


class Split(NamedTuple):
    """Three disjoint parts that together hold every example once."""

    train: Part
    validation: Part
    test: Part


def split_indices(
    name: DataName, instance: int | None = None, task: Task | None = None
) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of the training, validation and test parts: 60, 20 and 20 percent.

    The test part is the published one where there is one, which leaves the others 75 and 25
    percent of the rest; else it is drawn once. It is the same in every instance, so that what was
    tuned on one instance has met no test example of another; the other parts are drawn anew.
    Generated data, which are fresh in every instance, are split anew as a whole.

    The draws depend on (name, instance) alone, of a path on the last part; instance None is
    instance 0. See `load` for `task`.
    """
    number = 0 if instance is None else gate.whole("instance", instance)
    data = load(name, task, number)
    return _indices(Path(name).name, number, len(data.y), data.held_out, data.drawn)


@functools.lru_cache(maxsize=512)
def _indices(
    name: str, instance: int, n: int, held_out: int, drawn: bool
) -> tuple[NDArray[np.int64], ...]:
    order = _permuted(name, instance if drawn else 0, np.arange(n - held_out))
    first, second = (round(share * n) for share in _SHARES)
    if held_out:
        first = round(_SHARES[0] / sum(_SHARES) * len(order))
        second = len(order) - first
    rest, test = np.split(order, [first + second])
    if instance and not drawn:
        rest = _permuted(name, instance, np.sort(rest))
    return (*np.split(rest, [first]), np.arange(n - held_out, n) if held_out else test)


def _permuted(name: str, instance: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows in an order that is drawn for a data set and an instance."""
    key = int(stream_key("split", name, instance))
    return np.random.Generator(np.random.Philox(key=key)).permutation(rows)


def split(
    name: DataName,
    instance: int | None = None,
    scaling: str | None = None,
    task: Task | None = None,
) -> Split:
    """Split a data set and scale its features, and the answers of real-life regressions.

    What scales them is fitted on the training part alone, so nothing is learnt from the other
    parts; a feature that is constant there is only shifted.

    Parameters
    ----------
    name : str or path
        See `optbench.nets.datasets.load`.
    instance : int, optional
    scaling : str, optional
        See `optbench.nets.scaling`; by default what the data set declares.
    task : {"classes", "numbers", "steps", None}
        See `optbench.nets.datasets.load`.

    Returns
    -------
    Split

    Raises
    ------
    SettingError
        If scaling would lose a feature, or takes one out of the range of float64; it names the
        column.
    """
    data = load(name, task, 0 if instance is None else gate.whole("instance", instance))
    indices = split_indices(name, instance, task)
    scaling = scaling or data.scaling
    try:
        training = data.X[indices[TRAIN]]
        features = fit(scaling, training)
        scaled = [_scaled(features, scaling, data.X, rows) for rows in indices]
        _check_features(training, scaled[TRAIN], features, scaling)
        if data.classes:
            return Split(*(Part(X, data.y[rows]) for X, rows in zip(scaled, indices, strict=True)))
        outputs = (standard if data.scaled_answers else none)(data.y[indices[TRAIN]])
        answers = [_scaled(outputs, "standard", data.y, rows, "target") for rows in indices]
    except SettingError as error:
        raise SettingError(f"{name}: {error}") from None
    return Split(*map(Part, scaled, answers))


def _scaled(
    mapping: Affine,
    scaling: str,
    values: NDArray[Any],
    rows: NDArray[np.int64],
    what: str = "column",
) -> NDArray[np.float64]:
    """Return rows of features or answers mapped; refuse infinities and features that are lost."""
    raw = values[rows]
    mapped = mapping(raw)
    finite = np.isfinite(mapped)
    if not finite.all():
        bad = np.argwhere(~finite)
        row = bad[0, 0]
        sizes = np.abs(np.atleast_1d(raw[row]))
        column = sizes.argmax() if mapping.factor.ndim == 2 else [*bad[0, 1:], 0][0]
        raise SettingError(
            f"{what} {column + 1} is {np.atleast_1d(raw[row])[column]} in example "
            f"{rows[row] + 1}, too far from the training part for the scaling {scaling!r}, which "
            "takes it out of the range of float64; correct it or leave out the example"
        )
    return mapped


def _check_features(raw: NDArray[Any], mapped: NDArray[Any], mapping: Affine, scaling: str) -> None:
    """Refuse a scaling that makes a column constant which varies."""
    if mapping.factor.ndim == 2:  # `scaling.whiten` checks that itself
        return
    lost = (mapped == mapped[0]).all(axis=0) & ~(raw == raw[0]).all(axis=0)
    if lost.any():
        raise SettingError(
            f"column {lost.argmax() + 1} varies so little beside the others that the scaling "
            f"{scaling!r} hides it; take the scaling 'standard', which treats each by itself"
        )


def check_packed(
    p: NDArray[Any], q: NDArray[np.int64], width: int, dtype: DTypeLike, whose: str
) -> None:
    """Raise `SettingError` if a column of packed data does not fit in the dtype of kernels.

    Parameters
    ----------
    p, q : array
        See `pack`.
    width : int
        Numbers in the answer of an example.
    dtype : numpy dtype
    whose : str
        The name of the data, for the message.
    """
    n, k = int(sum(q[:3])), int(q[3])
    check_columns(p[: n * k].reshape(n, k), dtype, f"X of {whose}")
    check_columns(p[n * k : n * (k + width)].reshape(n, width), dtype, f"y of {whose}")


def check_columns(values: NDArray[Any], dtype: DTypeLike, whose: str) -> None:
    """Raise `SettingError` if a column [n, k] overflows in a dtype, or vanishes in it."""
    if np.dtype(dtype) == values.dtype or values.dtype.kind not in "iuf":
        return
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        cast = values.astype(dtype)
    for lost, verb in (
        (np.isinf(cast) & ~np.isinf(values), "is beyond"),
        ((cast == 0).all(axis=0) & (values != 0), "vanishes in"),
    ):
        if lost.any():
            row, column = np.argwhere(lost)[0]
            raise SettingError(
                f"column {column + 1} of {whose} has {values[row, column]}, which {verb} the range "
                f"of {np.dtype(dtype)}; take another unit, a scaling, or the dtype float64"
            )


def restrict(parts: Split, subset: ClassNames, classes: int, labels: ClassNames = ()) -> Split:
    """Return the examples of a subset of the classes, renumbered 0, 1, ... in its order.

    Parameters
    ----------
    parts : Split
    subset : sequence of int or str
        Classes as the data call them; words also by their number.
    classes : int
        Number of classes of the data; 0 for a regression.
    labels : sequence of int or str
        What the data call the classes 0, 1, ..., if otherwise.

    Raises
    ------
    SettingError
        If there are no such classes, a part has none of their examples, or examples have labels of
        several classes.
    """
    if parts.train.y.ndim > 1 and classes:
        raise SettingError(
            f"classes is {tuple(subset)}; the examples have a label at every step, so that none is "
            "of one class; leave classes out"
        )
    names: list[str | int] = list(labels) or list(range(classes))
    numbers = [names.index(label) if label in names else label for label in subset]
    selectable = names if isinstance([*names, 0][0], int) else [*names, *range(classes)]
    if not set(subset) <= set(selectable) or len(set(numbers)) < max(2, len(numbers)):
        raise SettingError(
            f"classes is {tuple(subset)}; it must name two or more of the classes of the data, "
            f"each once ({listed(names) or 'none, it is a regression'})"
        )
    number = np.full(classes, -1)
    number[np.array(numbers, np.int64)] = np.arange(len(numbers))
    smaller = []
    for part in parts:
        renumbered = number[part.y]
        smaller.append(Part(part.X[renumbered >= 0], renumbered[renumbered >= 0]))
        if not len(smaller[-1].y):
            raise SettingError(f"classes is {tuple(subset)}; a part of the data has none of them")
    return Split(*smaller)


def listed(labels: Iterable[str | int]) -> str:
    """Return the names of classes for a message, at most eight of them."""
    labels = list(labels)
    if labels and labels == list(range(len(labels))):
        return f"0 .. {len(labels) - 1}"
    more = f", ... ({len(labels)} in all)" if len(labels) > 8 else ""
    return ", ".join(map(shown, labels[:8])) + more


def pack(parts: Split, classes: int, batch: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
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
        Rows of X (training, validation, test), row-major; then the labels or other answers, row by
        row where an example has several.
    q : int64 [6]
        n_train, n_validation, n_test, k, classes, batch.

    Raises
    ------
    SettingError
        If `batch` is out of range.
    """
    counts = [len(part.y) for part in parts]
    if not 1 <= batch <= counts[TRAIN]:
        raise SettingError(f"batch is {batch}; it must be 1 .. {counts[TRAIN]} (training examples)")
    p = np.concatenate(
        [part.X.ravel() for part in parts] + [part.y.astype(np.float64).ravel() for part in parts]
    )
    q = np.array([*counts, parts.train.X.shape[1], classes, batch], dtype=np.int64)
    return p, q
