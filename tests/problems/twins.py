"""Surfaces of the catalog written a second time, as values alone: dual numbers find the slopes."""

import math

from optbench.define import sample, where


def sphere(x):
    f = 0.0
    for i in range(len(x)):
        f += x[i] ** 2
    return f


def booth(x):
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def rosenbrock(x):
    f = 0.0
    for i in range(len(x) - 1):
        f += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return f


def beale(x):
    f = 0.0
    power = 1.0
    for k in range(3):
        power *= x[1]
        f += ((1.5, 2.25, 2.625)[k] - x[0] * (1.0 - power)) ** 2
    return f


def himmelblau(x):
    return (x[0] * x[0] + x[1] - 11.0) ** 2 + (x[0] + x[1] * x[1] - 7.0) ** 2


def styblinski_tang(x):
    f = 0.0
    for i in range(len(x)):
        f += (x[i] ** 4 - 16.0 * x[i] ** 2 + 5.0 * x[i]) / 2
    return f


def rastrigin(x):
    f = 0.0
    for i in range(len(x)):
        f += x[i] ** 2 + 10.0 * (1.0 - math.cos(2.0 * math.pi * x[i]))
    return f


def ackley(x):
    """As the catalog's, but for math.sqrt at 0, whose slope is 0 there."""
    squares = waves = 0.0
    for i in range(x.size):
        squares += x[i] ** 2 / x.size
        waves += math.cos(2.0 * math.pi * x[i]) / x.size
    return 20.0 - 20.0 * math.exp(-0.2 * math.sqrt(squares)) + (math.e - math.exp(waves))


def strict_saddle(x):
    return (x[0] ** 2 - 1.0) ** 2 / 4.0 + x[1] ** 2 / 2.0


def monkey_saddle(x):
    """In polar coordinates, as its docstring has it: r^3 cos(3 theta) + 3 r^4 / 4."""
    r = math.hypot(x[0], x[1])
    return r**3 * math.cos(3.0 * math.atan2(x[1], x[0])) + 0.75 * r**4


def plateau(x):
    return -math.expm1(-0.5 * (x[0] ** 2 + x[1] ** 2))


def logistic_breast_cancer(x, p, q, stream, t, full):
    """The mean of log(1 + exp(-margin)) + 0.005 |w|^2, with a branch against overflow."""
    n_train, features, batch = q[0], q[3], q[5]
    labels = (q[0] + q[1] + q[2]) * features
    f = 0.0
    size = batch if full == 0 else n_train
    for j in range(size):
        row = j
        if full == 0:
            row = sample(stream, t, j, batch, n_train)
        z = x[features]
        for i in range(features):
            z += x[i] * p[row * features + i]
        margin = (2.0 * p[labels + row] - 1.0) * z
        if margin < 0.0:
            f += (math.log1p(math.exp(margin)) - margin) / size
        else:
            f += math.log1p(math.exp(-margin)) / size
    for i in range(features):
        f += 0.005 * x[i] ** 2
    return f


TWINS = (
    sphere, booth, rosenbrock, beale, himmelblau, styblinski_tang, rastrigin, ackley, strict_saddle,
    monkey_saddle, plateau, logistic_breast_cancer,
)  # fmt: skip


def branching(x):
    """Every kind of branch that keeps code out of SIMD: its slopes are known in closed form."""
    f = 0.0
    for i in range(len(x)):
        if x[i] < -1.0:
            f += abs(x[i]) ** 1.5
            continue
        f += math.exp(x[i]) if x[i] < 0.5 or x[i] > 1.5 else 2.0 * x[i]
    return f


def branch_free(x):
    """The same as `branching`, in SIMD."""
    f = 0.0
    for i in range(len(x)):
        inner = where((x[i] < 0.5) | (x[i] > 1.5), math.exp(x[i]), 2.0 * x[i])
        f += where(x[i] < -1.0, abs(x[i]) ** 1.5, inner)
    return f
