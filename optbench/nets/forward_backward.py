"""The two passes through a net: forward, and backward for the gradient.

All that makes a net is integers in `q`; see `packing` for what lies where. `r` is where the
descriptor of a layer begins.
"""

from optbench.kernels.products.primitives import gives_view, matmul, matrix, span, sync, vector
from optbench.nets.activations import LEAK, LEAKY_RELU, LINEAR, PRELU
from optbench.nets.architecture import BATCH_NORM, LAYER_NORM, NO_NORM
from optbench.nets.layer_operations import (
    activate,
    add,
    add_bias,
    add_columns,
    draw_mask,
    mask_key,
    multiply,
    through_activation,
    through_slope,
)
from optbench.nets.norms import (
    batch_gradient,
    batch_statistics,
    batch_sums,
    layer_norm,
    layer_norm_gradient,
    standardise,
    update_running,
    use_running,
)
from optbench.nets.packing import (
    AFFINE,
    BETA,
    DROP,
    ERRORS,
    FIELDS,
    GAMMA,
    GHOST,
    HEAD,
    IN_PLACE,
    INVERSE,
    KIND,
    MASK,
    MEAN,
    N_LAYERS,
    NORM,
    OPERAND,
    OUT,
    RUNNING,
    RUNNING_MEAN,
    RUNNING_VAR,
    SKIP,
    SLOPE,
    STATISTICS,
    SUMS,
    TURNED,
    UNITS,
    W_ADDS,
    B,
    W,
    descriptor_start,
)
from optbench.nets.tape.modes import FIXED, FIXED_OUTPUTS, MINI_BATCH, ONE_BATCH


@gives_view
def stored_weights(v, q, r):
    """Return W of the layer with descriptor `r` as it is stored: [n_out, n_in] if it is turned."""
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


def normalise(params, q, r, work, rows, mode):
    """Normalise the outputs of the affine map of the layer with descriptor `r`."""
    n = q[r + UNITS]
    H, Z = matrix(work, q[r + AFFINE], rows, n), matrix(work, q[r + OPERAND], rows, n)
    gamma, beta = vector(params, q[r + GAMMA], n), vector(params, q[r + BETA], n)
    if q[r + NORM] == LAYER_NORM:
        layer_norm(H, vector(work, q[r + INVERSE], rows), gamma, beta, Z)
        return
    fixed, step = mode == FIXED or mode == FIXED_OUTPUTS, ghost_rows(q, rows, mode)
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
        standardise(H, first, last, mean, inverse, gamma, beta, H, Z)
        group += 1
    sync()


def ghost_rows(q, rows, mode):
    """Return how many rows share their statistics."""
    return q[GHOST] if q[GHOST] and (mode == MINI_BATCH or mode == ONE_BATCH) else rows


def keep_running(q, work, rows, mode):
    """Update the running statistics of all layers with those of the batch."""
    step = ghost_rows(q, rows, mode)
    for layer in range(1, q[N_LAYERS] + 1):
        r = descriptor_start(layer)
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


def fill_forward(params, X, q, work, mode, t, key):
    """Fill the buffers of all layers."""
    rows = X.shape[0]
    dropping = mode == MINI_BATCH or mode == ONE_BATCH
    A = X
    if dropping and q[HEAD + DROP]:
        n, k = X.size, X.shape[1]
        mask, out = vector(work, q[HEAD + MASK], n), vector(work, q[HEAD + OUT], n)
        draw_mask(mask, n, mask_key(key, t, 0), q[HEAD + DROP])
        multiply(vector(X, 0, n), mask, out, n)
        A = matrix(work, q[HEAD + OUT], rows, k)
    for layer in range(1, q[N_LAYERS] + 1):
        r = descriptor_start(layer)
        units, kind = q[r + UNITS], q[r + KIND]
        n = rows * units
        H = matrix(work, q[r + AFFINE], rows, units)
        matmul(A, stored_weights(params, q, r), H, False, q[r + TURNED])
        low, normed = lower_slope(params, q, r), q[r + NORM] != NO_NORM
        at_once = q[r + IN_PLACE] and not normed
        add_bias(
            kind if at_once else LINEAR, low if at_once else params.dtype.type(1),
            vector(work, q[r + AFFINE], n), H, vector(params, q[r + B], units),
        )  # fmt: skip
        if normed:
            normalise(params, q, r, work, rows, mode)
        operand, out = vector(work, q[r + OPERAND], n), vector(work, q[r + OUT], n)
        activated = operand if q[r + IN_PLACE] else out
        if kind != LINEAR and not at_once:
            activate(kind, low, operand, activated, n)
        if dropping and q[r + DROP]:
            mask = vector(work, q[r + MASK], n)
            draw_mask(mask, n, mask_key(key, t, layer), q[r + DROP])
            multiply(activated, mask, out, n)
            activated = out
        if q[r + SKIP]:
            add(activated, vector(A, 0, n), out, n)
        A = matrix(work, outputs_of(q, r, dropping), rows, units)


