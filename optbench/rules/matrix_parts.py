"""What matrix rules share: AdamW for vectors, scales that follow from a shape, their factors."""

import math
from typing import Any

from optbench.define import matmul, span, sync, total
from optbench.rules.matrix_algebra import frobenius_norm
from optbench.rules.moments import BETA1, BETA2, EPS, next_moments

ADAMW: dict[str, Any] = dict(beta1=BETA1, beta2=BETA2, adamw_eps=EPS)
"""Hyperparameters of `adamw_of_vectors`, as rules whose vectors take it call them."""
ORTHOGONALIZING = {"step": "mn", "spare": "mn", "gram": "kk", "square": "kk"}
"""Buffers of rules that orthogonalize a matrix, see `matrix_algebra.orthogonalize`."""


def adamw_of_vectors(
    x, g, m, v, lr, weight_decay, beta1, beta2, adamw_eps, fresh1, fresh2, c1, c2
):  # fmt: skip
    """Take AdamW's step of a vector (Loshchilov and Hutter 2019, alg. 2).

    Outputs of the rule's `uniform` end with those of `moments.shares_and_corrections`.
    """
    for j in span(x.shape[1]):
        m[0, j], v[0, j] = next_moments(m[0, j], v[0, j], g[0, j], beta1, beta2, fresh1, fresh2)
        adapted = c1 * m[0, j] / (math.sqrt(v[0, j]) * c2 + adamw_eps)
        x[0, j] -= lr * (weight_decay * x[0, j] + adapted)
    sync()


def step_matrix(x, step, lr, weight_decay, scale):
    """Move a matrix by ``scale step``, and towards 0 by ``weight_decay``, both times the rate."""
    for i in range(x.shape[0]):
        for j in span(x.shape[1]):
            x[i, j] -= lr * (weight_decay * x[i, j] + scale * step[i, j])
    sync()


def shape_scale(rows, columns, match_rms_adamw, rows_are_outputs):
    """Return what an orthogonal step is multiplied by.

    It is the root of outputs / inputs where that is above 1 (Jordan et al. 2024), or, to match the
    root mean square of AdamW's steps, 0.2 of the root of the larger side (Liu et al. 2025,
    "Muon is scalable for LLM training", eq. 4).
    """
    if match_rms_adamw:
        return 0.2 * math.sqrt(max(rows, columns))
    if rows_are_outputs:
        return math.sqrt(max(1.0, rows / columns))
    return math.sqrt(max(1.0, columns / rows))


def rms_scale(step, eps):
    """Return the factor that gives a step the root mean square 0.2."""
    rows, columns = step.shape
    return 0.2 * math.sqrt(step.dtype.type(rows * columns)) / (frobenius_norm(step) + eps)


def gather(sums, g, product, beta, fresh, inner):
    """Replace `sums` by beta sums + fresh g g', or g' g if `inner`."""
    matmul(g, g, product, inner, not inner)
    for i in range(sums.shape[0]):
        for j in span(sums.shape[1]):
            sums[i, j] = beta * sums[i, j] + fresh * product[i, j]
    sync()


def add_to_diagonal(a, value):
    """Add a number to the diagonal of a square matrix."""
    for i in span(a.shape[0]):
        a[i, i] += value
    sync()


def mean_square_of_row(a, i):
    """Return the mean of the squares of row i."""
    squares = 0.0
    for j in span(a.shape[1]):
        squares += a[i, j] * a[i, j]
    return total(squares) / a.shape[1]


def sign_of(v):
    """Return -1, 0 or 1; what is not finite stays so."""
    return math.copysign(1.0, v) + 0.0 * v if v != 0.0 else v


def first_and_due(t, preconditioning_compute_steps):
    """Return whether a step is the first one, and whether roots or bases are taken anew in it."""
    return float(t == 1), float(t == 1 or t % preconditioning_compute_steps == 0)
