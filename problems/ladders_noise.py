"""Ladders of what gradients are seen through: noise of many kinds, rare and rounded gradients."""

import math

from optbench.define import ladder, normal, uniform

from ._ladders import LEVELS, bowl, geometric, seen_through, spread


@ladder("noise", "deviation, in slopes at the start", LEVELS["noise"], geometric(0.01, 10, 41))
def noise(deviation):
    """White noise."""
    return seen_through(
        "Robbins and Monro 1951, A stochastic approximation method", noise=deviation
    )


@ladder("relative_noise", "deviation, in slopes", LEVELS["relative_noise"], geometric(0.3, 100, 41))
def relative_noise(deviation):
    """Noise in proportion to the slope, which vanishes at the minimum, as in interpolation."""
    source = "Ma, Bassily and Belkin 2018, The power of interpolation"
    return seen_through(source, relative_noise=deviation)


@ladder(
    "heavy_tails", "index of the tail, inverted", LEVELS["heavy_tails"], geometric(0.1, 0.95, 41)
)
def heavy_tails(index):
    """Noise of Student's t: beyond 1/2 it has no variance, from 1 on it would have no mean."""
    source = "Zhang et al. 2020, Why are adaptive methods good for attention models?"
    return seen_through(source, student_noise=0.2, freedom=1.0 / index)


@ladder("outliers", "size, in slopes at the start", LEVELS["outliers"], geometric(0.3, 300, 41))
def outliers(size):
    """One gradient in fifty is far from the others."""
    source = "Huber 1964, Robust estimation of a location parameter"
    return seen_through(source, outliers=0.02, outlier_size=size)


@ladder(
    "common_noise", "deviation, in slopes at the start", LEVELS["common_noise"],
    geometric(0.03, 10, 41),
)  # fmt: skip
def common_noise(deviation):
    """Noise that is the same in all coordinates."""
    source = "Zhu et al. 2019, The anisotropic noise in stochastic gradient descent"
    return seen_through(source, common_noise=deviation)


@ladder("lasting_noise", "steps that noise lasts", LEVELS["lasting_noise"], geometric(1, 300, 41))
def lasting_noise(steps):
    """Noise that forgets itself by a factor e in so many steps; its variance stays."""
    return seen_through(
        "Agarwal and Duchi 2013, The generalization ability of online algorithms for dependent "
        "data",
        correlated_noise=0.2, autocorrelation=math.exp(-1.0 / steps),
    )  # fmt: skip


@ladder("sparsity", "steps from slope to slope", LEVELS["sparsity"], geometric(1.5, 300, 41))
def sparsity(steps):
    """Each coordinate's slope is seen rarely, the larger then, and is 0 in all other steps."""
    source = "Duchi, Hazan and Singer 2011, Adaptive subgradient methods, sec. 1.3 (rare features)"
    return seen_through(source, sparse=1.0 - 1.0 / steps)


def rounded(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; slopes are rounded at random to a multiple of p_2d.

    Up as often as the rest says, so that they are right in the mean.
    """
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        slope = p[d + i] * z
        f += 0.5 * slope * z
        g[i] = slope
        if full == 0:
            g[i] = p[2 * d] * math.floor(slope / p[2 * d] + uniform(key, i))
    return f


@ladder("quantisation", "step of the rounding", LEVELS["quantisation"], geometric(0.1, 60, 41))
def quantisation(step):
    """Gradients rounded to few values, at random up or down."""
    return bowl(
        rounded,
        [*spread(30.0, 10), step],
        tags=["convex", "stochastic"],
        source="Alistarh et al. 2017, QSGD: communication-efficient SGD via gradient quantization",
        target=1e-2,
    )


def sampled(x, g, p, key, full):
    """|z|^2 / 2, the mean of (a'z - e)^2 / 2 over normal a and e; slopes are of p_d examples.

    The deviation of e is p_{d+1}.
    """
    d = len(x)
    f = 0.0
    for i in range(d):
        g[i] = x[i] - p[i]
        f += 0.5 * g[i] * g[i]
    if full == 0:
        for i in range(d):
            g[i] = 0.0
        for b in range(int(p[d] + 0.5)):
            miss = p[d + 1] * normal(key, b * (d + 1) + d)
            for i in range(d):
                miss += (x[i] - p[i]) * normal(key, b * (d + 1) + i)
            for i in range(d):
                g[i] = g[i] + miss * normal(key, b * (d + 1) + i) / p[d]
    return f


@ladder(
    "batch", "one over the batch size", LEVELS["batch"],
    [1.0 / n for n in (64, 48, 40, 32, 24, 20, 16, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1)],
)  # fmt: skip
def batch(share):
    """Least squares on few examples a step: noise of the data, and of their answers."""
    return bowl(
        sampled,
        [1.0 / share, 6.0],
        tags=["convex", "stochastic", "least-squares"],
        source="Zhang et al. 2019, Which algorithmic choices matter at which batch sizes?",
        target=1e-2,
    )
