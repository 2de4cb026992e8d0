"""Matrix products of the sizes that small nets have, compiled once a dtype for this processor.

C is computed in tiles of a few rows and two registers of columns that stay in registers while the
inner dimension runs (Goto and van de Geijn 2008). A tile reads B from a panel that was copied to
the stack, so that rows follow each other and the last columns are padded; numbers of A are read
where they are, at equal distances or by tables of their places, which a convolution has. Libraries
do the same for large matrices; what they spend on choosing, allocating and packing is as much as a
product of these sizes takes. One or two rows have ways of their own, see `one_row`.

A compiled product is called by its symbol, so that it is not compiled again in every caller.
"""

import functools
from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core.dispatcher import Dispatcher

from optbench.kernels.compiling import saved_units
from optbench.kernels.compiling.options import BY_SYMBOL, add_symbol, entry
from optbench.kernels.products.one_row import dot_products, row_product
from optbench.kernels.products.panels import stack_panel
from optbench.kernels.products.registers import REGISTER
from optbench.kernels.products.shared import CUT, block_of, shared_product_of
from optbench.kernels.products.strips import DEPTH, VECTORS, column_product, tabled_column_product
from optbench.kernels.products.tiles import INTEGER

SYMBOL, TABLED_SYMBOL = "optbench_product_", "optbench_tabled_product_"
SHARED_SYMBOL, BLOCK_SYMBOL = "optbench_shared_product_", "optbench_block_of_product_"
ARGUMENTS = {SYMBOL: 12, TABLED_SYMBOL: 11, BLOCK_SYMBOL: 2, SHARED_SYMBOL: 12}
"""How many integers a product takes; what one calls comes before it."""


@functools.cache  # what is in use must not be unloaded
def compiled(dtype: np.dtype, name: str = SYMBOL) -> Dispatcher:
    """Compile the product of a dtype whose symbols begin with `name`."""
    number, arguments = numba.from_dtype(dtype), [types.int64] * ARGUMENTS[name]
    if name == BLOCK_SYMBOL:
        function, arguments = block_of(number, symbol(dtype, SYMBOL)), [CUT, types.int64]
    elif name == SHARED_SYMBOL:
        function = shared_product_of(number, symbol(dtype, BLOCK_SYMBOL))
    else:
        function = product_of(number) if name == SYMBOL else tabled_product_of(number)
    return entry(function, types.void(*arguments), **BY_SYMBOL)


@functools.cache
def symbol(dtype: npt.DTypeLike, name: str) -> str:
    """Return the symbol by which compiled code calls a product of a dtype, once it is there."""
    real = np.dtype(dtype)
    return add_symbol(compiled(real, name), name + real.name)


def _provide(name: str, symbols: list[str]) -> None:
    """Load the products that a compiled function calls by these symbols."""
    for one in symbols:
        symbol(one.removeprefix(name), name)


saved_units.PROVIDERS |= {name: functools.partial(_provide, name) for name in ARGUMENTS}


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
    wide, slim = column_product(number, VECTORS), column_product(number, 1)
    one, dots = row_product(number), dot_products(number)

    def product(a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add):
        if n == 1 and m > 1 and c_row == 1:  # a column of C is as good as a row
            a, a_row, b, b_row, m, n, ta, tb = b, b_row, a, a_row, n, m, 1 - tb, 1 - ta
        packed = panel()
        a_row, a_inner = (size, a_row * size) if ta else (a_row * size, size)
        b_row, c_row = b_row * size, c_row * size
        if tb and m <= 2 and a_inner == size:
            for i in range(m):
                dots(a + i * a_row, b, b_row, c + i * c_row, k, add, n)
            return
        blocks = (k + DEPTH - 1) // DEPTH
        depth = (k + blocks - 1) // blocks
        for h in range(0, k, depth):
            inner, more = min(depth, k - h), 1 if h else add
            if m <= 2 and not tb:
                for i in range(m):
                    at_a = a + i * a_row + h * a_inner
                    one(at_a, a_inner, b + h * b_row, b_row, c + i * c_row, inner, more, n)
                continue
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


@functools.cache
def tabled_product_of(number: types.Float) -> Callable[..., None]:
    """Return ``product(a, bases, offsets, b, b_row, c, c_row, m, n, k, add)`` to be compiled.

    It is that of `product_of` but for A, whose number [i, h] lies ``bases[i] + offsets[h]`` numbers
    after the address `a`; `bases` and `offsets` are addresses of tables of int64.
    """
    size = number.bitwidth // 8
    width = REGISTER // size
    columns = VECTORS * width
    panel = stack_panel(DEPTH * VECTORS * REGISTER)
    wide, slim = tabled_column_product(number, VECTORS), tabled_column_product(number, 1)

    def product(a, bases, offsets, b, b_row, c, c_row, m, n, k, add):
        packed = panel()
        b_row, c_row = b_row * size, c_row * size
        blocks = (k + DEPTH - 1) // DEPTH
        depth = (k + blocks - 1) // blocks
        for h in range(0, k, depth):
            inner, more = min(depth, k - h), 1 if h else add
            at_k = offsets + h * INTEGER
            for j in range(0, n, columns):
                at_b, to = b + h * b_row + j * size, c + j * size
                if n - j > width:
                    wide(a, bases, at_k, at_b, b_row, to, c_row, inner, more, m, n - j, packed)
                else:
                    slim(a, bases, at_k, at_b, b_row, to, c_row, inner, more, m, n - j, packed)

    return product
