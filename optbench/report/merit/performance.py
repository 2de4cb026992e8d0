"""Performance profiles (Dolan and Moré 2002), and the area under them (AlgoPerf).

Of t[p, s], the cost of optimizer s on problem p, the ratio is

    r[p, s] = t[p, s] / min over s of t[p, s],

and the profile rho_s(tau) the share of problems with r[p, s] <= tau (Dolan and Moré 2002, Math.
Program. 91, sec. 2): rho_s(1) is how often s is the best, and rho_s(tau) for large tau how much it
solves. `steps.shares` of the ratios is the profile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.merit.arrays import Floats, positive

MOST = 4.0
"""r_max of AlgoPerf: what takes four times as long as the best counts as not solved."""


def performance_ratios(cost: ArrayLike) -> Floats:
    """Return r [problems, optimizers] of costs of that shape.

    +inf is not solved, and a problem that none solves is not solved by each. NaN was not run: it
    stays NaN, and an optimizer is judged by the problems that it was run on.

    Raises
    ------
    ValueError
        See `arrays.positive`.
    """
    values = positive("costs", cost, "problems optimizers")
    best = np.fmin.reduce(values, axis=1, keepdims=True)
    return np.where(np.isinf(values), np.inf, values / np.where(np.isinf(best), 1.0, best))


def algoperf_scores(ratios: Floats, most: float = MOST) -> Floats:
    """Return the area under each profile up to r_max, between 0 and 1 [optimizers].

    B_s = 1 / (r_max - 1) x the integral of rho_s(tau) from 1 to r_max (Dahl et al. 2023,
    "Benchmarking neural network training algorithms"). rho_s is a step function, so that B_s is the
    mean over problems of (r_max - r) / (r_max - 1), 0 beyond r_max: the integral itself, for which
    AlgoPerf's program has the trapezoidal rule on 100 points.

    Parameters
    ----------
    ratios : ndarray [problems, optimizers]
    most : float
        r_max > 1.
    """
    return means_of_run((most - np.minimum(ratios, most)) / (most - 1))


def log_areas(ratios: Floats, most: float = MOST) -> Floats:
    """Return the area under each profile over ln tau up to r_max, between 0 and 1 [optimizers].

    The profile as it is drawn: half as good is as far from the best as the best from twice as good.
    1 / ln r_max x the integral of rho_s(tau) d ln tau, which is the mean of 1 - ln r / ln r_max, 0
    beyond r_max; optiprofiler's scores are this integral, in log2 and not normalised.
    """
    return means_of_run(1 - np.log(np.minimum(ratios, most)) / np.log(most))


def means_of_run(values: Floats) -> Floats:
    """Return the mean of each column of [problems, optimizers] over what was run, NaN of none."""
    ran = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(ran, values, 0.0).sum(axis=0) / ran.sum(axis=0))
