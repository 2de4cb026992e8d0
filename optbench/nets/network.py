"""A whole multilayer perceptron as kernels: what the engine calls.

One compiled function serves every net, since all that makes a net is integers in `q`; see
`layout` for what lies where. Everything is plain Python on the primitives; `compiled` turns it
into machine code for a dtype.
"""

import functools
import math

import numpy as np

from optbench.kernels.blocks import whole_block
from optbench.kernels.calls import MetricsCall, ProblemCall
from optbench.kernels.compile import retype_all
from optbench.kernels.primitives import matrix, span, sync, vector
from optbench.kernels.random import sample
from optbench.nets.layers import add_penalty_slopes, copy, penalty, zero
from optbench.nets.layout import (
    AT_ONCE,
    B_OWNED,
    BATCH,
    BATCH_X,
    BATCH_Y,
    COEFFICIENTS,
    FEATURES,
    FIELDS,
    GHOST,
    KEPT,
    LOSS,
    N_LAYERS,
    N_TRAIN,
    PENALIZED,
    POPULATION,
    RUNNING,
    STATISTICS,
    TARGETS,
    UNITS,
    B,
    W,
)
from optbench.nets.losses import BINARY, CROSS_ENTROPY, hits, loss_gradient, probabilities
from optbench.nets.passes import (
    ALL,
    FIXED,
    GIVEN,
    STATISTICS_ONLY,
    backward,
    forward,
    keep_running,
    record,
)


def examples(p, q, start, rows):
    """Return X [rows, k] and the targets of `rows` consecutive examples."""
    k, m = q[FEATURES], q[TARGETS]
    n = q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]
    return matrix(p, start * k, rows, k), matrix(p, n * k + start * m, rows, m)


def gather(p, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and targets."""
    rows, k, m = q[BATCH], q[FEATURES], q[TARGETS]
    targets = (q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]) * k
    for j in range(rows):
        i = sample(key, t, j, rows, q[N_TRAIN])
        copy(p, i * k, work, q[BATCH_X] + j * k, k)
        copy(p, targets + i * m, work, q[BATCH_Y] + j * m, m)
    sync()
    return matrix(work, q[BATCH_X], rows, k), matrix(work, q[BATCH_Y], rows, m)


def clear(grads, q):
    """Zero the gradient but for the weights, which are set."""
    done = 0
    for layer in range(1, q[N_LAYERS] + 1):
        r = record(layer)
        if q[r + W] >= done:  # the others have none of their own
            zero(grads, done, q[r + W])
            done = q[r + W] + q[r - FIELDS + UNITS] * q[r + UNITS]
    zero(grads, done, grads.size)
    sync()


def penalties(params, grads, p, q, slopes):
    """Return ``(l1 sum |w| + l2 sum w^2) / (2 n_train)``; add its gradient to `grads` if `slopes`.

    The sums run over all weights, and over the biases if the net says so.
    """
    half = params.dtype.type(0.5) / params.dtype.type(q[N_TRAIN])
    at = p.size - COEFFICIENTS
    l1, l2, value, done = p[at] * half, p[at + 1] * half, params.dtype.type(0), 0
    if l1 == 0.0 and l2 == 0.0:
        return value
    for layer in range(1, q[N_LAYERS] + 1):
        r = record(layer)
        for bias in range(q[PENALIZED]):
            start = q[r + B] if bias else q[r + W]
            n = q[r + UNITS] if bias else q[r - FIELDS + UNITS] * q[r + UNITS]
            if q[r + B_OWNED] if bias else start >= done:
                weights = vector(params, start, n)
                value += penalty(weights, n, l1, l2)
                if slopes:
                    add_penalty_slopes(weights, n, l1, l2, vector(grads, start, n))
        done = max(done, q[r + W] + 1)
    sync()
    return value


# ----------------------------------------------------------------------------- what is compiled


def problem(x, g, f, p, q, work, key, t, full):
    """Fill g and f with gradient and loss of a mini-batch, or of all training data if `full`.

    The signature is that of every problem of the engine; x [P / 64, 64] is one net's parameters.
    """
    params, grads = vector(x, 0, x.size), vector(g, 0, g.size)
    number = params.dtype.type
    n = q[N_TRAIN] if full else q[BATCH]
    step = min(n, q[AT_ONCE])
    gathered = not full and (n < q[N_TRAIN] or q[GHOST])
    loss, weight = number(0), number(1) / number(n)
    smoothing = p[p.size - COEFFICIENTS + 2]
    last = q[record(q[N_LAYERS]) + KEPT]
    clear(grads, q)
    for start in range(0, n, step):
        if gathered:
            X, Y = gather(p, q, work, t, key[0])
        else:  # a batch of all examples is the same in any order
            X, Y = examples(p, q, start, min(step, n - start))
        Z = forward(params, X, q, work, full, t, key[0])
        z = vector(work, last, Z.size)
        if full >= STATISTICS_ONLY:
            probabilities(q[LOSS], z, Z)
        else:
            loss += loss_gradient(q[LOSS], z, Z, Y, weight, smoothing)
            backward(params, grads, X, q, work, full, start == 0)
    loss += penalties(params, grads, p, q, True)
    if q[STATISTICS] == RUNNING and full <= GIVEN:
        keep_running(q, work, n, full)
    for j in span(f.shape[0]):
        f[j] = loss
    sync()


def metrics(x, m, p, q, work, part):
    """Fill m[0] with the loss and m[1] with the accuracy on part 0, 1, 2 of the data.

    On the training part the loss is the objective, penalties included. The accuracy is the share
    of examples that are classified rightly; NaN for losses of regression.
    """
    params = vector(x, 0, x.size)
    number = params.dtype.type
    n, begin = q[N_TRAIN + part], 0
    for earlier in range(part):
        begin += q[N_TRAIN + earlier]
    stream = np.uint64(0)  # nothing is dropped
    mode = FIXED if part else ALL
    if part and q[STATISTICS] == POPULATION:
        forward(params, examples(p, q, 0, q[N_TRAIN])[0], q, work, ALL, 0, stream)
    loss, accuracy, weight = number(0), number(0), number(1) / number(n)
    smoothing = p[p.size - COEFFICIENTS + 2]
    last = q[record(q[N_LAYERS]) + KEPT]
    classifies = q[LOSS] == CROSS_ENTROPY or q[LOSS] == BINARY
    for start in range(begin, begin + n, q[AT_ONCE]):
        X, Y = examples(p, q, start, min(q[AT_ONCE], begin + n - start))
        Z = forward(params, X, q, work, mode, 0, stream)
        if classifies:
            accuracy += hits(q[LOSS], Z, Y)
            sync()
        loss += loss_gradient(q[LOSS], vector(work, last, Z.size), Z, Y, weight, smoothing)
    if not part:
        loss += penalties(params, params, p, q, False)
    accuracy = accuracy * weight if classifies else math.nan
    for j in span(m.shape[1]):
        m[0, j] = loss
        m[1, j] = accuracy
    sync()


_CALLS = {"problem": ProblemCall, "metrics": MetricsCall}


@functools.cache
def _retyped(dtype):
    functions = retype_all([problem, metrics], dtype)
    return dict(zip(_CALLS, functions, strict=True))


@functools.cache
def compiled(name, dtype):
    """Return the kernel "problem" or "metrics" for a dtype, compiled once a process."""
    return whole_block(_retyped(dtype)[name], _CALLS[name], dtype)
