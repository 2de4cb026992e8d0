"""The two walks over the records of a tape: forward, and backward for the gradient."""

from optbench.kernels.memory.operations import MOST, run_operation
from optbench.kernels.products.primitives import called, sync, vector
from optbench.nets.layer_operations import copy, zero
from optbench.nets.packing import (
    CLEARED,
    D_OUTPUT,
    INPUT,
    N_CLEARED,
    N_OUTPUT,
    N_RECORDS,
    OUTPUT,
)
from optbench.nets.tape.records import D_OUT, OP, record_start


def load(X, q, work):
    """Copy the examples X to where the first record reads them."""
    copy(vector(X, 0, X.size), 0, work, q[INPUT], X.size)
    sync()


@called
def run_forward(params, q, work, rows, mode, t, key):
    """Fill the values of all records."""
    for i in range(q[N_RECORDS]):
        r = record_start(q, i)
        run_operation(q[r + OP], params, params, q, work, key, r, rows, mode, t, 0)


@called
def run_backward(params, grads, q, work, rows, mode, t, key, first):
    """Add the examples' share to the gradient, given dLoss/d(outputs) in D_OUTPUT."""
    for i in range(q[N_RECORDS] - 1, -1, -1):
        r = record_start(q, i)
        if q[r + D_OUT] >= 0:
            run_operation(
                q[r + OP] + MOST, params, grads, q, work, key, r, rows, mode, t, 1 if first else 0
            )


def clear(grads, q):
    """Zero the gradient but for the tensors that operations set."""
    for i in range(q[N_CLEARED]):
        begin, end = q[q[CLEARED] + 2 * i], q[q[CLEARED] + 2 * i + 1]
        zero(grads, begin, end)
    sync()


def copy_outputs(q, work, rows):
    """Copy the outputs to D_OUTPUT, where the loss turns them into its gradient."""
    if q[D_OUTPUT] != q[OUTPUT]:
        copy(work, q[OUTPUT], work, q[D_OUTPUT], rows * q[N_OUTPUT])
        sync()
