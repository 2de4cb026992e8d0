"""The objective of a net: loss and gradient of a batch, loss and accuracy of a part of the data.

All that makes a net is integers in `q`; see `packing` for what lies where.
"""

import math

import numpy as np

from optbench.kernels.products.primitives import called, matrix, span, sync, vector
from optbench.nets.adjusting import freeze
from optbench.nets.batches import count_labels, examples, gather, labels_each
from optbench.nets.judging import loss_of_rows, right_rows, turn, turns
from optbench.nets.losses import BINARY, CROSS_ENTROPY, loss_gradient
from optbench.nets.outputs import hits, probabilities
from optbench.nets.packing import (
    AT_ONCE,
    BATCH,
    COEFFICIENTS,
    D_OUTPUT,
    GHOST,
    HEIGHT,
    LOSS,
    LOSSES_AT,
    MIXED_X,
    N_OUTPUT,
    N_TRAIN,
    OUTPUT,
    POPULATION,
    RATES,
    SMOOTHING,
    STATISTICS,
    UNLABELLED,
)
from optbench.nets.penalties import penalties
from optbench.nets.tape.modes import FIXED_OUTPUTS, ONE_BATCH, OUTPUTS
from optbench.nets.tape.walk import clear, copy_outputs, load, run_backward, run_forward


def fill(params, X, q, work, mode, t, key, gathered):
    """Run the examples X through the net; `gathered` says that they are in its buffer."""
    if not gathered:
        load(X, q, work)
    run_forward(params, q, work, X.shape[0], mode, t, key)


@called
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
    each = labels_each(q)  # what follows the net sees a row an answer
    loss, weight = number(0), number(1) / number(n * each)
    smoothing = p[p.size - COEFFICIENTS + SMOOTHING]
    if q[UNLABELLED] and not gathered:
        weight = number(1) / count_labels(examples(p, q, 0, n)[1])
    clear(grads, q)
    for start in range(0, n, step):
        if gathered:
            X, Y = gather(p, q, work, t, key)
            if q[UNLABELLED]:
                weight = number(1) / count_labels(Y)
        else:  # a batch of all examples is the same in any order
            X, Y = examples(p, q, start, min(step, n - start))
        rows, n_out = X.shape[0] * each, q[N_OUTPUT] // each
        fill(params, X, q, work, full, t, key[0], gathered)
        if full >= OUTPUTS:
            outputs = vector(work, q[OUTPUT], rows * n_out)
            probabilities(q[LOSS], outputs, matrix(work, q[OUTPUT], rows, n_out))
        else:
            copy_outputs(q, work, X.shape[0])
            loss += loss_gradient(
                q[LOSS], work, q[D_OUTPUT], rows, n_out, q[LOSSES_AT], Y, weight, smoothing
            )
            run_backward(params, grads, q, work, X.shape[0], full, t, key[0], start == 0)
    loss += penalties(params, grads, p, q, True)
    if q[RATES]:
        freeze(grads, p)
    if full <= ONE_BATCH:
        for _ in span(1):
            work[0] = 1.0  # running statistics are no longer at their start
    for j in span(f.shape[0]):
        f[j] = loss
    sync()


@called
def metrics(x, m, p, q, work, part):
    """Fill m[0] with the loss and m[1] with the accuracy on part 0, 1, 2 of the data.

    On the training part the loss is the objective, penalties included. The accuracy is the share of
    examples, or of steps with a label, that are classified rightly; NaN for losses of regression.
    """
    params = vector(x, 0, x.size)
    number = params.dtype.type
    n, begin = q[N_TRAIN + part], 0
    for earlier in range(part):
        begin += q[N_TRAIN + earlier]
    stream = np.uint64(0)  # nothing is dropped
    mode = FIXED_OUTPUTS if part else OUTPUTS
    if part and q[STATISTICS] == POPULATION:
        fill(params, examples(p, q, 0, q[N_TRAIN])[0], q, work, OUTPUTS, 0, stream, False)
    each = labels_each(q)
    loss, accuracy, weight = number(0), number(0), number(1) / number(n * each)
    if q[UNLABELLED]:
        weight = number(1) / count_labels(examples(p, q, begin, n)[1])
    smoothing = p[p.size - COEFFICIENTS + SMOOTHING]
    classifies = q[LOSS] == CROSS_ENTROPY or q[LOSS] == BINARY
    turned = turns(q, work, q[N_OUTPUT] // each, smoothing)
    for start in range(begin, begin + n, q[AT_ONCE]):
        X, Y = examples(p, q, start, min(q[AT_ONCE], begin + n - start))
        rows, n_out = X.shape[0] * each, q[N_OUTPUT] // each
        fill(params, X, q, work, mode, 0, stream, False)
        if turned:
            turn(work, q[OUTPUT], q[D_OUTPUT], rows, n_out)
            accuracy += right_rows(work, q[D_OUTPUT], rows, n_out, Y)
            loss += loss_of_rows(work, q[D_OUTPUT], rows, n_out, Y) * weight
            continue
        copy_outputs(q, work, X.shape[0])
        if classifies:
            accuracy += hits(q[LOSS], matrix(work, q[D_OUTPUT], rows, n_out), Y)
            sync()
        loss += loss_gradient(
            q[LOSS], work, q[D_OUTPUT], rows, n_out, q[LOSSES_AT], Y, weight, smoothing
        )
    if not part:
        loss += penalties(params, params, p, q, False)
    accuracy = accuracy * weight if classifies else math.nan
    for j in span(m.shape[1]):
        m[0, j] = loss
        m[1, j] = accuracy
    sync()
