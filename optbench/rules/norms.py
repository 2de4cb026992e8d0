"""Norms over the whole range of numbers: a sum of squares leaves it long before a norm does.

The gradient 1e200 has a norm, but its square overflows, and 1e-200 squared is 0. So `measure` hands
on three sums, of the squares of v and of v made smaller and larger by a power of two (`squares`),
of which at least one is precise; `combine` takes the norm (`norm`), or the sum of squares that is
in range (`pick`), which is that of ``unit(plain) v``. Powers of two change no digit, and of
ordinary numbers the unit is 1: their results are those of a plain sum, to the last bit. Without
branches or divisions this costs two products and two multiply-adds a coordinate. (The idea is that
of Blue 1978, "A portable Fortran program to find the Euclidean norm of a vector"; here each sum
runs over all coordinates, since engines add and nothing has to be decided for each.)

A sum of squares between the limits is precise to about count x 2^-120 (float32: 2^-66), since what
a square below the normal range lost is that small; beyond them another sum is, for up to 2^55
coordinates (2^31).
"""

import math

from optbench.define import where

# For float64 and float32; what float32 cannot express is 0 there.
SHRINKS = 2.0**-540, 2.0**-80
GROWS = 2.0**-600, 2.0**-90  # inverse
HIGHS = 2.0**-1000, 2.0**-120  # inverse: squares above are taken from the shrunk numbers
LOWS = 2.0**-900, 2.0**-60  # squares below are taken from the grown numbers


def _of_dtype(pair):
    """Return the number for the dtype that the calling code is compiled for."""
    return pair[0] if pair[0] > 0.0 else pair[1]


def in_units(v):
    """Return v, then v made smaller, and v made larger."""
    return v, _of_dtype(SHRINKS) * v, 1.0 / _of_dtype(GROWS) * v


def products(a, b):
    """Return a b, then the same of both made smaller, and of both made larger."""
    (a, a_shrunk, a_grown), (b, b_shrunk, b_grown) = in_units(a), in_units(b)
    return a * b, a_shrunk * b_shrunk, a_grown * b_grown


def squares(v):
    """Return the three terms that `measure` returns of a coordinate for `norm`."""
    return products(v, v)


def pick(size, plain, shrunk, grown):
    """Return the one of three that serves where the plain sum of squares is `size`.

    Of three sums of `products` it is the sum of products of the numbers times ``unit(size)``.
    """
    high, low = 1.0 / _of_dtype(HIGHS), _of_dtype(LOWS)
    return where(size > high, shrunk, where(size < low, grown, plain))


def unit(size):
    """Return the power of two that brings numbers whose sum of squares is `size` into range."""
    return pick(size, 1.0, _of_dtype(SHRINKS), 1.0 / _of_dtype(GROWS))


def norm(plain, shrunk, grown):
    """Return the Euclidean norm from the three sums of `squares`."""
    back = pick(plain, 1.0, 1.0 / _of_dtype(SHRINKS), _of_dtype(GROWS))
    return back * math.sqrt(pick(plain, plain, shrunk, grown))


def large_squares(v):
    """Return the first two terms of `squares`, for rules that add an `eps` to what they divide by.

    Beside it a norm whose squares vanish does not count.
    """
    plain, shrunk, _ = squares(v)
    return plain, shrunk


def large_norm(plain, shrunk):
    """Return the norm from the two sums of `large_squares`; what is too small for them is 0."""
    large = plain > 1.0 / _of_dtype(HIGHS)
    return where(large, 1.0 / _of_dtype(SHRINKS), 1.0) * math.sqrt(where(large, shrunk, plain))
