"""What a net does after each step: layer-wise rates, max-norm; on the primitives.

A layer whose rate is 0 is frozen: it keeps its bits, and its gradient counts as 0, so that it takes
no part in the norms of clipping either.
"""

import math

from optbench.kernels.products.primitives import matrix, span, sync, vector
from optbench.nets.layer_operations import zero
from optbench.nets.packing import (
    COEFFICIENTS,
    COLUMN_NORMS,
    MAX_NORM,
    N_WEIGHTS,
    RATES,
    ROW_WIDTH,
    WEIGHT,
    WEIGHTS,
)


def row_rates(p, rows):
    """Return the factors of the updates of all rows of parameters."""
    return vector(p, p.size - COEFFICIENTS - rows, rows)


def freeze(grads, p):
    """Zero the gradient of the rows whose rate is 0."""
    rows = grads.size // ROW_WIDTH
    rates = row_rates(p, rows)
    for row in range(rows):
        if rates[row] == 0.0:
            zero(grads, row * ROW_WIDTH, (row + 1) * ROW_WIDTH)
    sync()


def scale_changes(params, before, p):
    """Make the change of each row since `before` that many times as large as its rate says."""
    rows = params.size // ROW_WIDTH
    rates = row_rates(p, rows)
    for row in range(rows):
        rate, new = rates[row], vector(params, row * ROW_WIDTH, ROW_WIDTH)
        old = vector(before, row * ROW_WIDTH, ROW_WIDTH)
        if rate == 0.0:
            for c in span(ROW_WIDTH):
                new[c] = old[c]
        elif rate != 1.0:
            for c in span(ROW_WIDTH):
                new[c] = old[c] + rate * (new[c] - old[c])
    sync()


def limit_norms(params, p, q, work):
    """Scale down the weights into each unit whose norm exceeds `Training.max_norm`."""
    largest = p[p.size - COEFFICIENTS + MAX_NORM]
    for tensor in range(q[N_WEIGHTS]):
        entry = q[WEIGHTS] + 4 * tensor
        start, n_in, n_out = q[entry], q[entry + 1], q[entry + 2]
        row = start // ROW_WIDTH
        frozen = q[RATES] and row_rates(p, params.size // ROW_WIDTH)[row] == 0.0
        if q[entry + 3] == WEIGHT and not frozen:
            weights = matrix(params, start, n_in, n_out)
            scales = vector(work, q[COLUMN_NORMS], n_out)
            for j in span(n_out):
                scales[j] = 0.0
            for i in range(n_in):
                for j in span(n_out):
                    scales[j] += weights[i, j] * weights[i, j]
            for j in span(n_out):
                norm = math.sqrt(scales[j])
                if norm == math.inf:
                    norm = _norm_of_column(weights, n_in, j)
                scales[j] = largest / norm if norm > largest else params.dtype.type(1)
            for i in range(n_in):
                for j in span(n_out):
                    weights[i, j] *= scales[j]
    sync()


def _norm_of_column(weights, n_in, j):
    """Return the norm of a column whose squares overflow; NaN if it is not finite itself."""
    largest = abs(weights[0, j])
    for i in range(n_in):
        largest = max(largest, abs(weights[i, j]))
    squares = weights.dtype.type(0)
    for i in range(n_in):
        share = weights[i, j] / largest
        squares += share * share
    return largest * math.sqrt(squares)
