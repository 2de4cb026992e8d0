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
from optbench.kernels.primitives import matmul, matrix, span, sync, vector
from optbench.kernels.random import sample
from optbench.nets.activations import LEAK, LEAKY_RELU, LINEAR, PRELU
from optbench.nets.architecture import BATCH_NORM, LAYER_NORM, NO_NORM
from optbench.nets.layers import (
    activate,
    add,
    add_bias,
    add_columns,
    add_penalty_slopes,
    draw_mask,
    mask_key,
    multiply,
    penalty,
    through_activation,
    through_slope,
    zero,
)
from optbench.nets.layout import (
    AFFINE,
    AT_ONCE,
    B,
    B_OWNED,
    BATCH,
    BATCH_X,
    BATCH_Y,
    BETA,
    COEFFICIENTS,
    DROP,
    ERRORS,
    FEATURES,
    FIELDS,
    GAMMA,
    GHOST,
    HEAD,
    IN_PLACE,
    INVERSE,
    KEPT,
    KIND,
    LOSS,
    MASK,
    MEAN,
    N_LAYERS,
    N_TRAIN,
    NORM,
    OUT,
    PENALIZED,
    POPULATION,
    RUNNING,
    RUNNING_MEAN,
    RUNNING_VAR,
    SKIP,
    SLOPE,
    STATISTICS,
    SUMS,
    TARGETS,
    TURNED,
    UNITS,
    W,
    W_ADDS,
)
from optbench.nets.losses import BINARY, CROSS_ENTROPY, hits, loss_gradient, probabilities
from optbench.nets.norms import (
    batch_gradient,
    batch_statistics,
    layer_norm,
    layer_norm_gradient,
    standardise,
    update_running,
    use_running,
)

MINI_BATCH, ALL, GIVEN, FIXED, STATISTICS_ONLY, OUTPUTS = 0, 1, 2, 3, 4, 5
"""What `problem` does by its argument `full`.

The engine asks for a mini-batch (0) or for the objective on all training examples without noise
(1): nothing is dropped, and all examples are one batch to batch normalisation. From Python come:
train on all examples as one mini-batch (2), evaluate them with the running statistics (3), and run
them forward only, with their own statistics (4) or the running ones (5).
"""


def examples(p, q, start, rows):
    """Return X [rows, k] and the targets of `rows` consecutive examples."""
    k, m = q[FEATURES], q[TARGETS]
    n = q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]
    return matrix(p, start * k, rows, k), matrix(p, n * k + start * m, rows, m)


def record(layer):
    """Return where in `q` the record of a layer begins; layer 0 is the input."""
    return HEAD + FIELDS * layer


