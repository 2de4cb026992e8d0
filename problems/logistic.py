"""Logistic regression on real data, with mini-batches."""

import math

from optbench.define import epoch_order, problem, where

from ._pairs import add_slopes, pair, products

L2 = 1e-2


def logit(x, p, start, features):
    """Weights times the example that begins at `p[start]`, plus the intercept."""
    z = x[features]
    for i in range(features):
        z += x[i] * p[start + i]
    return z


def loss_of_margin(margin):
    """log(1 + exp(-margin)) without overflow."""
    return where(margin < 0.0, -margin, 0.0) + math.log1p(math.exp(-abs(margin)))


def loss_and_slope(z, sign):
    """Loss of an example at its logit, and its derivative."""
    margin = sign * z
    e = math.exp(-abs(margin))
    return loss_of_margin(margin), -sign * where(margin < 0.0, 1.0, e) / (1.0 + e)


def penalty(x, features):
    """L2 |w|^2 / 2; the intercept is free."""
    total = 0.0
    for i in range(features):
        total += x[i] * x[i]
    return 0.5 * L2 * total


@problem(
    start=0.0,
    box=(-1.0, 1.0),
    tags=["convex", "data", "stochastic"],
    source="Cox 1958, The regression analysis of binary sequences; data: Street, Wolberg and "
    "Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis",
    dim=31,
    data="breast_cancer",
    batch=32,
    target=1e-3,
)
def logistic_breast_cancer(x, g, p, q, stream, t, full):
    """Mean of log(1 + exp(-s z)) + 0.005 |w|^2, where z is the logit and s = +-1 the class."""
    n_train, features, batch = q[0], q[3], q[5]
    labels = (q[0] + q[1] + q[2]) * features
    for i in range(features + 1):
        g[i] = 0.0
    f = 0.0
    order, seen = epoch_order(stream, t, batch, n_train)
    size = batch if full == 0 else n_train
    for j in range(0, size, 2):
        row, other, weight = pair(order, seen, j, size, n_train, full)
        one, two = row * features, other * features
        a, b = products(x, p, 0, one, two, features)
        loss, slope = loss_and_slope(a + x[features], 2.0 * p[labels + row] - 1.0)
        f += loss
        loss, second = loss_and_slope(b + x[features], 2.0 * p[labels + other] - 1.0)
        f += weight * loss
        second *= weight
        add_slopes(g, p, 0, one, two, features, slope, second)
        g[features] += slope + second
    share = 1.0 / size
    for i in range(features):
        g[i] = g[i] * share + L2 * x[i]
    g[features] *= share
    return f * share + penalty(x, features)


@logistic_breast_cancer.metrics
def objective_and_accuracy(x, p, q, part):
    """Penalised mean loss and accuracy on part 0, 1, 2: training, validation, test."""
    features = q[3]
    labels = (q[0] + q[1] + q[2]) * features
    first = 0
    for i in range(part):
        first += q[i]
    loss = 0.0
    hits = 0.0
    count = 0.0
    for row in range(first, first + q[part]):
        margin = (2.0 * p[labels + row] - 1.0) * logit(x, p, row * features, features)
        loss += loss_of_margin(margin)
        hits += where(margin > 0.0, 1.0, 0.0)
        count += 1.0
    return loss / count + penalty(x, features), hits / count
