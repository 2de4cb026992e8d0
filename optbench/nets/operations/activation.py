"""An activation by itself; the slope of a PReLU is a tensor."""

from optbench.kernels.products.primitives import get, put, span, sync, vector, wide
from optbench.nets.activations import PRELU, SIGMOID, TANH, slope
from optbench.nets.layer_operations import activate, through_slope
from optbench.nets.operations.dense import low_of
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

KIND, SLOPE = range(OWN, OWN + 2)
"""SLOPE is the place of the slope of a PReLU in `params`."""


def low_slope(params, q, r):
    """Return the slope below 0 of an activation that is two straight lines."""
    if q[r + KIND] == PRELU:
        return params[q[r + SLOPE]]
    return low_of(params, q[r + KIND])


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n = rows * q[r + N_OUT]
    z, out = vector(work, q[r + IN], n), vector(work, q[r + OUT], n)
    activate(q[r + KIND], low_slope(params, q, r), z, out, n)


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input); add to the gradient of the slope of a PReLU."""
    kind, n = q[r + KIND], rows * q[r + N_OUT]
    errors, z = vector(work, q[r + D_OUT], n), vector(work, q[r + IN], n)
    if kind == PRELU:
        s = through_slope(errors, z, n)
        for _ in span(1):
            grads[q[r + SLOPE]] += s
        sync()
    if q[r + D_IN] < 0:
        return
    operands = vector(work, q[r + OUT], n) if kind == SIGMOID or kind == TANH else z
    low, to = low_slope(params, q, r), vector(work, q[r + D_IN], n)
    if q[r + D_ADDS]:
        for c in wide(to, n):
            put(to, c, get(to, c) + get(errors, c) * slope(kind, low, get(operands, c)))
    else:
        for c in wide(to, n):
            put(to, c, get(errors, c) * slope(kind, low, get(operands, c)))
    sync()
