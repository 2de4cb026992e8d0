"""The sum of two values of one shape."""

from optbench.kernels.products.primitives import sync, vector
from optbench.nets.layer_operations import add, copy
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

IN_2, D_IN_2, D_ADDS_2 = range(OWN, OWN + 3)


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n = rows * q[r + N_OUT]
    a, b = vector(work, q[r + IN], n), vector(work, q[r + IN_2], n)
    add(a, b, vector(work, q[r + OUT], n), n)


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input) of both."""
    n = rows * q[r + N_OUT]
    hand_down(work, q[r + D_OUT], q[r + D_IN], q[r + D_ADDS], n)
    hand_down(work, q[r + D_OUT], q[r + D_IN_2], q[r + D_ADDS_2], n)


def hand_down(work, source, to, adds, n):
    """Copy `n` numbers of `work` to place `to`, or add them to what is there; -1 is no place."""
    if to < 0:
        return
    if adds:
        e = vector(work, to, n)
        add(e, vector(work, source, n), e, n)
    else:
        copy(work, source, work, to, n)
        sync()
