"""Matrix products of the sizes that small nets have, compiled once a dtype for this processor.

C is computed in tiles of a few rows and two registers of columns that stay in registers while the
inner dimension runs (Goto and van de Geijn 2008). A tile reads B from a panel that was copied to
the stack, so that rows follow each other and the last columns are padded; numbers of A are read
where they are. Libraries do the same for large matrices; what they spend on choosing, allocating
and packing is as much as a product of these sizes takes.

The compiled product is called by its symbol, so that it is not compiled again in every caller.
"""

import functools
from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import binding
from numba import types
from numba.core.dispatcher import Dispatcher

from optbench.kernels.compiling import cache
from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.compiling.options import entry, helper
from optbench.kernels.products.panels import (
    never_inlined,
    panel_copy,
    panel_transpose,
    stack_panel,
)
from optbench.kernels.products.registers import REGISTER
from optbench.kernels.products.tiles import Adjacent, tile_product

ROWS, VECTORS = (8, 2) if LEVEL == "avx512" else (6, 2)
"""Of a tile: its sums, a row of B and a number of A fit 32 registers, or 16."""
DEPTH = 256
"""Rows of a panel of B at most, so that it stays in the first-level cache."""
FEW = 2 * ROWS
"""Products of up to so many rows read B where it is: copying it would not pay."""
ARGUMENTS = 12
SIGNATURE = types.void(*[types.int64] * ARGUMENTS)
SYMBOL = "optbench_product_"


@functools.cache
def symbol(dtype: npt.DTypeLike) -> str:
    """Return the symbol by which compiled code calls the product of a dtype, once it is there."""
    number = numba.from_dtype(np.dtype(dtype))
    dispatcher = entry(product_of(number), SIGNATURE)
    (result,) = dispatcher.overloads.values()
    address = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    binding.add_symbol(SYMBOL + str(number), address)
    _IN_USE.append(dispatcher)
    return SYMBOL + str(number)


_IN_USE: list[Dispatcher] = []
"""What must not be unloaded."""


def _provide(names: list[str]) -> None:
    """Load the products that a compiled function calls by these symbols."""
    for name in names:
        symbol(name.removeprefix(SYMBOL))


cache.PROVIDERS[SYMBOL] = _provide


@functools.cache
def product_of(number: types.Float) -> Callable[..., None]:
    """Return ``product(a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add)`` to be compiled.

    C [m, n] (+)= op(A) op(B); none of m, n, k is 0. `a`, `b` and `c` are addresses, `a_row` and so
    on how many numbers lie between the first ones of two rows, as they are stored.
    """
    size = number.bitwidth // 8
    width = REGISTER // size
    columns = VECTORS * width
    panel = stack_panel(DEPTH * VECTORS * REGISTER)
    wide, slim = _column(number, VECTORS), _column(number, 1)

    def product(a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add):
        if n == 1 and m > 1 and c_row == 1:  # a column of C is as good as a row
            a, a_row, b, b_row, m, n, ta, tb = b, b_row, a, a_row, n, m, 1 - tb, 1 - ta
        packed = panel()
        a_row, a_inner = (size, a_row * size) if ta else (a_row * size, size)
        b_row, c_row = b_row * size, c_row * size
        blocks = (k + DEPTH - 1) // DEPTH
        depth = (k + blocks - 1) // blocks
        for h in range(0, k, depth):
            inner, more = min(depth, k - h), 1 if h else add
            for j in range(0, n, columns):
                at_a = a + h * a_inner
                at_b = b + (j * b_row + h * size if tb else h * b_row + j * size)
                to = c + j * size
                if n - j > width:
                    wide(
                        at_a, a_row, a_inner, at_b, b_row, to, c_row, inner, more, m, n - j,
                        ta, tb, packed,
                    )  # fmt: skip
                else:
                    slim(
                        at_a, a_row, a_inner, at_b, b_row, to, c_row, inner, more, m, n - j,
                        ta, tb, packed,
                    )  # fmt: skip

    return product


def _column(number: types.Float, vectors: int) -> Dispatcher:
    """Return what computes as many columns of C as a tile has."""
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


def _strip(number: types.Float, vectors: int, adjacent: Adjacent) -> Dispatcher:
    """Return what computes the tiles of such a column; `adjacent` are the numbers of A."""
    whole = tile_product(number, ROWS, vectors, adjacent)
    ragged, one = (tile_product(number, rows, vectors, "nowhere") for rows in (ROWS, 1))

    @helper
    def strip(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n):
        never_inlined()
        while m >= ROWS:
            whole(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)
            a, c, m = a + ROWS * a_row, c + ROWS * c_row, m - ROWS
        if m > 2:
            ragged(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)
            m = 0
        while m > 0:
            one(a, a_row, a_inner, b, b_row, c, c_row, k, add, 1, n)
            a, c, m = a + a_row, c + c_row, m - 1

    return strip
