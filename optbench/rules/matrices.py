"""Matrix rules that multiply the gradient by matrices: Muon, Shampoo, SOAP.

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
    SecondMoment,
    matmul,
    optimizer,
    span,
    sync,
)
from optbench.rules.matrix_algebra import (
    copy,
    eigenvectors,
    inverse_root,
    orthogonalize,
    orthonormal_factor,
    rank_of,
)
from optbench.rules.matrix_parts import (
    ADAMW,
    ORTHOGONALIZING,
    adamw_of_vectors,
    add_to_diagonal,
    first_and_due,
    gather,
    shape_scale,
    step_matrix,
)
from optbench.rules.moments import EPS, shares_and_corrections


@optimizer(
    matrix=True,
    state=("m", "v"),
    buffers=ORTHOGONALIZING,
    lr=Log(1e-3),
    momentum=Momentum(0.95),
    weight_decay=Decay(0.1),
    ns_steps=Range(5.0, 1.0, 99.0, whole=True),
    eps=Log(1e-7),
    **ADAMW,
    nesterov=Flag(True),
    bias_correction=Flag(),
    match_rms_adamw=Flag(),
    rows_are_outputs=Flag(),
    source="Jordan et al. 2024; torch.optim.Muon, AdamW for vectors",
)
def muon(
    x, g, m, v, step, spare, gram, square, lr, momentum, weight_decay, ns_steps, eps,
    match_rms_adamw, rows_are_outputs, fresh, of_m, of_g,
):  # fmt: skip
    """Muon: the momentum's nearest orthogonal matrix, by Newton-Schulz in the kernel's dtype.

    Biases take AdamW's step, with the same rate. The step is scaled by the root of outputs /
    inputs where that is above 1 (weights of nets are [inputs, outputs], torch's the other way
    round: `rows_are_outputs`), or with `match_rms_adamw` by 0.2 of the root of the larger side.
    optax corrects the momentum for its start at zero (`bias_correction`).
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            step[i, j] = of_m * m[i, j] + of_g * g[i, j]
    orthogonalize(step, int(ns_steps), eps, spare, gram, square)
    scale = shape_scale(rows, columns, match_rms_adamw, rows_are_outputs)
    step_matrix(x, step, lr, weight_decay, scale)


muon.vectors(adamw_of_vectors)


@muon.uniform
def _(t, momentum, beta1, beta2, nesterov, bias_correction):
    of_m, of_g = (momentum, 1 - momentum) if nesterov else (1.0, 0.0)
    if bias_correction:
        of_m, of_g = of_m / (1 - momentum ** (t + 1)), of_g / (1 - momentum**t)
    return 1 - momentum, of_m, of_g, *shares_and_corrections(t, beta1, beta2)


@optimizer(
    matrix=True,
    memory={"left": "mm", "right": "nn", "left_root": "mm", "right_root": "nn"},
    buffers={
        "left1": "mm", "left2": "mm", "left3": "mm", "right1": "nn", "right2": "nn",
        "right3": "nn", "half": "mn", "step": "mn",
    },
    lr=Log(1e-3),
    preconditioning_compute_steps=Range(1.0, 1.0, whole=True),
    matrix_eps=Eps(1e-6),
    source="Gupta, Koren and Singer 2018, alg. 1; pytorch_optimizer.Shampoo",
)  # fmt: skip
def shampoo(
    x, g, left, right, left_root, right_root, left1, left2, left3, right1, right2, right3, half,
    step, lr, matrix_eps, vector, first, due,
):  # fmt: skip
    """Shampoo: the gradient between inverse fourth roots of the sums of g g' and g' g.

    A vector has one factor, with the inverse square root: AdaGrad with a full matrix. Roots are
    taken anew at the first step and at every multiple of `preconditioning_compute_steps`.
    """
    rows, columns = x.shape
    gather(right, g, right1, 1.0, 1.0, True)
    if first > 0.0:
        add_to_diagonal(right, matrix_eps)
    if due > 0.0:
        inverse_root(right, 2 if vector else 4, right_root, right1, right2, right3)
    if vector:
        matmul(g, right_root, step, False, False)
    else:
        gather(left, g, left1, 1.0, 1.0, False)
        if first > 0.0:
            add_to_diagonal(left, matrix_eps)
        if due > 0.0:
            inverse_root(left, 4, left_root, left1, left2, left3)
        matmul(left_root, g, half, False, False)
        matmul(half, right_root, step, False, False)
    for i in range(rows):
        for j in span(columns):
            x[i, j] -= lr * step[i, j]
    sync()