def outputs_of(q, r, dropping):
    """Return where in `work` the outputs of the layer with descriptor `r` are."""
    apart = q[r + SKIP] or (dropping and q[r + DROP]) or not q[r + IN_PLACE]
    return q[r + OUT] if apart else q[r + OPERAND]


def through_norm(params, grads, q, r, work, rows, mode):
    """Turn AFFINE into dLoss/d(outputs of the affine map), given dLoss/dz in OPERAND."""
    n = q[r + UNITS]
    H, D = matrix(work, q[r + AFFINE], rows, n), matrix(work, q[r + OPERAND], rows, n)
    gamma = vector(params, q[r + GAMMA], n)
    dgamma, dbeta = vector(grads, q[r + GAMMA], n), vector(grads, q[r + BETA], n)
    if q[r + NORM] == LAYER_NORM:
        layer_norm_gradient(H, vector(work, q[r + INVERSE], rows), gamma, D, dgamma, dbeta)
        return
    sums, slopes = vector(work, q[r + SUMS], n), vector(work, q[r + SUMS] + n, n)
    step, group = ghost_rows(q, rows, mode), 0
    for start in range(0, rows, step):
        last, inverse = min(start + step, rows), vector(work, q[r + INVERSE] + group * n, n)
        batch_sums(H, start, last, D, sums, slopes, dgamma, dbeta)
        batch_gradient(H, start, last, inverse, gamma, D, sums, slopes, mode == FIXED, H)
        group += 1
    sync()


def through_layer(params, grads, q, r, work, rows, mode):
    """Turn AFFINE into dLoss/d(outputs of the affine map), given dLoss/d(outputs) in ERRORS."""
    kind, n = q[r + KIND], rows * q[r + UNITS]
    errors, operand = vector(work, q[ERRORS], n), vector(work, q[r + OPERAND], n)
    place = q[ERRORS]
    if q[r + DROP] and (mode == MINI_BATCH or mode == ONE_BATCH):
        place = q[r + MASK]
        multiply(errors, vector(work, place, n), vector(work, place, n), n)
    errors = vector(work, place, n)
    if kind == PRELU:
        s = through_slope(errors, operand, n)
        for _ in span(1):
            grads[q[r + SLOPE]] += s
    through_activation(kind, lower_slope(params, q, r), errors, operand, n)
    if q[r + NORM] != NO_NORM:
        through_norm(params, grads, q, r, work, rows, mode)


def backward(params, grads, X, q, work, mode, first):
    """Add the examples' share to the gradient (set that of weights if `first`).

    The last layer's buffer holds dLoss/d(its outputs).
    """
    rows, dropping = X.shape[0], mode == MINI_BATCH or mode == ONE_BATCH
    for layer in range(q[N_LAYERS], 0, -1):
        r = descriptor_start(layer)
        below = r - FIELDS
        units = q[r + UNITS]
        if layer < q[N_LAYERS]:
            through_layer(params, grads, q, r, work, rows, mode)
        H, A = matrix(work, q[r + AFFINE], rows, units), X
        if layer > 1:
            A = matrix(work, outputs_of(q, below, dropping), rows, q[below + UNITS])
        elif dropping and q[below + DROP]:
            A = matrix(work, q[below + OUT], rows, q[below + UNITS])
        dW, adds = stored_weights(grads, q, r), not first or q[r + W_ADDS] == 1
        if q[r + TURNED]:
            matmul(H, A, dW, True, False, adds)
        else:
            matmul(A, H, dW, True, False, adds)
        add_columns(vector(H, 0, H.size), H, vector(grads, q[r + B], units))
        if layer > 1:
            E = matrix(work, q[ERRORS], rows, q[below + UNITS])
            matmul(H, stored_weights(params, q, r), E, False, not q[r + TURNED], q[r + SKIP])
