"""The four primitives as authors of matrix rules see them: one thread owns a whole net.

Compiled code replaces them by those of `kernels.products.primitives`, which say how the threads of
a net share the work, and `where` by a selection of lanes.
"""


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
    C[:] = (A.T if ta else A) @ (B.T if tb else B)


PRIMITIVES = (span, total, sync, matmul)
"""By these names `kernels.products.primitives` has what they become."""


def where(condition, a, b):
    """Return `a` where `condition` holds, else `b`: the branch-free ``if`` of SIMD code."""
    return a if condition else b
