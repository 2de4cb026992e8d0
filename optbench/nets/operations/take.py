"""Some units of the last axis."""

from optbench.kernels.products.primitives import matrix, span, sync
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

UNITS, TAKEN, TABLE = range(OWN, OWN + 3)
"""UNITS are those of the input, TAKEN those of the output; TABLE holds their numbers, in `q`."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n, taken, table = q[r + UNITS], q[r + TAKEN], q[r + TABLE]
    rows *= q[r + N_OUT] // taken
    A, Z = matrix(work, q[r + IN], rows, n), matrix(work, q[r + OUT], rows, taken)
    for i in range(rows):
        for j in span(taken):
            Z[i, j] = A[i, q[table + j]]
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input): 0 where a unit was not taken."""
    n, taken, table = q[r + UNITS], q[r + TAKEN], q[r + TABLE]
    rows *= q[r + N_OUT] // taken
    D, E = matrix(work, q[r + D_OUT], rows, taken), matrix(work, q[r + D_IN], rows, n)
    if not q[r + D_ADDS]:
        for i in range(rows):
            for j in span(n):
                E[i, j] = 0.0
        sync()
    for i in range(rows):
        for j in span(taken):
            E[i, q[table + j]] += D[i, j]
    sync()
