"""Dropout (Srivastava et al. 2014), inverted scaling; see `layer_operations.draw_mask`."""

from optbench.kernels.products.primitives import get, put, sync, vector, wide
from optbench.nets.layer_operations import add, copy, draw_mask, mask_key, multiply
from optbench.nets.tape.modes import training
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_OUT, OUT, OWN

DROP, NUMBER, MASK = range(OWN, OWN + 3)
"""DROP is the probability times `packing.DROP_SCALE`; masks are drawn by NUMBER, one a layer."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n = rows * q[r + N_OUT]
    if training(mode):
        mask = vector(work, q[r + MASK], n)
        draw_mask(mask, n, mask_key(key, t, q[r + NUMBER]), q[r + DROP])
        multiply(vector(work, q[r + IN], n), mask, vector(work, q[r + OUT], n), n)
    else:
        copy(work, q[r + IN], work, q[r + OUT], n)
        sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input)."""
    n = rows * q[r + N_OUT]
    d, e = vector(work, q[r + D_OUT], n), vector(work, q[r + D_IN], n)
    if training(mode):
        mask = vector(work, q[r + MASK], n)
        if q[r + D_ADDS]:
            for c in wide(e, n):
                put(e, c, get(e, c) + get(d, c) * get(mask, c))
            sync()
        else:
            multiply(d, mask, e, n)
    elif q[r + D_ADDS]:
        add(e, d, e, n)
    else:
        copy(d, 0, e, 0, n)
        sync()
