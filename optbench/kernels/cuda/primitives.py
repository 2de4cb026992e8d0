"""The primitives of nets on CUDA: the threads of a block share one net (see `products.primitives`).

Every thread takes the same way through the code, with the same numbers per net; what is shared out
are loops. A coordinate of the parameters belongs to one thread for good: number i to thread
``i % THREADS``. Everything is plain Python for the simulator; what the real compiler cannot do
(return a view of an array) are intrinsics. Sums over the threads take the first numbers of the
block's shared memory.
"""

from typing import Any

import numpy as np

from optbench.kernels.compiling.supplied import Supplied, with_globals
from optbench.kernels.cuda import staged_product
from optbench.kernels.cuda.compiling import part_of_net, shared_type, type_of
from optbench.kernels.cuda.device import cuda
from optbench.kernels.cuda.known import GROUPS, MEMORY, THREADS
from optbench.kernels.cuda.staged_product import Product
from optbench.kernels.cuda.views import net_views
from optbench.kernels.memory.operations import run_loss, run_operation
from optbench.kernels.products import primitives
from optbench.kernels.products.primitives import vector


def span(n):
    """Return this thread's share of ``range(n)``."""
    return range(cuda.threadIdx.x, n, THREADS)


def wide(v, n):
    """Return this thread's share of ``range(n)``: vectors are one number long."""
    return range(cuda.threadIdx.x, n, THREADS)


def cube(v, start, a, b, c):
    """Return ``v[start:]`` as an array [a, b, c], a view."""
    return v[start : start + a * b * c].reshape(a, b, c)


def viewed(group):
    """Return a group with views in place of its arrays."""
    return group


def address(group):
    """Return where in this thread's memory a group is written down, for functions that are called.

    Dozens of arguments would be dozens of registers, in each function that calls.
    """
    return group


def share(low, high):
    """Return this thread's coordinates from `low` to `high`."""
    return range(low + (cuda.threadIdx.x - low) % THREADS, high, THREADS)


def sync():
    """Wait for all threads of the block."""
    cuda.syncthreads()


def anywhere(condition):
    """Say whether a condition holds on any thread."""
    return cuda.syncthreads_or(1 if condition else 0) != 0


def total(v):
    """Return the sum over the threads, the same on all and always in the same order."""
    numbers, thread = cuda.shared.array(0, MEMORY), cuda.threadIdx.x
    numbers[thread] = v
    cuda.syncthreads()
    if thread < GROUPS:
        s = numbers[thread]
        for other in range(thread + GROUPS, THREADS, GROUPS):
            s += numbers[other]
        numbers[THREADS + thread] = s
    cuda.syncthreads()
    s = numbers[THREADS]
    for group in range(1, GROUPS):
        s += numbers[THREADS + group]
    return s


def greatest(v):
    """Return the largest number of all threads."""
    numbers = cuda.shared.array(0, MEMORY)
    numbers[cuda.threadIdx.x] = v
    cuda.syncthreads()
    most = v
    for other in range(THREADS):
        most = max(most, numbers[other])
    cuda.syncthreads()  # before another number takes the place of one not read yet
    return most


def matmul(A, B, C, ta, tb, add=False):
    """Write ``op(A) @ op(B)`` into C, whose elements the threads share."""
    m, n = C.shape
    k = A.shape[0] if ta else A.shape[1]
    matmul_strided(
        vector(A, 0, A.size), 0, A.shape[1], vector(B, 0, B.size), 0, B.shape[1],
        vector(C, 0, C.size), 0, n, m, n, k, ta, tb, add,
    )  # fmt: skip


def matmul_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    """Write ``op(A) @ op(B)`` into C, whose elements the threads share."""
    down, along_a = (1, row_a) if ta else (row_a, 1)
    right, along_b = (row_b, 1) if tb else (1, row_b)
    adds = 1 if add else 0  # of one type, so that one product serves all
    strided_product(address(
        Product(a, at_a, down, along_a, a, b, at_b, right, along_b, c, at_c, row_c, m, n, k, adds)
    ))  # fmt: skip


def matmul_at(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add):
    """Write ``A @ B`` into C, where tables in q say where the numbers of A are."""
    adds = 1 if add else 0
    tabled_product(address(
        Product(a, at_a, bases, offsets, q, b, at_b, 1, row_b, c, at_c, row_c, m, n, k, adds)
    ))  # fmt: skip


@Supplied
def strided_product(product):
    """Stand for a product whose `down` and `along_a` are distances; q is not read."""


@Supplied
def tabled_product(product):
    """Stand for one where the places of rows and of their numbers come from tables in q."""


def no_operation(number, params, grads, q, work, key, r, rows, mode, t, first):
    """Stand for `run_operation` where a net has no operations: nobody calls it."""


def no_loss(number, z, slopes, losses, y):
    """Stand for `run_loss` where a net has no loss of an author's: nobody calls it."""


def reserved(threads: int) -> int:
    """Return how many numbers at the start of shared memory are for sums and products."""
    return _sums(threads) + staged_product.numbers_staged(threads)


def _sums(threads: int) -> int:
    """Return how many of them are for sums over threads."""
    return threads + _groups(threads)


def _groups(threads: int) -> int:
    return int(np.ceil(np.sqrt(threads)))


def bound(dtype: np.dtype, threads: int) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return the primitives for blocks of so many threads.

    Parameters
    ----------
    dtype : numpy.dtype
    threads : int

    Returns
    -------
    by_function : dict
        What stands for each function of `products.primitives.PRIMITIVES`.
    by_name : dict
        All of them by name, with what only a kernel knows.
    """
    names = dict(
        THREADS=threads, GROUPS=_groups(threads), LINE=staged_product.line_of(threads),
        STAGE=staged_product.numbers_staged(threads), AT_STAGE=_sums(threads),
        REAL=type_of(dtype), MEMORY=shared_type(dtype), WHOLE=type_of(np.int64),
    )  # fmt: skip
    plain = (primitives.matrix, primitives.vector, cube, viewed, address)
    names |= {f.__name__: f for f in plain} | net_views()
    of_numbers = primitives.lanes, primitives.get, primitives.put, primitives.apart
    for function in (*of_numbers, primitives.cyclic, primitives.recall, primitives.keep):
        names[function.__name__] = part_of_net(with_globals(function, {}))
    for function in (span, wide, share, sync, anywhere, total, greatest):
        names[function.__name__] = part_of_net(with_globals(function, names))
    names |= staged_product.bound(names)
    for function in (matmul_strided, matmul_at, matmul):
        names[function.__name__] = part_of_net(with_globals(function, names))
    by_function = {function: names[function.__name__] for function in primitives.PRIMITIVES}
    # Nets that have operations or authors' losses are handed over with what stands for them.
    for function, stub in ((run_operation, no_operation), (run_loss, no_loss)):
        by_function[function] = part_of_net(with_globals(stub, {}))
    return by_function, names
