"""Examples whose last number is the number of their valid time steps: the two apart."""

from optbench.kernels.products.primitives import span, sync
from optbench.nets.layer_operations import copy
from optbench.nets.tape.records import IN, N_IN, N_OUT, OUT, OWN

VALID = OWN
"""Place of the number of valid time steps of each example."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT and VALID."""
    for i in range(rows):
        copy(work, q[r + IN] + i * q[r + N_IN], work, q[r + OUT] + i * q[r + N_OUT], q[r + N_OUT])
    for i in span(rows):
        work[q[r + VALID] + i] = work[q[r + IN] + (i + 1) * q[r + N_IN] - 1]
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Do nothing: examples have no gradient."""
