"""Data profiles (Moré and Wild 2009): how much is solved within a budget.

d_s(kappa) is the share of problems with t[p, s] / (n_p + 1) <= kappa (Moré and Wild 2009, SIAM J.
Optim. 20, eq. 2.3): a simplex gradient in n_p dimensions costs n_p + 1 values of f, so that budgets
of several dimensions compare. Where gradients are had, t[p, s] itself, in gradient evaluations,
does that; both are offered. Unlike ratios, the costs of an optimizer depend on no other one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.merit.arrays import Floats, positive


def simplex_gradients(cost: ArrayLike, dim: ArrayLike) -> Floats:
    """Return t / (n + 1) [problems, optimizers]; +inf where not solved, NaN where not run.

    Parameters
    ----------
    cost : array_like [problems, optimizers]
        Evaluations.
    dim : array_like [problems]
        Dimensions n of the problems.

    Raises
    ------
    ValueError
        If the dimensions are not as many as the problems or less than 1; and see `arrays.positive`.
    """
    values, dims = positive("costs", cost, "problems optimizers"), np.asarray(dim, np.float64)
    if dims.shape != values.shape[:1] or not (dims >= 1).all():
        raise ValueError(
            f"dimensions {dims.tolist()}: expected {len(values)} numbers >= 1, one a problem"
        )
    return np.asarray(values / (dims[:, None] + 1))
