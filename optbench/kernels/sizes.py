"""Sizes of memory and vectors that all parts of the engine agree on."""

import numpy as np

WIDTHS = {np.dtype("float64"): 8, np.dtype("float32"): 16}
"""Lanes of a Vec: a register of 512 bits, or two of 256. B is a multiple of them."""
DRAWN = 32
"""Lanes of a Vec where a block is one draw: a row of data or a normal is fetched once for so many.

Chains of operations also overlap that way: 32 lanes were 1.3-2.6 times as fast as a register.
"""
CACHE_LINE = 64
BLOCK = 64
"""Columns of a net's parameters, and of its block."""
SPARE = 32
"""Numbers that a row of a buffer may take: the lanes of the widest Vec."""


def spare_size(rows: int) -> int:
    """Return the size of a buffer with that many spare rows, and room to begin at a cache line."""
    return SPARE * (rows + 1) if rows else 0


def room_size(spares: int, kept: int, columns: int) -> int:
    """Return the size of a problem's buffer.

    Parameters
    ----------
    spares : int
        Of `spare_size`: rows that hold anything whenever the problem is called.
    kept : int
        Rows as wide as the block, behind those, which last from step to step.
    columns : int
        Of the block.
    """
    return max(spares, SPARE if kept else 0) + kept * columns


def padded(size: int, whole: int) -> int:
    """Return a size rounded up to a multiple: lanes to whole Vecs, bytes to whole lines."""
    return -(-size // whole) * whole
