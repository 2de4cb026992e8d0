"""Early stopping of a lane: its criterion is judged once an epoch, its best point is stored.

The criteria themselves are in `stopping_criteria`.
"""

import math

from optbench.kernels.products.primitives import matrix, span, sync, vector
from optbench.nets.layer_operations import copy
from optbench.nets.objective import metrics
from optbench.nets.packing import (
    BATCH,
    BEST,
    COEFFICIENTS,
    KEPT,
    LIMIT,
    N_KEPT,
    N_TRAIN,
    ROW_WIDTH,
    STOPPING,
    STOPPING_STATE,
    padded,
)
from optbench.nets.stopping_criteria import IMPROVED, NUMBERS, QUOTIENT, STOP, advance, begin


def ends(x, p, q, work, done, last):
    """Show an epoch's end to the criterion of early stopping; return whether the lane ends there.

    The best parameters so far are kept, and put back into x at the end, unless the lane diverged.
    At the end of the budget the point counts as a record.
    """
    params, state = vector(x, 0, x.size), vector(work, q[STOPPING_STATE], NUMBERS)
    if done == 0:
        for _ in span(1):
            begin(state)
        sync()
    if done % max(1, q[N_TRAIN] // q[BATCH]) and not last:
        return False
    m, criterion = matrix(work, q[STOPPING_STATE] + ROW_WIDTH, 2, ROW_WIDTH), q[STOPPING]
    train = x.dtype.type(0)
    if criterion == QUOTIENT:
        metrics(x, m, p, q, work, 0)
        train = m[0, 0]
    metrics(x, m, p, q, work, 1)
    limit = p[p.size - COEFFICIENTS + LIMIT]
    for _ in span(1):
        advance(criterion, limit, state, train, m[0, 0])
    sync()
    stop = state[STOP] > 0.0
    if state[IMPROVED] > 0.0:
        exchange(params, q, work, False)
    elif (stop or last) and abs(m[0, 0]) < math.inf:
        exchange(params, q, work, True)
    return stop


def exchange(params, q, work, back):
    """Copy the parameters and the running statistics to the buffer BEST, or `back` from it."""
    exchange_range(params, 0, params.size, work, q[BEST], back)
    at = q[BEST] + params.size
    for i in range(q[N_KEPT]):
        place, n = q[q[KEPT] + 2 * i], q[q[KEPT] + 2 * i + 1]
        exchange_range(work, place, n, work, at, back)
        at += padded(n)
    sync()


def exchange_range(v, first, n, work, at, back):
    """Copy v[first : first + n] to ``work[at:]``, or `back`."""
    if back:
        copy(work, at, v, first, n)
    else:
        copy(v, first, work, at, n)
