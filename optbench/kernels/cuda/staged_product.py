"""Matrix products of a block: its threads share a tile of C, and stage what it takes of A and B.

A tile's rows of A and columns of B are copied to shared memory, so many numbers of each as fit, and
a thread reads its own there: from far memory neighbours read neighbours, whichever operand is
transposed, and each number once a tile. A thread has SIDE x SIDE numbers of the tile in registers,
and sums each over k in order, as one thread alone would.

`place` and SIDE are supplied: see `bound`.
"""

from typing import Any, NamedTuple

import numpy as np

from optbench.kernels.compiling.supplied import Supplied, with_globals
from optbench.kernels.cuda.compiling import part_of_net, unrolled
from optbench.kernels.cuda.device import cuda
from optbench.kernels.cuda.known import AT_STAGE, LINE, MEMORY, REAL, SIDE, STAGE, THREADS
from optbench.kernels.products.primitives import called

LARGE_SIDE = 4
"""SIDE where there is enough of C for all threads; else it is 1."""
ENOUGH = 8
"""... numbers of C a thread: half a tile."""
STAGED = 16
"""Numbers in shared memory a thread: 20 deep, in tiles of 32 x 64 numbers for 128 threads."""
LONGEST_LINE = 16
"""Threads that read along one line, of the memory's 128 bytes in float64."""


class Product(NamedTuple):
    """What a product is of; see `products.matmul` for the places.

    Row i of A begins at ``at_a + place(q, down, i)``, its number h ``place(q, along_a, h)`` behind;
    column j of B begins at ``at_b + j * right``, its number h ``h * along_b`` behind.
    """

    a: np.ndarray
    at_a: int
    down: int
    along_a: int
    q: np.ndarray  # int64
    b: np.ndarray
    at_b: int
    right: int
    along_b: int
    c: np.ndarray
    at_c: int
    row_c: int
    m: int
    n: int
    k: int
    add: int


@Supplied
def place(q, step, i):
    """Stand for `multiple` or `table_entry`: where row i of A, or number i of a row, is."""


def multiple(q, step, i):
    """Return where number `i` is if each lies `step` after the one before."""
    return i * step


def table_entry(q, table, i):
    """Return number `i` of a table in q."""
    return q[table + i]


@Supplied
def stage_left(to, v, at, q, down, along, first, rows, last, begin, deep):
    """Stand for `stage` of A."""


@Supplied
def stage_right(to, v, at, q, down, along, first, rows, last, begin, deep):
    """Stand for `stage` of B, whose columns are its rows."""


@Supplied
def large(product):
    """Stand for `multiply` with a SIDE of LARGE_SIDE."""


@Supplied
def small(product):
    """Stand for `multiply` with a SIDE of 1."""


@Supplied
def fill_tile(product, row, column, bits):
    """Stand for `tile`."""


@called
def compute(product):
    """Write ``A @ B`` into C: what the threads of a block call, all of them in step."""
    if product.m * product.n >= ENOUGH * THREADS:
        large(product)
    else:
        small(product)


def multiply(product):
    """Do so tile by tile."""
    bits = columns_in_bits(product.m, product.n)
    for row in range(0, product.m, SIDE * (THREADS >> bits)):
        for column in range(0, product.n, SIDE << bits):
            fill_tile(product, row, column, bits)
    cuda.syncthreads()


def tile(product, row, column, bits):
    """Fill the tile at a row and a column of C; a thread has every so many of both."""
    broad, high = 1 << bits, THREADS >> bits
    rows, columns, k = SIDE * high, SIDE * broad, product.k
    most = STAGE // (rows + columns + 2)
    at_right, i = AT_STAGE + most * (rows + 1), cuda.threadIdx.x >> bits
    j = cuda.threadIdx.x & broad - 1
    sums = cuda.local.array((SIDE, SIDE), REAL)
    clear_sums(sums)
    for begin in range(0, k, most):
        deep = min(most, k - begin)
        stage_left(
            AT_STAGE, product.a, product.at_a, product.q, product.down, product.along_a,
            row, rows, product.m - 1, begin, deep,
        )  # fmt: skip
        stage_right(
            at_right, product.b, product.at_b, product.q, product.right, product.along_b,
            column, columns, product.n - 1, begin, deep,
        )  # fmt: skip
        cuda.syncthreads()
        at_i, at_j = AT_STAGE + i, at_right + j
        for _ in range(deep):
            add_products(sums, at_i, high, at_j, broad)
            at_i, at_j = at_i + rows + 1, at_j + columns + 1
        cuda.syncthreads()
    if i < high:
        store_sums(product, sums, row + i, high, column + j, broad)


