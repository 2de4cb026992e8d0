"""A dense layer, ``OUT = activation(IN @ W + b)``, over the last axis of its input.

The activation is one whose slope follows from its output, or linear. W is stored [n_in, units].
"""

from optbench.kernels.products.primitives import matmul, matrix, vector
from optbench.nets.activations import LEAK, LEAKY_RELU, LINEAR
from optbench.nets.layer_operations import activate, add_bias, add_columns, scale_by_slopes
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_IN, OUT, OWN, adds_to

W, B, W_ADDS, UNITS_IN, UNITS, KIND, TURNED = range(OWN, OWN + 7)
"""B is -1 without biases. TURNED is 1 where W is stored [units, n_in]: it is another layer's."""


def stored(v, q, r):
    """Return W as it is stored."""
    n_in, units = q[r + UNITS_IN], q[r + UNITS]
    if q[r + TURNED]:
        n_in, units = units, n_in
    return matrix(v, q[r + W], n_in, units)


def low_of(params, kind):
    """Return the slope below 0 of an activation that is two straight lines."""
    if kind == LEAKY_RELU:
        return params.dtype.type(LEAK)
    return params.dtype.type(kind == LINEAR)


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n_in, units, kind = q[r + UNITS_IN], q[r + UNITS], q[r + KIND]
    n = rows * (q[r + N_IN] // n_in)
    H = matrix(work, q[r + OUT], n, units)
    matmul(matrix(work, q[r + IN], n, n_in), stored(params, q, r), H, False, q[r + TURNED])
    h = vector(work, q[r + OUT], n * units)
    if q[r + B] >= 0:
        add_bias(kind, low_of(params, kind), h, H, vector(params, q[r + B], units))
    elif kind != LINEAR:
        activate(kind, low_of(params, kind), h, h, n * units)


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Set or add to the gradients of W and b, and give dLoss/d(input)."""
    n_in, units, kind = q[r + UNITS_IN], q[r + UNITS], q[r + KIND]
    n = rows * (q[r + N_IN] // n_in)
    D = matrix(work, q[r + D_OUT], n, units)
    if kind != LINEAR:
        outputs = vector(work, q[r + OUT], n * units)
        errors = vector(work, q[r + D_OUT], n * units)
        scale_by_slopes(kind, low_of(params, kind), errors, outputs, n * units)
    A, dW = matrix(work, q[r + IN], n, n_in), stored(grads, q, r)
    adds = adds_to(q, r + W_ADDS, first)
    if q[r + TURNED]:
        matmul(D, A, dW, True, False, adds)
    else:
        matmul(A, D, dW, True, False, adds)
    if q[r + B] >= 0:
        add_columns(vector(work, q[r + D_OUT], n * units), D, vector(grads, q[r + B], units))
    if q[r + D_IN] >= 0:
        E = matrix(work, q[r + D_IN], n, n_in)
        matmul(D, stored(params, q, r), E, False, not q[r + TURNED], q[r + D_ADDS])
