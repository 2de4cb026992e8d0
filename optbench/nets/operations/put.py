"""A value with some units of the last axis replaced by those of another one."""

from optbench.kernels.products.primitives import matrix, span, sync
from optbench.nets.layer_operations import copy
from optbench.nets.operations.add import hand_down
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

UNITS, TAKEN, TABLE, IN_2, D_IN_2, D_ADDS_2 = range(OWN, OWN + 6)
"""UNITS are those of the output, TAKEN those of the second input; TABLE has their numbers."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n, taken, table = q[r + UNITS], q[r + TAKEN], q[r + TABLE]
    copy(work, q[r + IN], work, q[r + OUT], rows * q[r + N_OUT])
    sync()
    rows *= q[r + N_OUT] // n
    A, Z = matrix(work, q[r + IN_2], rows, taken), matrix(work, q[r + OUT], rows, n)
    for i in range(rows):
        for j in span(taken):
            Z[i, q[table + j]] = A[i, j]
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input) of both; D_OUT is 0 afterwards where units were replaced."""
    n, taken, table = q[r + UNITS], q[r + TAKEN], q[r + TABLE]
    size = rows * q[r + N_OUT]
    rows *= q[r + N_OUT] // n
    D = matrix(work, q[r + D_OUT], rows, n)
    if q[r + D_IN_2] >= 0:
        E, adds = matrix(work, q[r + D_IN_2], rows, taken), q[r + D_ADDS_2]
        for i in range(rows):
            for j in span(taken):
                E[i, j] = D[i, q[table + j]] + (E[i, j] if adds else 0.0)
        sync()
    for i in range(rows):
        for j in span(taken):
            D[i, q[table + j]] = 0.0
    sync()
    hand_down(work, q[r + D_OUT], q[r + D_IN], q[r + D_ADDS], size)
