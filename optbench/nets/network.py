"""A whole multilayer perceptron as kernels: what the engine calls.

One compiled function serves every net, since sizes, activation and loss are integers in `q`; see
`layout` for what lies where. Everything is plain Python on the four primitives; `compiled` turns
it into machine code for a dtype.
"""

import functools
import math

import numba
import numpy as np
from numba import types

from optbench.kernels.blocks import whole_block
from optbench.kernels.calls import MetricsCall, ProblemCall
from optbench.kernels.compile import jit, retype_all
from optbench.kernels.primitives import matmul, span, sync
from optbench.kernels.random import sample
from optbench.nets.activations import LINEAR
from optbench.nets.layers import dense, dense_gradient, through_activation
from optbench.nets.layout import (
    ACTIVATION,
    BATCH,
    CHUNK,
    FEATURES,
    LANES,
    LOSS,
    N_LAYERS,
    N_TRAIN,
    SIZES,
    tensor_position,
    work_position,
)
from optbench.nets.losses import CROSS_ENTROPY, hits, loss_gradient, softmax_row, target_width

# ------------------------------------------------------------------------------ views of arrays


def matrix(v, start, rows, columns):
    """Return ``v[start:]`` as a matrix [rows, columns], a view."""
    return v[start : start + rows * columns].reshape(rows, columns)


def weights(v, q, layer):
    """Return W of layer 1 .. L, or its gradient: a view of `v`."""
    start = q[tensor_position(q) + 2 * (layer - 1)] * LANES
    return matrix(v, start, q[SIZES + layer - 1], q[SIZES + layer])


def biases(v, q, layer):
    """Return b of layer 1 .. L, or its gradient: a view of `v`."""
    start = q[tensor_position(q) + 2 * (layer - 1) + 1] * LANES
    return v[start : start + q[SIZES + layer]]


def buffer(work, q, layer, rows):
    """Return where the outputs of layer 1 .. L lie for `rows` examples."""
    return matrix(work, q[work_position(q) + 1 + layer], rows, q[SIZES + layer])


def scratch_matrix(work, q, rows, columns):
    """Return the scratch buffer as a matrix [rows, columns]."""
    return matrix(work, q[work_position(q) + q[N_LAYERS] + 2], rows, columns)


def examples(p, q, start, rows):
    """Return X [rows, k] and the targets of `rows` consecutive examples."""
    k = q[FEATURES]
    width = target_width(q[LOSS], q[SIZES + q[N_LAYERS]])
    n = q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]
    return matrix(p, start * k, rows, k), matrix(p, n * k + start * width, rows, width)


# ------------------------------------------------------------------------------------ the passes


def forward(params, X, q, work):
    """Run the examples X through the net; return the outputs of the last layer, not activated."""
    layers = q[N_LAYERS]
    A = X
    for layer in range(1, layers + 1):
        kind = LINEAR if layer == layers else q[ACTIVATION]
        Z = buffer(work, q, layer, X.shape[0])
        dense(A, weights(params, q, layer), biases(params, q, layer), kind, Z)
        A = Z
    return A


def backward(params, grads, X, q, work, first):
    """Add the examples' share to the gradient (set it if `first`).

    The last buffer holds dLoss/dz of the last layer; on the way down each buffer turns from
    outputs into dLoss/dz.
    """
    rows = X.shape[0]
    for layer in range(q[N_LAYERS], 0, -1):
        D = buffer(work, q, layer, rows)
        A = X if layer == 1 else buffer(work, q, layer - 1, rows)
        dW, db = weights(grads, q, layer), biases(grads, q, layer)
        dense_gradient(A, D, dW, db, scratch_matrix(work, q, A.shape[1], D.shape[1]), first)
        if layer > 1:
            E = scratch_matrix(work, q, rows, A.shape[1])
            matmul(D, weights(params, q, layer), E, False, True)
            through_activation(q[ACTIVATION], E, A)


