"""Running a net from Python on examples that a user has, checked and packed for the kernels."""

import functools
import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.nets import network, packing
from optbench.nets.any_net import AnyNet
from optbench.nets.data import check_columns
from optbench.nets.norms import EPS
from optbench.nets.operations import batch_norm
from optbench.nets.tape import modes
from optbench.nets.tape.operations import NUMBERS
from optbench.nets.tape.records import OP, record_start
from optbench.nets.tape.values import Value

BatchStatistics: TypeAlias = Sequence[tuple[NDArray[Any], NDArray[Any]]]
"""(mean [n_out], biased variance [n_out]) of each batch-normalised layer."""


def features(net: AnyNet, X: ArrayLike) -> NDArray[Any]:
    """Return X as a matrix [n, n_in] of the net's dtype."""
    rows = gate.reals("X", X)
    if rows.ndim != 2 or rows.shape[1] != net.n_in or len(rows) == 0:
        raise SettingError(f"X has shape {rows.shape}; it must be (n, {net.n_in}), n >= 1")
    check_columns(rows, net.dtype, "X")
    net.check_examples(rows)
    return rows.astype(net.dtype, copy=False)


def answers(net: AnyNet, y: ArrayLike, n: int) -> NDArray[Any]:
    """Return the answers of `n` examples as the kernels take them: [n, answer_width]."""
    values, n_out = gate.reals("y", y), net.n_out
    if net.loss != "cross_entropy":
        if values.shape != (n, n_out) and not (n_out == 1 and values.shape == (n,)):
            raise SettingError(f"y has shape {values.shape}; it must be ({n}, {n_out})")
        values = values.reshape(n, n_out)
        check_columns(values, net.dtype, "y")
        return values.astype(net.dtype)
    shape = (n,) if net.answer_width == 1 else (n, net.answer_width)
    if values.shape != shape:
        raise SettingError(f"y has shape {values.shape}; it must be {shape}, class labels")
    if not np.isin(values, np.arange(n_out)).all():
        raise SettingError(f"y holds a label that is not one of 0 .. {n_out - 1}")
    return values.astype(net.dtype).reshape(n, net.answer_width)


class Run(NamedTuple):
    """What a run of the compiled problem leaves.

    Attributes
    ----------
    loss : float
    grad : array [P]
    work, q : array
        Buffers and integers; see `packing`.
    rows : int
        Number of examples.
    """

    loss: float
    grad: NDArray[Any]
    work: NDArray[Any]
    q: NDArray[np.int64]
    rows: int

    def values(self, values: Sequence[Value]) -> list[NDArray[Any]]:
        """Return copies [n, *shape] of values of the tape."""
        ends = [value.place + self.rows * value.size for value in values]
        return [
            self.work[value.place : end].reshape(self.rows, *value.shape).copy()
            for value, end in zip(values, ends, strict=True)
        ]

    def statistics(self) -> BatchStatistics:
        """Return [(mean, biased variance)] of what entered each batch normalisation, in order."""
        statistics = []
        for number in range(self.q[packing.N_RECORDS]):
            r = record_start(self.q, number)
            if self.q[r + OP] == NUMBERS["batch_norm"]:
                n = self.q[r + batch_norm.UNITS]
                places = self.q[[r + batch_norm.MEAN, r + batch_norm.INVERSE]]
                mean, inverse = (self.work[place : place + n].copy() for place in places)
                statistics.append((mean, 1.0 / (inverse * inverse) - EPS))
        return statistics


def run(
    net: AnyNet,
    params: ArrayLike,
    X: NDArray[Any],
    Y: NDArray[Any],
    *,
    mode: int,
    key: int = 0,
    statistics: BatchStatistics | None = None,
) -> Run:
    """Run the compiled problem on a data set whose training part is all of X.

    Parameters
    ----------
    net : AnyNet
    params : array [P]
    X, Y : array
        As `features` and `answers` return them.
    mode : int
        See `tape.modes`.
    key : int
    statistics : list of (array, array), optional
        Of batch normalisation, for `modes.FIXED` and `FIXED_OUTPUTS`.

    Raises
    ------
    SettingError
        If `params` or `statistics` do not fit the net.
    """
    point = np.ascontiguousarray(gate.reals("params", params), net.dtype)
    net.check_params(point)
    x, n = point.reshape(-1, packing.ROW_WIDTH), len(X)
    p = np.concatenate([X.ravel(), net.labelled(X, Y).ravel(), net.coefficients]).astype(net.dtype)
    at_once = 0 if mode in (modes.ALL, modes.FIXED) else n
    q = _integers(net, n, at_once, "population" if statistics is None else "running")
    work = np.zeros(q[-1], net.dtype)
    if statistics is not None:
        _fill_statistics(net, statistics, work, q)
    grad, loss = np.zeros_like(x), np.empty(packing.ROW_WIDTH, net.dtype)
    stream = gate.whole("key", key, -math.inf, math.inf) % 2**64
    keys = np.full(packing.ROW_WIDTH, stream, np.uint64)
    net.load()
    network.compiled("problem", net.dtype)(x, grad, loss, p, q, work, keys, 0, mode)
    return Run(float(loss[0]), grad.ravel(), work, q, n)


@functools.lru_cache(maxsize=64)
def _integers(
    net: AnyNet, n: int, at_once: int, statistics: Literal["population", "running"]
) -> NDArray[np.int64]:
    """Return `q` for n examples, which all points of a net have in common; nobody writes to it."""
    head = [n, 0, 0, net.n_in, net.n_out, 0]  # there is no mini-batch
    return net.integers(head, at_once=at_once, statistics=statistics)


def forward(
    net: AnyNet, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
) -> Run:
    """Run X forward without dropping; of the `Run`, only the buffers mean anything."""
    rows = features(net, X)
    Y = np.zeros((len(rows), net.answer_width), net.dtype)
    mode = modes.OUTPUTS if statistics is None else modes.FIXED_OUTPUTS
    return run(net, params, rows, Y, mode=mode, statistics=statistics)


def _fill_statistics(
    net: AnyNet, statistics: BatchStatistics, work: NDArray[Any], q: NDArray[np.int64]
) -> None:
    """Write statistics where the kernels keep the running ones."""
    kept = q[q[packing.KEPT] :][: 2 * q[packing.N_KEPT]].reshape(-1, 2)
    lengths = [int(length) for length in kept[::2, 1]]
    shapes = [(np.shape(mean), np.shape(var)) for mean, var in statistics]
    if shapes != [((length,), (length,)) for length in lengths]:
        raise SettingError(
            f"statistics must be (mean, var) for each of {len(lengths)} normalised layers, of "
            f"lengths {lengths}; their shapes are {shapes}"
        )
    work[0] = 1.0
    arrays = [array for pair in statistics for array in pair]
    for (place, length), values in zip(kept.tolist(), arrays, strict=True):
        work[place : place + length] = values
