"""Batch normalisation of units, the last axis, over the examples and all other axes.

In training a ghost batch has statistics of its own. See `optbench.nets.norms`.
"""

from optbench.kernels.products.primitives import matrix, span, sync, vector
from optbench.nets.norms import (
    batch_gradient,
    batch_statistics,
    batch_sums,
    standardise,
    update_running,
    use_running,
)
from optbench.nets.packing import GHOST, RUNNING, STATISTICS
from optbench.nets.tape.modes import FIXED, FIXED_OUTPUTS, ONE_BATCH, training
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

UNITS, GAMMA, BETA, MEAN, INVERSE, RUNNING_MEAN, RUNNING_VAR, STANDARD, SUMS = range(OWN, OWN + 9)
"""MEAN and INVERSE (one over the standard deviation) hold a row a ghost batch, STANDARD what is
standardised; SUMS is for the way back."""


def shared_rows(q, positions, rows, mode):
    """Return how many rows share their statistics; an example has one row a position."""
    return q[GHOST] * positions if q[GHOST] and training(mode) else rows


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT; in training update the running statistics."""
    n = q[r + UNITS]
    positions = q[r + N_OUT] // n
    rows *= positions
    H, Z = matrix(work, q[r + IN], rows, n), matrix(work, q[r + OUT], rows, n)
    S = matrix(work, q[r + STANDARD], rows, n)
    gamma, beta = vector(params, q[r + GAMMA], n), vector(params, q[r + BETA], n)
    running_mean = vector(work, q[r + RUNNING_MEAN], n)
    running_var = vector(work, q[r + RUNNING_VAR], n)
    fixed, step = mode == FIXED or mode == FIXED_OUTPUTS, shared_rows(q, positions, rows, mode)
    keeps, fresh, group = q[STATISTICS] == RUNNING and mode <= ONE_BATCH, work[0] == 0.0, 0
    for first in range(0, rows, step):
        last = min(first + step, rows)
        mean = vector(work, q[r + MEAN] + group * n, n)
        inverse = vector(work, q[r + INVERSE] + group * n, n)
        if fixed and q[STATISTICS] == RUNNING:
            use_running(running_mean, running_var, mean, inverse, fresh)
        elif not fixed:
            batch_statistics(H, first, last, mean, inverse)
        if keeps:
            update_running(
                running_mean, running_var, mean, inverse, last - first, fresh and group == 0
            )
        standardise(H, first, last, mean, inverse, gamma, beta, S, Z)
        group += 1
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Add to the gradients of gamma and beta, and give dLoss/d(input)."""
    n = q[r + UNITS]
    positions = q[r + N_OUT] // n
    rows *= positions
    D, S = matrix(work, q[r + D_OUT], rows, n), matrix(work, q[r + STANDARD], rows, n)
    gamma = vector(params, q[r + GAMMA], n)
    dgamma, dbeta = vector(grads, q[r + GAMMA], n), vector(grads, q[r + BETA], n)
    sums, slopes = vector(work, q[r + SUMS], n), vector(work, q[r + SUMS] + n, n)
    step, group = shared_rows(q, positions, rows, mode), 0
    for start in range(0, rows, step):
        last, inverse = min(start + step, rows), vector(work, q[r + INVERSE] + group * n, n)
        batch_sums(S, start, last, D, sums, slopes, dgamma, dbeta)
        batch_gradient(S, start, last, inverse, gamma, D, sums, slopes, mode == FIXED, S)
        group += 1
    if q[r + D_IN] >= 0:
        E, adds = matrix(work, q[r + D_IN], rows, n), q[r + D_ADDS]
        for i in range(rows):
            for j in span(n):
                E[i, j] = E[i, j] + S[i, j] if adds else S[i, j]
    sync()
