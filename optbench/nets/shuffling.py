"""Numbers of examples: those of a mini-batch are drawn at once and kept in a buffer of the net.

The threads of a net share out the draws: each writes its own, and all read them after a `sync`.
The buffer holds floats: `most_examples` says how far they count.
"""

import numpy as np
from numpy.typing import DTypeLike

from optbench.define.draws import index_bits, permuted, shuffled
from optbench.kernels.products.primitives import span, vector


def most_examples(dtype: DTypeLike) -> int:
    """Return up to how many examples can be numbered in a dtype."""
    return 1 << (int(np.finfo(dtype).nmant) + 1)


def draw_permuted(work, place, rows, key, first, n):
    """Write ``permuted(key, first + j, n)`` to ``work[place + j]``, for all `j` of `rows`."""
    numbers = vector(work, place, rows)
    bits, end = index_bits(n), np.uint64(n)
    for j in span(rows):  # two passes without a branch, in SIMD, after which few are out of range
        z = shuffled(key, np.uint64(first + j), bits)
        again = shuffled(key, z, bits)
        numbers[j] = np.int64(again if z >= end else z)
    for j in span(rows):
        i = int(numbers[j])
        if i >= n:
            numbers[j] = permuted(key, i, n)


def count_on(work, place, rows, first, n):
    """Write ``(first + j) % n`` to ``work[place + j]``, for `first` below `n` >= `rows`."""
    numbers = vector(work, place, rows)
    for j in span(rows):
        i = first + j
        numbers[j] = i - n if i >= n else i
