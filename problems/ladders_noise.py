"""Ladders of what gradients are seen through: noise of many kinds, rare and rounded gradients."""

import math

from optbench.define import ladder, normal, uniform

from ._ladders import LEVELS, bowl, geometric, spread, whole

ZHANG = "Zhang et al. 2019, Which algorithmic choices matter at which batch sizes?"
CONDITION = 30.0
"""Of the bowls under the noise."""


def noisy(function, constants, source, *tags, **declared):
    """Declare a bowl of condition 30 whose slopes are seen through something."""
    return bowl(
        function,
        [*spread(CONDITION, 10), *constants],
        tags=["convex", "stochastic", *tags],
        source=source,
        target=1e-2,
        **declared,
    )


def white(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; slopes have independent Gaussian noise of deviation p_2d."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = g[i] + p[2 * d] * normal(key, i)
    return f


@ladder("noise", "deviation of the noise", LEVELS["noise"], geometric(0.01, 300, 28))
def noise(deviation):
    """White noise."""
    return noisy(white, [deviation], "Robbins and Monro 1951, A stochastic approximation method")


def relative(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; slopes are multiplied by 1 + p_2d n, n normal."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = g[i] * (1.0 + p[2 * d] * normal(key, i))
    return f


@ladder("relative_noise", "relative deviation", LEVELS["relative_noise"], geometric(0.1, 300, 26))
def relative_noise(deviation):
    """Noise in proportion to the slope, which vanishes at the minimum, as in interpolation."""
    return noisy(
        relative, [deviation], "Ma, Bassily and Belkin 2018, The power of interpolation"
    )  # fmt: skip


def heavy(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; slopes have noise of Student's t with p_2d degrees of freedom.

    By a polar draw (Bailey 1994); p_{2d+1} is its scale.
    """
    d = len(x)
    f = 0.0
    freedom = p[2 * d]
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            u = uniform(key, 2 * i)
            radius = math.sqrt(freedom * (u ** (-2.0 / freedom) - 1.0))
            g[i] = g[i] + p[2 * d + 1] * radius * math.cos(2.0 * math.pi * uniform(key, 2 * i + 1))
    return f


@ladder("heavy_tails", "index of the tail, inverted", LEVELS["heavy_tails"], geometric(0.1, 1.0, 25))
def heavy_tails(index):
    """Noise of Student's t: from 1/2 on it has no variance, from 1 on no mean."""
    return noisy(
        heavy, [1.0 / index, 0.15],
        "Zhang et al. 2020, Why are adaptive methods good for attention models?; Bailey 1994, "
        "Polar generation of random variates with the t-distribution",
        "heavy-tailed",
    )  # fmt: skip


def outlying(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; one step in fifty has noise of deviation p_2d in all slopes."""
    d = len(x)
    f = 0.0
    size = 0.0
    if full == 0:
        if uniform(key, 2 * d) < 0.02:
            size = p[2 * d]
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = g[i] + size * normal(key, i)
    return f


@ladder("outliers", "size of the outliers", LEVELS["outliers"], geometric(0.1, 1e5, 28))
def outliers(size):
    """Rare gradients that are far from the others."""
    return noisy(outlying, [size], "Huber 1964, Robust estimation of a location parameter")


def common(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; all slopes have the same noise of deviation p_2d."""
    d = len(x)
    f = 0.0
    shared = 0.0
    if full == 0:
        shared = p[2 * d] * normal(key, 0)
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = g[i] + shared
    return f


@ladder("common_noise", "deviation of the noise", LEVELS["common_noise"], geometric(0.01, 300, 28))
def common_noise(deviation):
    """Noise that is the same in all coordinates."""
    return noisy(
        common, [deviation],
        "Zhu et al. 2019, The anisotropic noise in stochastic gradient descent",
    )  # fmt: skip


def lasting(x, g, p, stream, t, full):
    """Sum of p_{d+i} z_i^2 / 2; noise of deviation p_{2d+1} that stays for p_2d steps each."""
    d = len(x)
    f = 0.0
    epoch = t // round(p[2 * d])
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = g[i] + p[2 * d + 1] * normal(stream, epoch * d + i)
    return f


@ladder("lasting_noise", "steps that noise stays", LEVELS["lasting_noise"], whole(1, 1000, 28))
def lasting_noise(steps):
    """Noise that stays for some steps: a mean over a few of them is no better than one."""
    return noisy(
        lasting, [steps, 0.15],
        "Agarwal and Duchi 2013, The generalization ability of online algorithms for dependent "
        "data",
    )  # fmt: skip


def sampled(x, g, p, key, full):
    """|z|^2 / 2, the mean of (a'z - e)^2 / 2 over normal a and e; slopes are of p_d examples."""
    d = len(x)
    f = 0.0
    for i in range(d):
        g[i] = x[i] - p[i]
        f += 0.5 * g[i] * g[i]
    if full == 0:
        for i in range(d):
            g[i] = 0.0
        examples = round(p[d])
        for b in range(examples):
            miss = p[d + 1] * normal(key, b * (d + 1) + d)
            for i in range(d):
                miss += (x[i] - p[i]) * normal(key, b * (d + 1) + i)
            for i in range(d):
                g[i] = g[i] + miss * normal(key, b * (d + 1) + i) / p[d]
    return f


@ladder("batch", "one over the batch size", LEVELS["batch"], [1.0 / n for n in (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)])
def batch(share):
    """Least squares on few examples a step: noise of the data, and of their answers."""
    return bowl(
        sampled,
        [1.0 / share, 6.0],
        tags=["convex", "stochastic", "least-squares"],
        source=ZHANG,
        target=1e-2,
    )


def rare(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; each slope is seen in a share p_2d of the steps, then 1 / p_2d as large."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        slope = p[d + i] * z
        f += 0.5 * slope * z
        g[i] = slope
        if full == 0:
            g[i] = 0.0
            if uniform(key, i) < p[2 * d]:
                g[i] = slope / p[2 * d]
    return f


@ladder("sparsity", "steps from slope to slope", LEVELS["sparsity"], geometric(1.1, 500, 26))
def sparsity(steps):
    """Each coordinate's slope is seen rarely, and is 0 in all other steps."""
    return noisy(
        rare, [1.0 / steps],
        "Duchi, Hazan and Singer 2011, Adaptive subgradient methods, sec. 1.3 (rare features)",
        "sparse",
    )  # fmt: skip


def rounded(x, g, p, key, full):
    """Sum of p_{d+i} z_i^2 / 2; slopes are rounded at random to a multiple of p_2d, right in the mean."""
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


@ladder("quantisation", "step of the rounding", LEVELS["quantisation"], geometric(0.01, 300, 26))
def quantisation(step):
    """Gradients rounded to few values, at random up or down so that they are right in the mean."""
    return noisy(
        rounded, [step],
        "Alistarh et al. 2017, QSGD: communication-efficient SGD via gradient quantization",
    )  # fmt: skip


def circling(x, g, p, t, full):
    """Sum of p_{d+i} z_i^2 / 2, seen from a point that circles about z: slopes of z + r c(t).

    In each plane of two coordinates c goes round once in p_{2d+1} steps; p_2d is r.
    """
    d = len(x)
    f = 0.0
    angle = 2.0 * math.pi * t / p[2 * d + 1]
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = p[d + i] * (z + p[2 * d] * math.cos(angle + 0.5 * math.pi * i))
    return f


@ladder("resonance", "radius of the circle", LEVELS["resonance"], geometric(0.1, 3000, 28))
def resonance(radius):
    """A minimum that circles about its mean, in sixty steps once: momentum may swing along."""
    return noisy(
        circling, [radius, 60.0],
        "Banman et al. 2022, Resonance in weight space: covariate shift can drive divergence of "
        "SGD with momentum",
    )  # fmt: skip
