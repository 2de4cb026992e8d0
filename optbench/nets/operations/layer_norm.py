"""Layer normalisation (Ba et al. 2016) of every row of units, the last axis.

Sums over a row go over whole Vecs where the row is made of them.
"""

import math

from optbench.kernels.products.primitives import (
    get,
    lanes,
    matrix,
    put,
    span,
    sync,
    total,
    vector,
    wide,
)
from optbench.nets.layer_operations import add, copy
from optbench.nets.norms import EPS, layer_norm, layer_norm_gradient
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

UNITS, GAMMA, BETA, INVERSE, STANDARD = range(OWN, OWN + 5)
"""INVERSE holds one over the standard deviation of each row, STANDARD what is standardised."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n = q[r + UNITS]
    rows *= q[r + N_OUT] // n
    size = rows * n
    gamma, beta = vector(params, q[r + GAMMA], n), vector(params, q[r + BETA], n)
    inverse, s = vector(work, q[r + INVERSE], rows), vector(work, q[r + STANDARD], size)
    copy(work, q[r + IN], work, q[r + STANDARD], size)
    sync()
    if n % lanes(s):
        S, Z = matrix(work, q[r + STANDARD], rows, n), matrix(work, q[r + OUT], rows, n)
        layer_norm(S, inverse, gamma, beta, Z)
    else:
        standardise_rows(s, rows, n, inverse, gamma, beta, vector(work, q[r + OUT], size))


def standardise_rows(s, rows, n, inverse, gamma, beta, z):
    """Standardise the rows [n] of s, keep 1 / sqrt(var + EPS), and write gamma s + beta to z."""
    number = s.dtype.type
    share, zero = number(1) / number(n), number(0)
    for i in range(rows):
        at, level, size = i * n, zero, zero
        for c in wide(s, n):
            level += get(s, at + c)
        mean = total(level) * share
        for c in wide(s, n):
            distance = get(s, at + c) - mean
            size += distance * distance
        scale = number(1) / math.sqrt(total(size) * share + number(EPS))
        for c in wide(s, n):
            standard = (get(s, at + c) - mean) * scale
            put(s, at + c, standard)
            put(z, at + c, get(gamma, c) * standard + get(beta, c))
        for _ in span(1):
            inverse[i] = scale
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Add to the gradients of gamma and beta, and give dLoss/d(input)."""
    n = q[r + UNITS]
    rows *= q[r + N_OUT] // n
    size = rows * n
    gamma, inverse = vector(params, q[r + GAMMA], n), vector(work, q[r + INVERSE], rows)
    dgamma, dbeta = vector(grads, q[r + GAMMA], n), vector(grads, q[r + BETA], n)
    s, d = vector(work, q[r + STANDARD], size), vector(work, q[r + D_OUT], size)
    if n % lanes(s):
        S, D = matrix(work, q[r + STANDARD], rows, n), matrix(work, q[r + D_OUT], rows, n)
        layer_norm_gradient(S, inverse, gamma, D, dgamma, dbeta)
    else:
        row_gradients(s, rows, n, inverse, gamma, d, dgamma, dbeta)
    if q[r + D_IN] >= 0:
        e = vector(work, q[r + D_IN], size)
        if q[r + D_ADDS]:
            add(e, s, e, size)
        else:
            copy(s, 0, e, 0, size)
            sync()


def row_gradients(s, rows, n, inverse, gamma, d, dgamma, dbeta):
    """Add to dgamma and dbeta; turn standardised s into dLoss/d(input), given dLoss/d(output) d."""
    number = s.dtype.type
    share, zero = number(1) / number(n), number(0)
    for i in range(rows):
        at, level, slope = i * n, zero, zero
        for c in wide(s, n):
            standard, error = get(s, at + c), get(d, at + c)
            put(dgamma, c, get(dgamma, c) + error * standard)
            put(dbeta, c, get(dbeta, c) + error)
            level += get(gamma, c) * error
            slope += get(gamma, c) * error * standard
        mean, slant, scale = total(level) * share, total(slope) * share, inverse[i]
        for c in wide(s, n):
            standard, error = get(s, at + c), get(d, at + c)
            put(s, at + c, scale * (get(gamma, c) * error - mean - standard * slant))
    sync()
