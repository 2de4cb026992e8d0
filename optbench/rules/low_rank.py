"""Matrix rules that follow a few directions of a matrix: Dion.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`.
"""

import math

from optbench.define import (
    Decay,
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    matmul,
    normal,
    optimizer,
    span,
    sync,
    total,
)
from optbench.rules.matrix_parts import ADAMW, adamw_of_vectors, step_matrix
from optbench.rules.moments import shares_and_corrections


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"basis": "kn"},
    buffers={"left": "km", "right": "kn", "step": "mn"},
    lr=Log(1e-2),
    momentum=Momentum(0.95),
    rank_fraction=Range(1.0, 0.0, 1.0, open_low=True, search=Search(1 / 16, 1.0)),
    weight_decay=Decay(0.01),
    eps=Eps(1e-8),
    **ADAMW,
    rows_are_outputs=Flag(),
    source="Ahn et al. 2025, Dion, alg. 1 (arXiv 2504.05295)",
)
def dion(
    x, g, m, v, basis, left, right, step, lr, momentum, rank_fraction, weight_decay, eps,
    rows_are_outputs, key, unkept, first,
):  # fmt: skip
    """Dion: an orthogonal step of low rank, from one step of the power method on the momentum.

    What the step has not used stays in the momentum (error feedback). The rank is the share
    `rank_fraction` of the shorter side, rounded up. Vectors take AdamW's step.
    """
    rows, columns = x.shape
    rank = max(1, int(math.ceil(rank_fraction * basis.shape[0] - 1e-3)))  # float32 rounds shares
    q, p, r = basis[:rank], left[:rank], right[:rank]
    if first > 0.0:
        for i in range(rank):
            for j in span(columns):
                q[i, j] = normal(key, j * rank + i)
    for i in range(rows):
        for j in span(columns):
            m[i, j] += g[i, j]
    sync()
    # Bases lie row by row: q is the paper's Q', p its P', r its R'.
    matmul(q, m, p, False, True)
    _orthonormalize_rows(p)
    matmul(p, m, r, False, False)
    matmul(p, r, step, True, False)
    for i in range(rows):
        for j in span(columns):
            m[i, j] -= unkept * step[i, j]
    sync()
    for i in range(rank):
        length = _length(r, i) + eps
        for j in span(columns):
            q[i, j] = r[i, j] / length
    sync()
    matmul(p, q, step, True, False)
    scale = math.sqrt(rows / columns) if rows_are_outputs else math.sqrt(columns / rows)
    step_matrix(x, step, lr, weight_decay, scale)


dion.vectors(adamw_of_vectors)


@dion.uniform
def _(t, momentum, beta1, beta2):
    return 1 - momentum, float(t == 1), *shares_and_corrections(t, beta1, beta2)


def _orthonormalize_rows(a):
    """Replace each row of a by its part that is orthogonal to those before, of length 1.

    Of a row that depends on those before nothing is left: a unit vector takes its place, as in a
    QR factorisation, so that a basis of zeros, as of gradients of zero, does not stay one.
    """
    rank, n = a.shape
    for i in range(rank):
        whole = _length(a, i)
        length = _orthogonal_part(a, i)
        axis = i
        while length <= DEPENDENT * whole and axis < n + i:
            for j in span(n):
                a[i, j] = 1.0 if j == axis % n else 0.0
            sync()
            whole, axis = 1.0, axis + 1
            length = _orthogonal_part(a, i)
        for j in span(n):
            a[i, j] /= length
        sync()


def _orthogonal_part(a, i):
    """Make row i of a orthogonal to those before; return the length that is left of it.

    Gram and Schmidt's method, twice over (Giraud et al. 2005: that is enough).
    """
    for _ in range(2):
        for k in range(i):
            share = _product_of_rows(a, k, i)
            for j in span(a.shape[1]):
                a[i, j] -= share * a[k, j]
    return _length(a, i)


DEPENDENT = 1e-6
"""The share of its length below which what is left of a row is rounding, in float32 too."""


def _product_of_rows(a, i, k):
    """Return the sum of the products of two rows' elements.

    It is taken in four sums: each addition of one sum waits for the one before.
    """
    n = a.shape[1]
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for quarter in span(n // 4):
        j = 4 * quarter
        first += a[i, j] * a[k, j]
        second += a[i, j + 1] * a[k, j + 1]
        third += a[i, j + 2] * a[k, j + 2]
        fourth += a[i, j + 3] * a[k, j + 3]
    for rest in span(n % 4):
        first += a[i, n - 1 - rest] * a[k, n - 1 - rest]
    return total((first + second) + (third + fourth))


def _length(a, i):
    """Return the length of row i."""
    return math.sqrt(_product_of_rows(a, i, i))
