"""An embedding: every token, a whole number in the values, becomes a row of W [vocabulary, UNITS].

Tokens outside of the vocabulary are refused with the data; see `nets.layers.embedding`.
"""

from optbench.kernels.products.primitives import sync
from optbench.nets.layer_operations import copy
from optbench.nets.operations.steps import accumulate
from optbench.nets.tape.records import D_OUT, IN, N_IN, OUT, OWN

W, UNITS = range(OWN, OWN + 2)


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n = q[r + UNITS]
    for e in range(rows * q[r + N_IN]):
        token = int(work[q[r + IN] + e])
        copy(params, q[r + W] + token * n, work, q[r + OUT] + e * n, n)
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Add to the gradient of W, token by token in their order; tokens have none."""
    n = q[r + UNITS]
    for e in range(rows * q[r + N_IN]):
        token = int(work[q[r + IN] + e])
        accumulate(work, q[r + D_OUT] + e * n, grads, q[r + W] + token * n, n)
    sync()
