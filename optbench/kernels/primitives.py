"""The four primitives that every layer of a net is written on.

A layer is one plain function that serves two targets. On the CPU one thread owns a whole net, so
a share of a range is all of it and a sum needs nobody else. On CUDA a block of threads owns a
net: `span` then strides over the range by thread, `total` sums over the block, `sync` is the
block's barrier and `matmul` shares out the elements of C; those versions are overloads of these
same functions with ``target="cuda"``. Layers keep to three rules so that both are right:

- Whoever writes an element alone reads it until the next `sync`. Elementwise loops over a matrix
  run over all rows outside and over ``span(columns)`` inside, which vectorises on the CPU and
  reads adjacent addresses on CUDA, and makes column sums (bias gradients) private to a thread.
- `total` returns the sum on every thread. `matmul` begins and ends in step: its operands are
  complete (a `sync` came before), and C is complete when it returns.
- Nothing is allocated; buffers are arguments.

In plain Python the functions mean the same on NumPy arrays.
"""

import numpy as np
from numba.extending import overload


def span(n):
    """Return this thread's share of ``range(n)``."""
    return range(n)


def total(v):
    """Return the sum of `v` over the threads of a net."""
    return v


def sync():
    """Wait until every thread of a net is here and sees what the others wrote."""


def matmul(A, B, C, ta, tb):
    """Write ``op(A) @ op(B)`` into C, where op transposes if `ta` (for A) or `tb` (for B) is true.

    Parameters
    ----------
    A, B, C : array, 2-D, C-contiguous, of one dtype
        C overlaps neither A nor B.
    ta, tb : bool or int
    """
    # Four calls, because a transposed view has another type; BLAS takes all four without copies.
    if ta and tb:
        np.dot(A.T, B.T, C)
    elif ta:
        np.dot(A.T, B, C)
    elif tb:
        np.dot(A, B.T, C)
    else:
        np.dot(A, B, C)


PRIMITIVES = (span, total, sync, matmul)
"""What compiled code knows by overload."""


def _on_cpu(primitive):
    overload(primitive, target="cpu", strict=False)(lambda *args: primitive)


for _primitive in PRIMITIVES:
    _on_cpu(_primitive)
