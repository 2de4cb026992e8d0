"""Large products, cut into blocks of C that idle threads share.

A block of C takes whole rows of op(A) and columns of op(B), so that each of its numbers is summed
as in the whole product, and by whom does not matter. Where blocks begin follows from the sizes
alone, since BLAS may sum otherwise near the edges of a product.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import types

from optbench.kernels.memory.pointers import Pointer, place
from optbench.kernels.memory.sharing import address_of, function_at, share
from optbench.kernels.products.calling import called, gemm
from optbench.kernels.products.registers import REGISTER
from optbench.kernels.products.strips import VECTORS

LARGE = 400**3
"""Products of more multiplications are left to BLAS, which blocks them for all caches."""
BLOCKS = 8
"""Into about so many blocks our own products are cut: more than there are threads often, so that
one that is late costs little."""
BLAS_BLOCK, BLAS_BLOCKS = 1 << 25, 16
"""BLAS copies what it multiplies, so its blocks are fewer: of so many multiplications at least, but
two, and so many at most. Halves of 256 x 512 x 784 take 1.06 of the time of the whole, quarters
1.2."""
ROWS_APART = 48
"""Blocks have a multiple of so many rows, which are whole tiles on every processor."""


class Cut(NamedTuple):
    """A product, with the arguments of `product.product_of`, and the size of its blocks.

    `down` and `along` are how many blocks there are; the last of them are larger than the others.
    """

    a: int
    a_row: int
    b: int
    b_row: int
    c: int
    c_row: int
    m: int
    n: int
    k: int
    ta: int
    tb: int
    add: int
    rows: int
    columns: int
    down: int
    along: int


CUT = Pointer(Cut, [types.int64] * len(Cut._fields), lasting=False)


def block_of(number: types.Float, symbol: str) -> Callable[..., None]:
    """Return ``block(cut, i)``, which computes block i of a `Cut`, to be compiled.

    `symbol` is that of the product for blocks of products that are not left to BLAS.
    """
    size = number.bitwidth // 8
    small, large = called(symbol, 12), gemm(number)

    def block(cut, i):
        row, column = i // cut.along, i % cut.along
        first_row, first_column = row * cut.rows, column * cut.columns
        rows = cut.rows if row + 1 < cut.down else cut.m - first_row
        columns = cut.columns if column + 1 < cut.along else cut.n - first_column
        arguments = (
            cut.a + first_row * (size if cut.ta else cut.a_row * size), cut.a_row,
            cut.b + first_column * (cut.b_row * size if cut.tb else size), cut.b_row,
            cut.c + (first_row * cut.c_row + first_column) * size, cut.c_row,
            rows, columns, cut.k, cut.ta, cut.tb, cut.add,
        )  # fmt: skip
        if cut.m * cut.n * cut.k > LARGE:
            large(arguments)
        else:
            small(arguments)

    return block


def shared_product_of(number: types.Float, block: str) -> Callable[..., None]:
    """Return what `product.product_of` does, to be compiled; `block` is the symbol of blocks."""
    strip, block_at = VECTORS * REGISTER // (number.bitwidth // 8), function_at(block)

    def product(a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add):
        down, along, most_down, most_along = 1, 1, max(1, m // ROWS_APART), max(1, n // strip)
        if m * n * k <= LARGE:  # columns first: what they are of is copied by column
            along = min(BLOCKS, most_along)
            down = min(BLOCKS // along, most_down)
        else:
            blocks = min(BLAS_BLOCKS, max(2, m * n * k // BLAS_BLOCK))
            while 2 * down * along <= blocks:  # the longer side is halved
                if n // along >= m // down:
                    along *= 2
                else:
                    down *= 2
            down, along = min(down, most_down), min(along, most_along)
        rows = m if down == 1 else m // down // ROWS_APART * ROWS_APART
        columns = n if along == 1 else n // along // strip * strip
        cut = place(
            Cut(
                a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add, rows, columns, down, along,
            )
        )  # fmt: skip
        share(block_at(), address_of(cut), down * along)

    return product