def gather(every_X, every_Y, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and targets."""
    rows = q[BATCH]
    X = matrix(work, q[work_position(q)], rows, every_X.shape[1])
    Y = matrix(work, q[work_position(q) + 1], rows, every_Y.shape[1])
    for j in range(rows):
        i = sample(key, t, j, rows, every_X.shape[0])
        for c in span(X.shape[1]):
            X[j, c] = every_X[i, c]
        for c in span(Y.shape[1]):
            Y[j, c] = every_Y[i, c]
    sync()
    return X, Y


# ----------------------------------------------------------------------------- what is compiled


def problem(x, g, f, p, q, work, key, t, full):
    """Fill g and f with gradient and loss of a mini-batch, or of all training data if `full`.

    The signature is that of every problem of the engine; x [P / 64, 64] is one net's parameters.
    """
    params, grads = x.reshape(x.size), g.reshape(g.size)
    number = params.dtype.type
    n = q[N_TRAIN] if full else q[BATCH]
    loss, weight = number(0), number(1) / number(n)
    for i in span(grads.size):
        grads[i] = 0.0
    sync()
    for start in range(0, n, CHUNK if full else n):
        rows = min(CHUNK, n - start) if full else q[N_TRAIN]
        X, Y = examples(p, q, start, rows)
        if not full:
            X, Y = gather(X, Y, q, work, t, key[0])
        Z = forward(params, X, q, work)
        loss += loss_gradient(q[LOSS], Z, Y, weight)
        backward(params, grads, X, q, work, start == 0)
    for j in span(f.shape[0]):
        f[j] = loss
    sync()


def metrics(x, m, p, q, work, part):
    """Fill m[0] with the loss and m[1] with the accuracy on part 0, 1, 2 of the data.

    The accuracy is the share of examples whose largest output is at their label; NaN for MSE.
    """
    params = x.reshape(x.size)
    number = params.dtype.type
    n = q[N_TRAIN + part]
    begin = 0
    for earlier in range(part):
        begin += q[N_TRAIN + earlier]
    loss, accuracy, weight = number(0), number(0), number(1) / number(n)
    for start in range(begin, begin + n, CHUNK):
        rows = min(CHUNK, begin + n - start)
        X, Y = examples(p, q, start, rows)
        Z = forward(params, X, q, work)
        if q[LOSS] == CROSS_ENTROPY:
            accuracy += hits(Z, Y)
            sync()
        loss += loss_gradient(q[LOSS], Z, Y, weight)
    accuracy = accuracy * weight if q[LOSS] == CROSS_ENTROPY else math.nan
    for j in span(m.shape[1]):
        m[0, j] = loss
        m[1, j] = accuracy
    sync()


def outputs(x, out, p, q, work):
    """Fill out [n_train, n_out] with the net's outputs: probabilities if it is a classifier."""
    params = x.reshape(x.size)
    for start in range(0, out.shape[0], CHUNK):
        rows = min(CHUNK, out.shape[0] - start)
        X, _ = examples(p, q, start, rows)
        Z = forward(params, X, q, work)
        for i in span(rows):
            if q[LOSS] == CROSS_ENTROPY:
                softmax_row(Z, i)
            for j in range(out.shape[1]):
                out[start + i, j] = Z[i, j]
        sync()


def outputs_signature(dtype):
    """``outputs(x[P / 64, 64], out[n, n_out], p, q, work)``."""
    number = numba.from_dtype(np.dtype(dtype))
    block, vector = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    return types.void(block, block, vector, types.Array(types.int64, 1, "C"), vector)


_CALLS = {"problem": ProblemCall, "metrics": MetricsCall}


@functools.cache
def _retyped(dtype):
    functions = retype_all([problem, metrics, outputs], dtype)
    return dict(zip(("problem", "metrics", "outputs"), functions, strict=True))


@functools.cache
def compiled(name, dtype):
    """Return the kernel "problem", "metrics" or "outputs" for a dtype, compiled once a process."""
    function = _retyped(dtype)[name]
    if name == "outputs":
        return jit(function, outputs_signature(dtype))
    return whole_block(function, _CALLS[name], dtype)