def gather(p, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and targets."""
    rows, k, m = q[BATCH], q[FEATURES], q[TARGETS]
    every_X, every_Y = examples(p, q, 0, q[N_TRAIN])
    X, Y = matrix(work, q[BATCH_X], rows, k), matrix(work, q[BATCH_Y], rows, m)
    for j in range(rows):
        i = sample(key, t, j, rows, q[N_TRAIN])
        for c in span(k):
            X[j, c] = every_X[i, c]
        for c in span(m):
            Y[j, c] = every_Y[i, c]
    sync()
    return X, Y


def stored_weights(v, q, r):
    """Return W of the layer with record `r` as it is stored: [n_out, n_in] if it is turned."""
    n_in, n_out = q[r - FIELDS + UNITS], q[r + UNITS]
    if q[r + TURNED]:
        n_in, n_out = n_out, n_in
    return matrix(v, q[r + W], n_in, n_out)


def lower_slope(params, q, r):
    """Return the slope below 0 of an activation that is two straight lines."""
    kind = q[r + KIND]
    if kind == PRELU:
        return params[q[r + SLOPE]]
    if kind == LEAKY_RELU:
        return params.dtype.type(LEAK)
    return params.dtype.type(kind == LINEAR)


# ------------------------------------------------------------------------------------ the passes


def normalise(params, q, r, work, rows, mode):
    """Normalise what the affine map of the layer with record `r` gave."""
    n = q[r + UNITS]
    H, Z = matrix(work, q[r + AFFINE], rows, n), matrix(work, q[r + KEPT], rows, n)
    gamma, beta = vector(params, q[r + GAMMA], n), vector(params, q[r + BETA], n)
    if q[r + NORM] == LAYER_NORM:
        layer_norm(H, vector(work, q[r + INVERSE], rows), gamma, beta, Z)
        return
    fixed, step = mode == FIXED or mode == OUTPUTS, ghost_rows(q, rows, mode)
    if fixed and q[STATISTICS] == RUNNING:
        use_running(
            vector(work, q[r + RUNNING_MEAN], n), vector(work, q[r + RUNNING_VAR], n),
            vector(work, q[r + MEAN], n), vector(work, q[r + INVERSE], n), work[0] == 0.0,
        )  # fmt: skip
    group = 0
    for first in range(0, rows, step):
        last = min(first + step, rows)
        mean = vector(work, q[r + MEAN] + group * n, n)
        inverse = vector(work, q[r + INVERSE] + group * n, n)
        if not fixed:
            batch_statistics(H, first, last, mean, inverse)
        standardise(H, first, last, mean, inverse, gamma, beta, Z)
        group += 1
    sync()


def ghost_rows(q, rows, mode):
    """Return how many rows share their statistics."""
    return q[GHOST] if q[GHOST] and (mode == MINI_BATCH or mode == GIVEN) else rows


def keep_running(q, work, rows, mode):
    """Update the running statistics of all layers with those of the batch."""
    step = ghost_rows(q, rows, mode)
    for layer in range(1, q[N_LAYERS] + 1):
        r = record(layer)
        if q[r + NORM] == BATCH_NORM:
            n, group = q[r + UNITS], 0
            for first in range(0, rows, step):
                update_running(
                    vector(work, q[r + RUNNING_MEAN], n), vector(work, q[r + RUNNING_VAR], n),
                    vector(work, q[r + MEAN] + group * n, n),
                    vector(work, q[r + INVERSE] + group * n, n),
                    min(step, rows - first), work[0] == 0.0 and group == 0,
                )  # fmt: skip
                group += 1
    sync()
    work[0] = 1.0
    sync()


def forward(params, X, q, work, mode, t, key):
    """Run the examples X through the net; the last layer's buffer then holds its outputs.

    Outputs are not activated: they go to the loss.
    """
    rows = X.shape[0]
    dropping = mode == MINI_BATCH or mode == GIVEN
    A = X
    if dropping and q[HEAD + DROP]:
        n, k = X.size, X.shape[1]
        mask, out = vector(work, q[HEAD + MASK], n), vector(work, q[HEAD + OUT], n)
        draw_mask(mask, n, mask_key(key, t, 0), q[HEAD + DROP])
        multiply(vector(X, 0, n), mask, out, n)
        A = matrix(work, q[HEAD + OUT], rows, k)
    for layer in range(1, q[N_LAYERS] + 1):
        r = record(layer)
        units, kind = q[r + UNITS], q[r + KIND]
        n = rows * units
        H = matrix(work, q[r + AFFINE], rows, units)
        matmul(A, stored_weights(params, q, r), H, False, q[r + TURNED])
        add_bias(vector(work, q[r + AFFINE], n), H, vector(params, q[r + B], units))
        if q[r + NORM] != NO_NORM:
            normalise(params, q, r, work, rows, mode)
        kept, out = vector(work, q[r + KEPT], n), vector(work, q[r + OUT], n)
        activated = kept if q[r + IN_PLACE] else out
        if kind != LINEAR:
            activate(kind, lower_slope(params, q, r), kept, activated, n)
        if dropping and q[r + DROP]:
            mask = vector(work, q[r + MASK], n)
            draw_mask(mask, n, mask_key(key, t, layer), q[r + DROP])
            multiply(activated, mask, out, n)
            activated = out
        if q[r + SKIP]:
            add(activated, vector(A, 0, n), out, n)
        A = matrix(work, outputs_of(q, r, dropping), rows, units)
    return A


def outputs_of(q, r, dropping):
    """Return where in `work` the outputs of the layer with record `r` are."""
    apart = q[r + SKIP] or (dropping and q[r + DROP]) or not q[r + IN_PLACE]
    return q[r + OUT] if apart else q[r + KEPT]


def through_norm(params, grads, q, r, work, rows, mode):
    """Turn AFFINE into dLoss/d(what the affine map gave), given dLoss/dz in KEPT."""
    n = q[r + UNITS]
    H, D = matrix(work, q[r + AFFINE], rows, n), matrix(work, q[r + KEPT], rows, n)
    gamma = vector(params, q[r + GAMMA], n)
    dgamma, dbeta = vector(grads, q[r + GAMMA], n), vector(grads, q[r + BETA], n)
    if q[r + NORM] == LAYER_NORM:
        layer_norm_gradient(H, vector(work, q[r + INVERSE], rows), gamma, D, dgamma, dbeta)
        return
    sums, slopes = vector(work, q[r + SUMS], n), vector(work, q[r + SUMS] + n, n)
    step, group = ghost_rows(q, rows, mode), 0
    for start in range(0, rows, step):
        batch_gradient(
            H, start, min(start + step, rows), vector(work, q[r + INVERSE] + group * n, n),
            gamma, D, sums, slopes, dgamma, dbeta, mode == FIXED,
        )  # fmt: skip
        group += 1
    sync()


def through_layer(params, grads, q, r, work, rows, mode):
    """Turn AFFINE into dLoss/d(what the affine map gave), given dLoss/d(outputs) in ERRORS."""
    kind, n = q[r + KIND], rows * q[r + UNITS]
    errors, kept = vector(work, q[ERRORS], n), vector(work, q[r + KEPT], n)
    place = q[ERRORS]
    if q[r + DROP] and (mode == MINI_BATCH or mode == GIVEN):
        place = q[r + MASK]
        multiply(errors, vector(work, place, n), vector(work, place, n), n)
    errors = vector(work, place, n)
    if kind == PRELU:
        s = through_slope(errors, kept, n)
        for _ in span(1):
            grads[q[r + SLOPE]] += s
    through_activation(kind, lower_slope(params, q, r), errors, kept, n)
    if q[r + NORM] != NO_NORM:
        through_norm(params, grads, q, r, work, rows, mode)


def backward(params, grads, X, q, work, mode, first):
    """Add the examples' share to the gradient (set that of weights if `first`).

    The last layer's buffer holds dLoss/d(its outputs).
    """
    rows, dropping = X.shape[0], mode == MINI_BATCH or mode == GIVEN
    for layer in range(q[N_LAYERS], 0, -1):
        r = record(layer)
        below = r - FIELDS
        units = q[r + UNITS]
        if layer < q[N_LAYERS]:
            through_layer(params, grads, q, r, work, rows, mode)
        H, A = matrix(work, q[r + AFFINE], rows, units), X
        if layer > 1:
            A = matrix(work, outputs_of(q, below, dropping), rows, q[below + UNITS])
        elif dropping and q[below + DROP]:
            A = matrix(work, q[below + OUT], rows, q[below + UNITS])
        dW, more = stored_weights(grads, q, r), not first or q[r + W_ADDS] == 1
        if q[r + TURNED]:
            matmul(H, A, dW, True, False, more)
        else:
            matmul(A, H, dW, True, False, more)
        add_columns(vector(H, 0, H.size), H, vector(grads, q[r + B], units))
        if layer > 1:
            E = matrix(work, q[ERRORS], rows, q[below + UNITS])
            matmul(H, stored_weights(params, q, r), E, False, not q[r + TURNED], q[r + SKIP])


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
    loss, weight = number(0), number(1) / number(n)
    smoothing = p[p.size - COEFFICIENTS + 2]
    last = q[record(q[N_LAYERS]) + KEPT]
    clear(grads, q)
    for start in range(0, n, step):
        if full:
            X, Y = examples(p, q, start, min(step, n - start))
        else:
            X, Y = gather(p, q, work, t, key[0])
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