shampoo.uniform(first_and_due)


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"left": "mm", "right": "nn", "left_basis": "mm", "right_basis": "nn"},
    buffers={
        "left1": "mm", "left2": "mm", "right1": "nn", "right2": "nn", "half": "mn",
        "turned": "mn", "left_scores": "m", "right_scores": "n", "left_line": "m",
        "right_line": "n",
    },
    lr=Log(3e-3),
    beta1=Momentum(0.95),
    beta2=SecondMoment(0.95),
    shampoo_beta=SecondMoment(0.95),
    weight_decay=Decay(1e-2),
    precondition_frequency=Range(10.0, 1.0, whole=True),
    eps=EPS,
    correct_bias=Flag(True),
    source="Vyas et al. 2024, alg. 3; pytorch_optimizer.SOAP",
)  # fmt: skip
def soap(
    x, g, m, v, left, right, left_basis, right_basis, left1, left2, right1, right2, half, turned,
    left_scores, right_scores, left_line, right_line, lr, beta1, beta2, shampoo_beta, weight_decay,
    eps, vector, fresh1, fresh2, fresh3, first, due, factor,
):  # fmt: skip
    """SOAP: Adam in the eigenbasis of Shampoo's factors, of which vectors have none.

    The first gradient only gives the bases: x stays, unless the gradient is not finite. Every
    `precondition_frequency` steps one power iteration and a QR factorisation turn the bases, as in
    the authors' code.
    """
    rows, columns = x.shape
    if first > 0.0:
        if not vector:
            gather(left, g, left1, shampoo_beta, fresh3, False)
            gather(right, g, right1, shampoo_beta, fresh3, True)
            _basis(left, left1, left_basis)
            _basis(right, right1, right_basis)
        for i in range(rows):
            for j in span(columns):
                x[i, j] += 0.0 * g[i, j]
        sync()
        return
    _turn(g, left_basis, right_basis, half, turned, vector, False)
    for i in range(rows):
        for j in span(columns):
            m[i, j] = beta1 * m[i, j] + fresh1 * g[i, j]
            v[i, j] = beta2 * v[i, j] + fresh2 * turned[i, j] * turned[i, j]
    sync()
    _turn(m, left_basis, right_basis, half, turned, vector, False)
    for i in range(rows):
        for j in span(columns):
            turned[i, j] /= math.sqrt(v[i, j]) + eps
    sync()
    _turn(turned, left_basis, right_basis, half, turned, vector, True)
    for i in range(rows):
        for j in span(columns):
            moved = x[i, j] - lr * factor * turned[i, j]
            x[i, j] = moved - lr * weight_decay * moved
    sync()
    if vector:
        return
    gather(left, g, left1, shampoo_beta, fresh3, False)
    gather(right, g, right1, shampoo_beta, fresh3, True)
    if due > 0.0:
        _refine(left, left_basis, left1, left2, left_scores, left_line)
        for i in range(rows):
            rank = rank_of(left_scores, i)
            for j in span(columns):
                half[rank, j] = v[i, j]
        sync()
        _refine(right, right_basis, right1, right2, right_scores, right_line)
        for j in span(columns):
            rank = rank_of(right_scores, j)
            for i in range(rows):
                v[i, rank] = half[i, j]
        sync()


@soap.uniform
def _(t, beta1, beta2, shampoo_beta, precondition_frequency, correct_bias):
    past = t - 1
    factor = 1.0
    if correct_bias and past:
        factor = math.sqrt(1 - beta2**past) / (1 - beta1**past)
    due = past > 0 and past % precondition_frequency == 0
    return 1 - beta1, 1 - beta2, 1 - shampoo_beta, float(t == 1), float(due), factor


def _basis(a, spare, basis):
    """Write the eigenvectors of a into the columns of `basis`."""
    copy(a, spare)
    eigenvectors(spare, basis)


def _turn(a, left, right, half, into, vector, back):
    """Write left' a right into `into`, or left a right' if `back`; of a vector a copy."""
    if vector:
        for j in span(a.shape[1]):
            into[0, j] = a[0, j]
        sync()
        return
    matmul(left, a, half, not back, False)
    matmul(half, right, into, False, back)


def _refine(a, basis, product, spare, scores, line):
    """Turn `basis` by one power iteration with a, its columns sorted by what a makes of them.

    `scores` takes the Rayleigh quotients of the old columns, in their order.
    """
    n = a.shape[0]
    matmul(a, basis, product, False, False)
    for j in span(n):
        scores[j] = 0.0
        for i in range(n):
            scores[j] += basis[i, j] * product[i, j]
    sync()
    for j in span(n):
        rank = rank_of(scores, j)
        for i in range(n):
            spare[i, rank] = product[i, j]
    sync()
    orthonormal_factor(spare, basis, line, product[0])
