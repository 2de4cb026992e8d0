"""The penalties of a net, ``(l1 sum |w| + l2 sum w^2) / (2 n_train)``, and their gradient."""

from optbench.kernels.products.primitives import get, lanes, span, sync, total, vector, wide
from optbench.nets.losses import sign
from optbench.nets.packing import COEFFICIENTS, L1, L2, N_TRAIN, N_WEIGHTS, WEIGHTS


def penalties(params, grads, p, q, slopes):
    """Return ``(l1 sum |w| + l2 sum w^2) / (2 n_train)``; add its gradient to `grads` if `slopes`.

    The sums run over all weights, and over the biases if the net says so.
    """
    half = params.dtype.type(0.5) / params.dtype.type(q[N_TRAIN])
    at = p.size - COEFFICIENTS
    l1, l2, value = p[at + L1] * half, p[at + L2] * half, params.dtype.type(0)
    if l1 == 0.0 and l2 == 0.0:
        return value
    for i in range(q[N_WEIGHTS]):
        entry = q[WEIGHTS] + 4 * i
        start, n = q[entry], q[entry + 1] * q[entry + 2]
        weights = vector(params, start, n)
        value += penalty(weights, n, l1, l2)
        if slopes:
            add_penalty_slopes(weights, n, l1, l2, vector(grads, start, n))
    sync()
    return value


def penalty(weights, n, l1, l2):
    """Return ``l1 sum |w| + l2 sum w^2`` of the first `n` weights."""
    s = weights.dtype.type(0)
    whole = n - n % lanes(weights)
    for c in wide(weights, whole):
        w = get(weights, c)
        s += l1 * abs(w) + l2 * w * w
    rest = weights.dtype.type(0)
    for c in span(n - whole):
        w = weights[whole + c]
        rest += l1 * abs(w) + l2 * w * w
    return total(s) + total(rest)


def add_penalty_slopes(weights, n, l1, l2, slopes):
    """Add the gradient of `penalty` to `slopes`; that of |w| at 0 is 0."""
    for c in span(n):
        w = weights[c]
        slopes[c] += l1 * sign(w) + 2.0 * l2 * w
