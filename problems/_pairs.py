"""Passes over the examples of a batch, two at a time.

A weight is then read, and a slope written, once for both examples: these passes are bound by how
much the memory next to the processor hands over.
"""

from optbench.define import permuted


def pair(order, seen, j, size, n, full):
    """Rows of examples j and j + 1 of a batch, and the weight of the second one: 0 after the last.

    A mini-batch is a part of the epoch's order, from number `seen` on; the full batch, where `full`
    is not 0, takes the n rows as they come.
    """
    other = min(j + 1, size - 1)
    weight = float(other - j)
    if full == 0:
        return permuted(order, seen + j, n), permuted(order, seen + other, n), weight
    return j, other, weight


def products(x, p, first, one, other, features):
    """Weights from `x[first]` on times the examples that begin at `p[one]` and `p[other]`."""
    a = 0.0
    b = 0.0
    for i in range(features):
        weight = x[first + i]
        a += weight * p[one + i]
        b += weight * p[other + i]
    return a, b


def add_slopes(g, p, first, one, other, features, slope, second):
    """Add two examples times the slopes of their losses to the gradient, from `g[first]` on."""
    for i in range(features):
        g[first + i] += slope * p[one + i] + second * p[other + i]
