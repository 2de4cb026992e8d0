"""Sizes of memory and vectors that all parts of the engine agree on."""

import numpy as np
import numpy.typing as npt

WIDTHS = {np.dtype("float64"): 8, np.dtype("float32"): 16}
"""Lanes of a Vec: a register of 512 bits, or two of 256. B is a multiple of them."""
CACHE_LINE = 64
BLOCK = 64
"""Columns of a net's parameters, and of its block."""
SPARE = 16
"""Numbers that a row of a buffer may take: the lanes of the widest Vec."""


def spare_size(rows: int) -> int:
    """Return the size of a buffer with that many spare rows, and room to begin at a cache line."""
    return SPARE * (rows + 1) if rows else 0


def padded(width: int, real: npt.DTypeLike) -> int:
    """Return the columns of a block of `width` lanes: whole Vecs."""
    whole = WIDTHS[np.dtype(real)]
    return -(-width // whole) * whole
