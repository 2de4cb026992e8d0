"""Batch normalisation of units, the last axis, over the examples and all other axes.

In training a ghost batch has statistics of its own. See `optbench.nets.norms`. Where examples have
lengths their valid steps are moved together before, and apart again after.
"""

from optbench.kernels.products.primitives import matrix, span, sync, vector
from optbench.nets.layer_operations import copy
from optbench.nets.norms import (
    batch_gradient,
    batch_statistics,
    batch_sums,
    standardise,
    update_running,
    use_running,
)
from optbench.nets.operations.steps import accumulate, fill, valid_of
from optbench.nets.packing import GHOST, RUNNING, STATISTICS
from optbench.nets.tape.modes import FIXED, FIXED_OUTPUTS, ONE_BATCH, training
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, LENGTHS, N_OUT, OUT, OWN

UNITS, GAMMA, BETA, MEAN, INVERSE, RUNNING_MEAN, RUNNING_VAR, STANDARD, SUMS = range(OWN, OWN + 9)
TOGETHER, TIME = OWN + 9, OWN + 10
"""MEAN and INVERSE (one over the standard deviation) hold a row a ghost batch, STANDARD what is
standardised; SUMS is for the way back. TOGETHER is a buffer as large as OUT for valid steps, of
TIME that an example has, where there are lengths."""


def shared_examples(q, rows, mode):
    """Return how many examples share their statistics."""
    return q[GHOST] if q[GHOST] and training(mode) else rows


def valid_numbers(q, work, r, i):
    """Return how many numbers of example i are of valid steps."""
    if q[r + LENGTHS]:
        return valid_of(q, work, r, q[r + TIME], i) * (q[r + N_OUT] // q[r + TIME])
    return q[r + N_OUT]


def valid_rows(q, work, r, begin, end):
    """Return how many rows of units some examples have, those of valid steps."""
    positions = q[r + N_OUT] // q[r + UNITS]
    if not q[r + LENGTHS]:
        return (end - begin) * positions
    count = 0
    for i in range(begin, end):
        count += valid_numbers(q, work, r, i)
    return count // q[r + UNITS]


def move_together(q, work, r, rows, source):
    """Copy the valid steps of examples at `source` to TOGETHER; return where all of them are.

    Where there are no lengths that is `source`.
    """
    if not q[r + LENGTHS]:
        return source
    to = q[r + TOGETHER]
    for i in range(rows):
        n = valid_numbers(q, work, r, i)
        copy(work, source + i * q[r + N_OUT], work, to, n)
        to += n
    sync()
    return q[r + TOGETHER]


def move_apart(q, work, r, rows, source, to, adds):
    """Write valid steps at `source` to examples at `to`, zeros after them; or add them."""
    size = q[r + N_OUT]
    for i in range(rows):
        n = valid_numbers(q, work, r, i)
        if adds:
            accumulate(work, source, work, to + i * size, n)
        else:
            copy(work, source, work, to + i * size, n)
            fill(work, to + i * size + n, size - n, work.dtype.type(0))
        source += n
    sync()


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT; in training update the running statistics."""
    n, at = q[r + UNITS], move_together(q, work, r, rows, q[r + IN])
    to = q[r + TOGETHER] if q[r + LENGTHS] else q[r + OUT]
    whole = rows * (q[r + N_OUT] // n)
    H, Z, S = (
        matrix(work, at, whole, n),
        matrix(work, to, whole, n),
        matrix(work, q[r + STANDARD], whole, n),
    )
    gamma, beta = vector(params, q[r + GAMMA], n), vector(params, q[r + BETA], n)
    running_mean = vector(work, q[r + RUNNING_MEAN], n)
    running_var = vector(work, q[r + RUNNING_VAR], n)
    fixed, step = mode == FIXED or mode == FIXED_OUTPUTS, shared_examples(q, rows, mode)
    keeps, fresh, group = q[STATISTICS] == RUNNING and mode <= ONE_BATCH, work[0] == 0.0, 0
    first = 0
    for begin in range(0, rows, step):
        last = first + valid_rows(q, work, r, begin, min(begin + step, rows))
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
        first = last
        group += 1
    sync()
    if q[r + LENGTHS]:
        move_apart(q, work, r, rows, to, q[r + OUT], False)


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Add to the gradients of gamma and beta, and give dLoss/d(input)."""
    n, at = q[r + UNITS], move_together(q, work, r, rows, q[r + D_OUT])
    whole = rows * (q[r + N_OUT] // n)
    D, S = matrix(work, at, whole, n), matrix(work, q[r + STANDARD], whole, n)
    gamma = vector(params, q[r + GAMMA], n)
    dgamma, dbeta = vector(grads, q[r + GAMMA], n), vector(grads, q[r + BETA], n)
    sums, slopes = vector(work, q[r + SUMS], n), vector(work, q[r + SUMS] + n, n)
    step, group, start = shared_examples(q, rows, mode), 0, 0
    for begin in range(0, rows, step):
        last = start + valid_rows(q, work, r, begin, min(begin + step, rows))
        inverse = vector(work, q[r + INVERSE] + group * n, n)
        batch_sums(S, start, last, D, sums, slopes, dgamma, dbeta)
        batch_gradient(S, start, last, inverse, gamma, D, sums, slopes, mode == FIXED, S)
        start = last
        group += 1
    if q[r + D_IN] >= 0 and q[r + LENGTHS]:
        sync()
        move_apart(q, work, r, rows, q[r + STANDARD], q[r + D_IN], q[r + D_ADDS])
    elif q[r + D_IN] >= 0:
        E, adds = matrix(work, q[r + D_IN], whole, n), q[r + D_ADDS]
        for i in range(whole):
            for j in span(n):
                E[i, j] = E[i, j] + S[i, j] if adds else S[i, j]
    sync()
