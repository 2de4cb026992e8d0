"""Matrix rules that step to the point of a ball that a linear function is least at: Scion.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`.
"""

import math

from optbench.define import Eps, Flag, Log, Momentum, Range, Search, optimizer, span, sync
from optbench.rules.matrix_algebra import frobenius_norm, orthogonalize
from optbench.rules.matrix_parts import ORTHOGONALIZING, step_matrix


@optimizer(
    matrix=True,
    state="m",
    buffers=ORTHOGONALIZING,
    lr=Log(1e-3),
    momentum=Momentum(0.9),
    radius=Range(1.0, 0.0, open_low=True, search=Search(1e-1, 1e3)),
    ns_steps=Range(5.0, 1.0, 99.0, whole=True),
    ns_eps=Log(1e-7),
    eps=Eps(1e-8),
    constrained=Flag(True),
    rows_are_outputs=Flag(),
    source="Pethick et al. 2025, Scion, algs. 1 and 2, tab. 2 (arXiv 2502.07529)",
)
def scion(
    x, g, m, step, spare, gram, square, lr, momentum, radius, ns_steps, ns_eps, eps, constrained,
    rows_are_outputs, vector, fresh,
):  # fmt: skip
    """Scion: conditional gradients, x <- (1 - lr) x + lr times the ball's point along the momentum.

    The balls are those of the spectral norm, from the root mean square of inputs to that of
    outputs, and for vectors of the root mean square. Without `constrained` x does not shrink.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            step[i, j] = m[i, j]
    sync()
    if vector:
        scale = 1.0 / (frobenius_norm(step) / math.sqrt(x.dtype.type(columns)) + eps)
    else:
        orthogonalize(step, int(ns_steps), ns_eps, spare, gram, square)
        scale = math.sqrt(rows / columns) if rows_are_outputs else math.sqrt(columns / rows)
    step_matrix(x, step, lr, 1.0 if constrained else 0.0, radius * scale)


@scion.uniform
def _(momentum):
    return (1 - momentum,)
