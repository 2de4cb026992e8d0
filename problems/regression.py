"""Linear regression on real data, with mini-batches: least squares, ridge and lasso.

Features and targets are standardised on the training part, where the best intercept is thus 0:
there is none.
"""

import math

import numpy as np

from optbench.define import epoch_order, problem, where

from ._pairs import add_slopes, pair, products

L2 = 0.1
L1 = 0.1
DATA = "data: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression (diabetes)"


def residual(x, p, q, row):
    """Prediction minus target of an example."""
    features = q[3]
    off = -p[(q[0] + q[1] + q[2]) * features + row]
    for i in range(features):
        off += p[row * features + i] * x[i]
    return off


def penalised(l1, l2):
    """Return the mean of half the squared residuals plus l1 |x|_1 + l2 |x|^2 / 2."""

    def regression(x, g, p, q, stream, t, full):
        """Mean of (a' x - y)^2 / 2, plus l1 |x|_1 + l2 |x|^2 / 2."""
        n_train, features, batch = q[0], q[3], q[5]
        targets = (q[0] + q[1] + q[2]) * features
        for i in range(features):
            g[i] = 0.0
        f = 0.0
        order, seen = epoch_order(stream, t, batch, n_train)
        size = batch if full == 0 else n_train
        for j in range(0, size, 2):
            row, other, weight = pair(order, seen, j, size, n_train, full)
            one, two = row * features, other * features
            a, b = products(x, p, 0, one, two, features)
            a -= p[targets + row]
            b -= p[targets + other]
            f += 0.5 * (a * a + weight * b * b)
            add_slopes(g, p, 0, one, two, features, a, weight * b)
        share = 1.0 / size
        for i in range(features):
            g[i] = g[i] * share + l2 * x[i] + l1 * sign(x[i])
        return f * share + penalty(x, l1, l2)

    return regression


def sign(value):
    """-1, 0 or 1: at 0 the subgradient of |x| is 0."""
    return where(value > 0.0, 1.0, where(value < 0.0, -1.0, 0.0))


def penalty(x, l1, l2):
    """l1 |x|_1 + l2 |x|^2 / 2."""
    total = 0.0
    for i in range(len(x)):
        total += l1 * abs(x[i]) + 0.5 * l2 * x[i] * x[i]
    return total


def mean_squares(x, p, q, part):
    """Mean of half the squared residuals on a part of the data."""
    first = 0
    for i in range(part):
        first += q[i]
    total = 0.0
    count = 0.0
    for row in range(first, first + q[part]):
        off = residual(x, p, q, row)
        total += 0.5 * off * off
        count += 1.0
    return total / count


def regression(name, l1, l2, source, *tags):
    """Declare a penalised regression on the diabetes data."""
    return problem(
        name=name,
        start=0.0,
        box=(-1.0, 1.0),
        tags=["convex", "data", "stochastic", "least-squares", *tags],
        source=f"{source}; {DATA}",
        family="regression_diabetes",
        dim=10,
        data="diabetes",
        batch=32,
        target=1e-3,
    )(penalised(l1, l2))


def training(p, q):
    """Return the training part: X [n, k] and targets [n]."""
    n, k = int(q[0]), int(q[3])
    targets = int(q[0] + q[1] + q[2]) * k
    return p[: n * k].reshape(n, k), p[targets : targets + n]


def smooth_parts(declared, l2):
    """Give a regression without kinks its metrics and its closed form."""

    @declared.metrics
    def objective(x, p, q, part):
        return mean_squares(x, p, q, part) + penalty(x, 0.0, l2), math.nan

    @declared.solver
    def normal_equations(p, q):
        X, y = training(p, q)
        augmented = np.vstack([X, math.sqrt(l2 * len(y)) * np.eye(X.shape[1])])
        return np.linalg.lstsq(augmented, np.append(y, np.zeros(X.shape[1])), rcond=None)[0]

    return declared


least_squares_diabetes = smooth_parts(
    regression("least_squares_diabetes", 0.0, 0.0, "Gauss 1809, Theoria motus"), 0.0
)
ridge_diabetes = smooth_parts(
    regression("ridge_diabetes", 0.0, L2, "Hoerl and Kennard 1970, Ridge regression"), L2
)
lasso_diabetes = regression(
    "lasso_diabetes", L1, 0.0, "Tibshirani 1996, Regression shrinkage and selection via the lasso",
    "nonsmooth",
)  # fmt: skip


@lasso_diabetes.second_measure("duality_gap")
def objective_and_duality_gap(x, p, q, part):
    """Objective, and how far it can be above the least: the gap to the dual, on training data.

    The dual point is the residuals, shrunk until no feature correlates with them above L1 (Kim et
    al. 2007, An interior-point method for large-scale l1-regularized least squares, eq. 10).
    """
    features = q[3]
    objective = mean_squares(x, p, q, part) + penalty(x, L1, 0.0)
    if part != 0:
        return objective, math.nan
    targets = (q[0] + q[1] + q[2]) * features
    count = 0.0
    for _ in range(q[0]):
        count += 1.0
    largest = 0.0
    for i in range(features):
        slope = 0.0
        for row in range(q[0]):
            slope += residual(x, p, q, row) * p[row * features + i]
        largest = max(largest, abs(slope) / count)
    shrunk = L1 / max(largest, L1)
    dual = 0.0
    for row in range(q[0]):
        target = p[targets + row]
        left = target + shrunk * residual(x, p, q, row)
        dual += 0.5 * (target * target - left * left)
    return objective, objective - dual / count


@lasso_diabetes.solver
def coordinate_descent(p, q):
    """Sweeps over the coordinates until nothing moves (Friedman, Hastie and Tibshirani 2010)."""
    X, y = training(p, q)
    gram, slopes = X.T @ X / len(y), X.T @ y / len(y)
    x = np.zeros(len(slopes))
    for _ in range(100_000):
        before = x.copy()
        for i in range(len(x)):
            alone = slopes[i] - gram[i] @ x + gram[i, i] * x[i]
            x[i] = math.copysign(max(abs(alone) - L1, 0.0), alone) / gram[i, i]
        if np.abs(x - before).max() <= 1e-15:
            break
    return x
