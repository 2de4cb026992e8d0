"""Columns of C as wide as a tile, computed strip by strip from a panel of B."""

from numba import types
from numba.core.dispatcher import Dispatcher

from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.compiling.options import helper
from optbench.kernels.products.panels import never_inlined, panel_copy, panel_transpose
from optbench.kernels.products.registers import REGISTER
from optbench.kernels.products.tiles import INTEGER, Adjacent, tile_product

ROWS, VECTORS = (8, 2) if LEVEL == "avx512" else (6, 2)
"""Of a tile: its sums, a row of B and a number of A fit 32 registers, or 16."""
DEPTH = 256
"""Rows of a panel of B at most, so that it stays in the first-level cache."""
FEW = 2 * ROWS
"""Products of up to so many rows read B where it is: copying it would not pay."""


def column_product(number: types.Float, vectors: int) -> Dispatcher:
    """Return what computes as many columns of C as a tile has.

    Its arguments are addresses, steps in bytes, numbers, flags, and the address of a panel.
    """
    row = vectors * REGISTER
    width = row // (number.bitwidth // 8)
    copy, transpose = panel_copy(number, vectors), panel_transpose(number, vectors)
    by_inner, by_rows = _strip(number, vectors, "inner"), _strip(number, vectors, "rows")

    @helper
    def column(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n, ta, tb, packed):
        if tb:
            transpose(b, b_row, packed, k, n)
        elif m > FEW or n < width:
            copy(b, b_row, packed, k, n)
        if tb or m > FEW or n < width:
            b, b_row = packed, row
        never_inlined()
        if ta:
            by_rows(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)
        else:
            by_inner(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)

    return column


def tabled_column_product(number: types.Float, vectors: int) -> Dispatcher:
    """Return what `column_product` does where `a_row` and `a_inner` are addresses of tables."""
    row = vectors * REGISTER
    width = row // (number.bitwidth // 8)
    copy, strip = panel_copy(number, vectors), _strip(number, vectors, "tables")

    @helper
    def column(a, bases, offsets, b, b_row, c, c_row, k, add, m, n, packed):
        if m > FEW or n < width:
            copy(b, b_row, packed, k, n)
            b, b_row = packed, row
        never_inlined()
        strip(a, bases, offsets, b, b_row, c, c_row, k, add, m, n)

    return column


def _strip(number: types.Float, vectors: int, adjacent: Adjacent) -> Dispatcher:
    """Return what computes the tiles of such a column; `adjacent` are the numbers of A."""
    tabled = adjacent == "tables"
    elsewhere: Adjacent = "tables" if tabled else "nowhere"
    whole = tile_product(number, ROWS, vectors, adjacent)
    ragged = tile_product(number, ROWS, vectors, elsewhere, ragged=True)
    one = tile_product(number, 1, vectors, elsewhere)

    @helper
    def strip(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n):
        never_inlined()
        a_step = 0 if tabled else a_row
        row_step = INTEGER if tabled else 0
        while m >= ROWS:
            whole(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)
            a, a_row = a + ROWS * a_step, a_row + ROWS * row_step
            c, m = c + ROWS * c_row, m - ROWS
        if m > 2:
            ragged(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)
            m = 0
        while m > 0:
            one(a, a_row, a_inner, b, b_row, c, c_row, k, add, 1, n)
            a, a_row, c, m = a + a_step, a_row + row_step, c + c_row, m - 1

    return strip