@unrolled
def clear_sums(sums):
    """Set a thread's numbers of C to 0."""
    for u in range(SIDE):
        for v in range(SIDE):
            sums[u, v] = 0


@unrolled
def add_products(sums, at_i, high, at_j, broad):
    """Add what a column of A's tile and a row of B's give to a thread's numbers of C."""
    numbers, others = cuda.shared.array(0, MEMORY), cuda.local.array(SIDE, REAL)
    for v in range(SIDE):
        others[v] = numbers[at_j + v * broad]
    for u in range(SIDE):
        own = numbers[at_i + u * high]
        for v in range(SIDE):
            sums[u, v] += own * others[v]


@unrolled
def store_sums(product, sums, row, high, column, broad):
    """Write a thread's numbers of C, those that are not beyond it."""
    c = product.c
    for u in range(SIDE):
        for v in range(SIDE):
            to_row, to_column = row + u * high, column + v * broad
            if to_row < product.m and to_column < product.n:
                to = product.at_c + to_row * product.row_c + to_column
                c[to] = sums[u, v] + (c[to] if product.add else c.dtype.type(0))


def columns_in_bits(m, n):
    """Return how many threads are side by side in a tile, as a power of two.

    As many as there are above each other, or twice as many, but more where C has few rows and fewer
    where it has few columns.
    """
    bits = 0
    while (2 << bits) <= THREADS and (SIDE << bits) < n:
        if (2 << 2 * bits) > THREADS and (THREADS >> bits) * SIDE <= m:
            break
        bits += 1
    return bits


def stage(to, v, at, q, down, along, first, rows, last, begin, deep):
    """Copy numbers begin ... of rows first ... to shared memory, number by number.

    Row i of number h is written to place ``to + h (rows + 1) + i``; rows beyond the last are the
    last: what they give is not stored. Threads follow whichever way numbers are nearer together.
    """
    numbers = cuda.shared.array(0, MEMORY)
    quick, slow = cuda.threadIdx.x % LINE, cuda.threadIdx.x // LINE
    across = place(q, along, min(begin + 1, begin + deep - 1)) - place(q, along, begin)
    beside = place(q, down, min(first + 1, last)) - place(q, down, first)
    if 0 < across <= beside or beside == 0:
        for i in range(slow, rows, THREADS // LINE):
            row = at + place(q, down, min(first + i, last))
            for h in range(quick, deep, LINE):
                numbers[to + h * (rows + 1) + i] = v[row + place(q, along, begin + h)]
    else:
        for h in range(slow, deep, THREADS // LINE):
            number = at + place(q, along, begin + h)
            for i in range(quick, rows, LINE):
                row = place(q, down, min(first + i, last))
                numbers[to + h * (rows + 1) + i] = v[number + row]


def numbers_staged(threads: int) -> int:
    """Return how many numbers of shared memory are for what is staged."""
    return STAGED * threads


def line_of(threads: int) -> int:
    """Return how many threads read along a line: a power of two that divides them."""
    return min(LONGEST_LINE, threads & -threads)


def bound(names: dict[str, Any]) -> dict[str, Any]:
    """Return the two products.

    Parameters
    ----------
    names : dict
        What `known` says of a kernel of nets.

    Returns
    -------
    dict
        "strided_product", where the numbers of A are at distances, and "tabled_product", where
        tables in q say where they are.
    """
    distances = names | {"place": part_of_net(with_globals(multiple, {}))}
    tables = names | {"place": part_of_net(with_globals(table_entry, {}))}
    right = part_of_net(with_globals(stage, distances))
    products = {}
    for name, places in (("strided_product", distances), ("tabled_product", tables)):
        left = right if places is distances else part_of_net(with_globals(stage, places))
        own = names | {"stage_left": left, "stage_right": right}
        for size, side in (("large", LARGE_SIDE), ("small", 1)):
            sized = own | {"SIDE": side}
            for function in (clear_sums, add_products, store_sums):
                sized[function.__name__] = part_of_net(with_globals(function, sized))
            sized["columns_in_bits"] = part_of_net(with_globals(columns_in_bits, sized))
            sized["fill_tile"] = part_of_net(with_globals(tile, sized))
            own[size] = part_of_net(with_globals(multiply, sized))
        products[name] = part_of_net(with_globals(compute, own))
    return products
