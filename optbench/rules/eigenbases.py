"""Matrix rules that work in bases of singular vectors: SPlus, Conda.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`.
"""

import math

from optbench.define import (
    Decay,
    Log,
    Momentum,
    Range,
    Search,
    matmul,
    optimizer,
    span,
    sync,
)
from optbench.rules.matrix_algebra import (
    bring_into_range,
    copy,
    eigenvectors,
    rank_of,
    set_identity,
)
from optbench.rules.matrix_parts import first_and_due, gather, sign_of
from optbench.rules.moments import BETA1, BETA2, EPS


@optimizer(
    matrix=True,
    state={"m": 0.0, "average": "x"},
    memory={"left": "mm", "right": "nn", "left_basis": "mm", "right_basis": "nn"},
    buffers={"left1": "mm", "right1": "nn", "half": "mn", "step": "mn"},
    iterate="average",
    lr=Log(1e-1),
    beta1=BETA1,
    beta2=BETA2,
    weight_decay=Decay(1e-2),
    average_beta=Momentum(0.999, search=Search(0.9, 0.9999, "log of 1 - v")),
    inverse_steps=Range(100.0, 1.0, whole=True),
    vector_rate=Range(1e-3, 0.0),
    source="Frans, Levine and Abbeel 2025, SPlus, alg. 1 (arXiv 2506.07254); "
    "pytorch_optimizer.SPlus",
)
def splus(
    x, g, m, average, left, right, left_basis, right_basis, left1, right1, half, step, lr, beta1,
    beta2, weight_decay, vector_rate, vector, fresh1, fresh2, first, due, share,
):  # fmt: skip
    """SPlus: the sign of the momentum in the eigenbases of Shampoo's factors; an average reported.

    Bases are those of the identity at first, then taken anew after the first step and at every
    multiple of `inverse_steps`. Rates are 2 / (rows + columns) of `lr`, and `vector_rate` of it
    for vectors. Weights decay after the average has been taken, as in the library.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = beta1 * m[i, j] + fresh1 * g[i, j]
            step[i, j] = sign_of(m[i, j])
    sync()
    rate = lr * vector_rate
    if not vector:
        rate = lr * (2.0 / (rows + columns))
        if first > 0.0:
            set_identity(left_basis, 1.0)
            set_identity(right_basis, 1.0)
        else:
            matmul(left_basis, m, half, True, False)
            matmul(half, right_basis, step, False, False)
            for i in range(rows):
                for j in span(columns):
                    step[i, j] = sign_of(step[i, j])
            sync()
            matmul(left_basis, step, half, False, False)
            matmul(half, right_basis, step, False, True)
        gather(left, g, left1, beta2, fresh2, False)
        gather(right, g, right1, beta2, fresh2, True)
        if due > 0.0:
            copy(left, left1)
            eigenvectors(left1, left_basis)
            copy(right, right1)
            eigenvectors(right1, right_basis)
    for i in range(rows):
        for j in span(columns):
            moved = x[i, j] - rate * step[i, j]
            average[i, j] += share * (moved - average[i, j])
            x[i, j] = moved - rate * weight_decay * moved
    sync()


@splus.uniform
def _(t, beta1, beta2, average_beta, inverse_steps):
    first, due = first_and_due(t, inverse_steps)
    share = (1 - average_beta) / (1 - average_beta**t)
    return 1 - beta1, 1 - beta2, first, due, share


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"basis": "kk"},
    buffers={"gram": "kk", "vectors": "kk", "scores": "k", "turned": "mn", "step": "mn"},
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    update_proj_gap=Range(2000.0, 1.0, whole=True),
    source="Wang et al. 2025, Conda, alg. 1 (arXiv 2509.24218); pytorch_optimizer.Conda",
)
def conda(
    x, g, m, v, basis, gram, vectors, scores, turned, step, lr, beta1, beta2, eps, weight_decay,
    vector, fresh1, fresh2, due, factor,
):  # fmt: skip
    """Conda: Adam in the basis of the momentum's singular vectors of the shorter side.

    The basis is taken at the first step and at every multiple of `update_proj_gap`. Vectors take
    the same step as they are. The library's epsilon is beside the uncorrected root.
    """
    rows, columns = x.shape
    tall = rows >= columns
    for i in range(rows):
        for j in span(columns):
            m[i, j] = beta1 * m[i, j] + fresh1 * g[i, j]
    sync()
    if not vector and due > 0.0:
        copy(m, turned)
        bring_into_range(turned)
        matmul(turned, turned, gram, tall, not tall)
        eigenvectors(gram, vectors)
        _sort_columns(gram, vectors, basis, scores)
    _turn(g, basis, tall, vector, False, turned)
    for i in range(rows):
        for j in span(columns):
            v[i, j] = beta2 * v[i, j] + fresh2 * turned[i, j] * turned[i, j]
    sync()
    _turn(m, basis, tall, vector, False, turned)
    for i in range(rows):
        for j in span(columns):
            turned[i, j] /= math.sqrt(v[i, j]) + eps
    sync()
    _turn(turned, basis, tall, vector, True, step)
    for i in range(rows):
        for j in span(columns):
            moved = x[i, j] - lr * factor * step[i, j]
            x[i, j] = moved - lr * weight_decay * moved
    sync()


@conda.uniform
def _(t, beta1, beta2, update_proj_gap):
    _, due = first_and_due(t, update_proj_gap)
    factor = math.sqrt(1 - beta2**t) / (1 - beta1**t)
    return 1 - beta1, 1 - beta2, due, factor


def _turn(a, basis, tall, vector, back, into):
    """Write a basis, or basis' a unless `tall`, into `into`; the other way if `back`."""
    if vector:
        copy(a, into)
    elif tall:
        matmul(a, basis, into, False, back)
    else:
        matmul(basis, a, into, not back, False)


def _sort_columns(values, vectors, basis, scores):
    """Write eigenvectors into `basis`, those of large diagonal values first."""
    n = values.shape[0]
    for j in span(n):
        scores[j] = values[j, j]
    sync()
    for j in span(n):
        place = rank_of(scores, j)
        for i in range(n):
            basis[i, place] = vectors[i, j]
    sync()
