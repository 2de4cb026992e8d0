"""What a layer does besides its matrix product, forward and backward, on the primitives.

A buffer is handed over twice where both its shape and its padding are needed: as a matrix [rows,
n_out] in capitals, and from its first number on in small letters.
"""

import numpy as np

from optbench.define.draws import mix
from optbench.kernels.products.primitives import (
    cyclic,
    get,
    lanes,
    put,
    span,
    sync,
    total,
    vector,
    wide,
)
from optbench.nets.activations import slope, value
from optbench.nets.packing import DROP_SCALE

_11 = np.uint64(11)
_DROPOUT = np.uint64(0x6D61736B73)  # tells the keys of masks from those of mini-batches


def reach(v, n):
    """Return how far loops over `wide` go so that they pass `n` numbers."""
    return n + (-n) % lanes(v)


def period(v, n):
    """Return after how many numbers, whole Vecs of v, rows of `n` begin at a Vec again."""
    rows = lanes(v)
    while rows > 1 and n * (rows // 2) % lanes(v) == 0:
        rows //= 2
    return n * rows


def add_bias(kind, low, z, Z, b):
    """Add b [n_out] to every row of Z, and apply an activation in place (see `activate`)."""
    rows, n_out = Z.shape
    if n_out % lanes(z) == 0:
        for i in range(rows):
            for c in wide(b, n_out):
                put(z, i * n_out + c, value(kind, low, get(z, i * n_out + c) + get(b, c)))
    else:  # on the CPU alone
        turn = period(z, n_out)
        for first in range(0, min(turn, Z.size), lanes(z)):
            bias = cyclic(b, first, n_out)
            for c in range(first, Z.size, turn):
                put(z, c, value(kind, low, get(z, c) + bias))
    sync()


def add_columns(d, D, sums):
    """Add the sum of every column of D to `sums` [n_out]."""
    rows, n_out = D.shape
    if n_out % lanes(d) == 0:
        for i in range(rows):
            for c in wide(sums, n_out):
                put(sums, c, get(sums, c) + get(d, i * n_out + c))
    else:
        for i in range(rows):
            for j in span(n_out):
                sums[j] += D[i, j]
    sync()


def copy(v, first, w, to, n):
    """Copy v[first : first + n] to w[to : to + n]."""
    whole = n - n % lanes(v)
    for c in wide(v, whole):
        put(w, to + c, get(v, first + c))
    for c in span(n - whole):
        w[to + whole + c] = v[first + whole + c]


def copy_over(v, first, w, to, n, end):
    """Copy as `copy` does, where what follows in w, before the place `end`, is written later.

    Whole Vecs go beyond n numbers.
    """
    if to + reach(v, n) <= end:
        for c in wide(v, n):
            put(w, to + c, get(v, first + c))
    else:
        copy(v, first, w, to, n)


def activate(kind, low, operand, out, n):
    """Write the activation of the first `n` numbers of `operand` to `out`; both may be the same."""
    for c in wide(operand, n):
        put(out, c, value(kind, low, get(operand, c)))
    sync()


def through_activation(kind, low, errors, operand, n):
    """Turn the operands of the slopes into dLoss/dz, given ``errors``, dLoss/d(its outputs)."""
    for c in wide(operand, n):
        put(operand, c, get(errors, c) * slope(kind, low, get(operand, c)))
    sync()


def scale_by_slopes(kind, low, errors, operand, n):
    """Turn ``errors``, dLoss/d(outputs), into dLoss/dz, given the operands of the slopes."""
    for c in wide(operand, n):
        put(errors, c, get(errors, c) * slope(kind, low, get(operand, c)))
    sync()


def through_slope(errors, operand, n):
    """Return the derivative of the loss with respect to the slope of a PReLU."""
    s = operand.dtype.type(0)
    for c in span(n):
        if operand[c] < 0.0:
            s += errors[c] * operand[c]
    return total(s)


def mask_key(stream, t, layer):
    """Return the key of a layer's dropout mask in step t."""
    return mix(mix(stream ^ _DROPOUT, t), layer)


def draw_mask(mask, n, key, drop):
    """Fill a dropout mask (Srivastava et al. 2014) with 0 and 1 / (1 - p), inverted scaling.

    Parameters
    ----------
    mask : array [n]
    key : uint64
        Number i of the mask is 0 where the top 53 bits of ``mix(key, i)`` are below `drop`.
    drop : int
        The drop probability times `DROP_SCALE`.
    """
    number = mask.dtype.type
    scale, bound = number(DROP_SCALE) / number(DROP_SCALE - drop), np.uint64(drop)
    for c in span(n):
        mask[c] = scale if (mix(key, c) >> _11) >= bound else number(0)
    sync()


def multiply(v, factors, out, n):
    """Write the products of the first `n` numbers of v and `factors` to `out`."""
    for c in wide(v, n):
        put(out, c, get(v, c) * get(factors, c))
    sync()


def add(v, w, out, n):
    """Write the sums of the first `n` numbers of v and w to `out`."""
    for c in wide(v, n):
        put(out, c, get(v, c) + get(w, c))
    sync()


def zero(v, first, last):
    """Write zeros to v[first:last]."""
    for c in span(last - first):
        v[first + c] = 0.0


# --------------------------------------------------- compiled by themselves, as `ProblemCall` says


def activate_repeatedly(x, g, f, p, q, work, key, t, full):
    """Write the activation of number `full` of ``work[: q[0]]`` to g `t` times.

    p[0] is its slope below 0.
    """
    source, to = vector(work, 0, q[0]), vector(g, 0, q[0])
    for _ in range(t):
        activate(full, p[0], source, to, q[0])


def fill_slopes(x, g, f, p, q, work, key, t, full):
    """Turn the operands ``work[: q[0]]`` of the activation of number `full` into its slopes.

    g holds ones; p[0] is the slope below 0.
    """
    through_activation(full, p[0], vector(g, 0, q[0]), vector(work, 0, q[0]), q[0])
