"""A whole multilayer perceptron as kernels: what the engine calls.

One compiled function serves every net, since all that makes a net is integers in `q`; see
`layout` for what lies where. Everything is plain Python on the primitives; `compiled` turns it
into machine code for a dtype.
"""

import functools
import math

import numpy as np

from optbench.define.draws import sample
from optbench.kernels.authors.blocks import whole_block, whole_function
from optbench.kernels.authors.retype import retype_all
from optbench.kernels.compiling.options import is_cached as in_cache
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, signature
from optbench.kernels.products.primitives import matrix, span, sync, vector
from optbench.nets.adjusting import freeze, limit_norms, scale_changes
from optbench.nets.architecture import BATCH_NORM
from optbench.nets.augmentation import augment, image_key, mix_up
from optbench.nets.layers import add_penalty_slopes, copy, penalty, zero
from optbench.nets.layout import (
    AT_ONCE,
    B_OWNED,
    BATCH,
    BATCH_X,
    BATCH_Y,
    BEST,
    COEFFICIENTS,
    FEATURES,
    FIELDS,
    GHOST,
    HEIGHT,
    JUDGED,
    KEPT,
    L1,
    L2,
    LANES,
    LIMIT,
    LOSS,
    MIXED_X,
    MIXED_Y,
    N_LAYERS,
    N_TRAIN,
    NORM,
    NORMS,
    ORDERED,
    PENALIZED,
    POPULATION,
    RATES,
    RUNNING,
    RUNNING_MEAN,
    RUNNING_VAR,
    SMOOTHING,
    STATISTICS,
    STOPPING,
    TARGETS,
    UNITS,
    B,
    W,
)  # fmt: skip
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
from optbench.nets.stopping import IMPROVED, NUMBERS, QUOTIENT, STOP, advance, begin


def examples(p, q, start, rows):
    """Return X [rows, k] and the targets of `rows` consecutive examples."""
    k, m = q[FEATURES], q[TARGETS]
    n = q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]
    return matrix(p, start * k, rows, k), matrix(p, n * k + start * m, rows, m)


def example(q, t, j, key):
    """Return the number of example j of the mini-batch of step t."""
    rows, n = q[BATCH], q[N_TRAIN]
    return (t * rows + j) % n if q[ORDERED] else sample(key, t, j, rows, n)


def gather(p, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and targets.

    With mixup the targets of a cross-entropy are two labels and the share of the first.
    """
    rows, k, m = q[BATCH], q[FEATURES], q[TARGETS]
    targets = (q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]) * k
    for j in range(rows):
        i = example(q, t, j, key)
        if not q[HEIGHT]:
            copy(p, i * k, work, q[BATCH_X] + j * k, k)
        copy(p, targets + i * m, work, q[BATCH_Y] + j * m, m)
    if q[HEIGHT]:
        for j in span(rows):
            first = example(q, t, j, key) * k
            augment(p, first, q, work, q[BATCH_X] + j * k, image_key(key, t, j))
    sync()
    if q[MIXED_X]:
        mix_up(p, q, work, t, key)
        m = 3 if q[LOSS] == CROSS_ENTROPY else m
        return matrix(work, q[MIXED_X], rows, k), matrix(work, q[MIXED_Y], rows, m)
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
    l1, l2, value, done = p[at + L1] * half, p[at + L2] * half, params.dtype.type(0), 0
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
    changed = q[HEIGHT] or q[MIXED_X] or q[GHOST]
    gathered = not full and (n < q[N_TRAIN] or changed)
    loss, weight = number(0), number(1) / number(n)
    smoothing = p[p.size - COEFFICIENTS + SMOOTHING]
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
    if q[RATES]:
        freeze(grads, p)
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
    smoothing = p[p.size - COEFFICIENTS + SMOOTHING]
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


def adjust(x, before, f, p, q, work, key, done, last):
    """Do what a net does after each step, and before the first (see `kernels.memory.calls`).

    Fills f with 1 where early stopping ends the lane; x then is the best point so far.
    """
    params = vector(x, 0, x.size)
    sync()
    if done and q[RATES]:
        scale_changes(params, vector(before, 0, before.size), p)
    if done and q[NORMS]:
        limit_norms(params, p, q, work)
    stop = q[STOPPING] and judge(x, p, q, work, done, last)
    for j in span(f.shape[0]):
        f[j] = 1.0 if stop else 0.0
    sync()


def judge(x, p, q, work, done, last):
    """Show an epoch's end to the criterion of early stopping; say whether the lane ends there.

    The best parameters so far are kept, and put back into x at the end, unless the lane diverged.
    At the end of the budget the point counts as a record.
    """
    params, state = vector(x, 0, x.size), vector(work, q[JUDGED], NUMBERS)
    if done == 0:
        for _ in span(1):
            begin(state)
        sync()
    if done % max(1, q[N_TRAIN] // q[BATCH]) and not last:
        return False
    m, criterion = matrix(work, q[JUDGED] + LANES, 2, LANES), q[STOPPING]
    train = x.dtype.type(0)
    if criterion == QUOTIENT:
        metrics(x, m, p, q, work, 0)
        train = m[0, 0]
    metrics(x, m, p, q, work, 1)
    limit = p[p.size - COEFFICIENTS + LIMIT]
    for _ in span(1):
        advance(criterion, limit, state, train, m[0, 0])
    sync()
    stop = state[STOP] > 0.0
    if state[IMPROVED] > 0.0:
        exchange(params, q, work, False)
    elif (stop or last) and abs(m[0, 0]) < math.inf:
        exchange(params, q, work, True)
    return stop


def exchange(params, q, work, back):
    """Keep the parameters and the running statistics, or put `back` those that were kept."""
    exchange_part(params, 0, params.size, work, q[BEST], back)
    at = q[BEST] + params.size
    if q[STATISTICS] == RUNNING:
        for layer in range(1, q[N_LAYERS] + 1):
            r = record(layer)
            if q[r + NORM] == BATCH_NORM:
                exchange_part(work, q[r + RUNNING_MEAN], q[r + UNITS], work, at, back)
                at += LANES * -(-q[r + UNITS] // LANES)
                exchange_part(work, q[r + RUNNING_VAR], q[r + UNITS], work, at, back)
                at += LANES * -(-q[r + UNITS] // LANES)
    sync()


def exchange_part(v, first, n, work, at, back):
    """Copy v[first : first + n] to ``work[at:]``, or `back`."""
    if back:
        copy(work, at, v, first, n)
    else:
        copy(v, first, work, at, n)


_CALLS = {"problem": ProblemCall, "metrics": MetricsCall, "adjust": ProblemCall}


@functools.cache
def _retyped(dtype):
    functions = retype_all([problem, metrics, adjust], dtype)
    return dict(zip(_CALLS, functions, strict=True))


@functools.cache
def compiled(name, dtype):
    """Return the kernel "problem", "metrics" or "adjust" for a dtype, compiled once a process."""
    return whole_block(_retyped(dtype)[name], _CALLS[name], dtype)


def is_kept(name, dtype):
    """Say whether a kernel need not be compiled, or could not be kept (see `cache.is_cached`)."""
    call = _CALLS[name]
    return in_cache(whole_function(_retyped(dtype)[name], call, dtype), signature(call, dtype))
