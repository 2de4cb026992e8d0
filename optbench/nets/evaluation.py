"""Calling the kernels from Python: examples that a user gives, checked and packed."""

import math

import numpy as np

from optbench import gate
from optbench.errors import SettingError
from optbench.nets import forward_backward, network, packing
from optbench.nets.architecture import BATCH_NORM
from optbench.nets.data import check_columns


def features(net, X):
    """Return X as a matrix [n, n_in] of the net's dtype."""
    X = gate.reals("X", X)
    if X.ndim != 2 or X.shape[1] != net.sizes[0] or len(X) == 0:
        raise SettingError(f"X has shape {X.shape}; it must be (n, {net.sizes[0]}), n >= 1")
    check_columns(X, net.dtype, "X")
    return X.astype(net.dtype, copy=False)


def targets(net, y, n):
    """Return what the kernels take as targets of `n` examples: [n, target_width]."""
    y = gate.reals("y", y)
    n_out = net.sizes[-1]
    if net.loss != "cross_entropy":
        if y.shape != (n, n_out) and not (n_out == 1 and y.shape == (n,)):
            raise SettingError(f"y has shape {y.shape}; it must be ({n}, {n_out})")
        y = y.reshape(n, n_out)
        check_columns(y, net.dtype, "y")
        return y.astype(net.dtype)
    if y.shape != (n,):
        raise SettingError(f"y has shape {y.shape}; it must be ({n},), class labels")
    if not np.isin(y, np.arange(n_out)).all():
        raise SettingError(f"y holds a label that is not one of 0 .. {n_out - 1}")
    return y.astype(net.dtype).reshape(n, 1)


def run(net, params, X, Y, mode, key, statistics):
    """Run the compiled problem on a data set whose training part is all of X.

    Parameters
    ----------
    net : MLP
    params : array [P]
    X, Y : array
        As `features` and `targets` return them.
    mode : int
        See `forward_backward`.
    key : int
    statistics : list or None
        Of batch normalisation, for `forward_backward.FIXED` and `forward_backward.OUTPUTS`.

    Returns
    -------
    loss : float
    grad : array [P]
    work, q : array
        Buffers and integers; see `packing`.
    """
    params = np.ascontiguousarray(gate.reals("params", params), net.dtype)
    net.unflatten(params)  # checks the shape
    x, n = params.reshape(-1, packing.LANES), len(X)
    p = np.concatenate([X.ravel(), Y.ravel(), net.coefficients]).astype(net.dtype)
    at_once = 0 if mode in (forward_backward.ALL, forward_backward.FIXED) else n
    head = [n, 0, 0, net.sizes[0], net.sizes[-1], 0]  # there is no mini-batch
    q = net.integers(head, at_once, "population" if statistics is None else "running")
    work = np.zeros(q[-1], net.dtype)
    if statistics is not None:
        _give(net, statistics, work, q)
    grad, loss = np.zeros_like(x), np.empty(packing.LANES, net.dtype)
    keys = np.full(packing.LANES, gate.whole("key", key, -math.inf, math.inf) % 2**64, np.uint64)
    network.compiled("problem", net.dtype)(x, grad, loss, p, q, work, keys, 0, mode)
    return float(loss[0]), grad.ravel(), work, q


def _give(net, statistics, work, q):
    """Write statistics where the kernels keep the running ones."""
    normalised = [n for n, layer in enumerate(net.structure[1], 1) if layer.norm == BATCH_NORM]
    lengths = [net.sizes[number] for number in normalised]
    given = [(np.shape(mean), np.shape(var)) for mean, var in statistics]
    if given != [((length,), (length,)) for length in lengths]:
        raise SettingError(
            f"statistics must be (mean, var) for each of {len(lengths)} normalised layers, of "
            f"lengths {lengths}; their shapes are {given}"
        )
    work[0] = 1.0
    for number, (mean, var) in zip(normalised, statistics, strict=True):
        record = q[forward_backward.record(number) :]
        for at, values in ((packing.RUNNING_MEAN, mean), (packing.RUNNING_VAR, var)):
            work[record[at] : record[at] + len(values)] = values
