"""Noise in the gradient and in the value that a rule sees.

Levels of additive noise are shares of the `slope`: the root mean square of the gradient's
coordinates at the declared start, free of noise. All lanes of a block meet the same draws, and all
levels of one perturbation the same, but for their size.
"""

import math

from optbench.define import uniform
from optbench.define.draws import quick_normal as normal
from optbench.define.perturbations import perturbation
from optbench.define.ranges import Range

LARGEST = 1e6
"""Of a level."""


def _slope(site, **settings):
    """Return the unit of noise in a gradient."""
    return {"slope": site.slope()}


@perturbation(
    noise=Range(0.1, 0.0, LARGEST),
    numbers=("slope",),
    source="Robbins and Monro 1951, A stochastic approximation method; Schaul, Zhang and LeCun "
    "2013, No more pesky learning rates",
    law="mean 0 and deviation noise x slope in every coordinate, independent over coordinates and "
    "steps",
    tags=("stochastic",),
)
def noise(f, g, noise, slope, key):
    """Gaussian noise that stays, however small the gradient."""
    sigma = noise * slope
    for i in range(len(g)):
        g[i] = g[i] + sigma * normal(key, i)
    return f


@perturbation(
    relative_noise=Range(0.5, 0.0, LARGEST),
    source="Ma, Bassily and Belkin 2018, The power of interpolation (noise that vanishes at the "
    "minimum)",
    law="mean 0 and deviation relative_noise x |g_i| in every coordinate",
    tags=("stochastic",),
)
def relative_noise(f, g, relative_noise, key):
    """Gaussian noise in proportion to each coordinate of the gradient."""
    for i in range(len(g)):
        g[i] = g[i] * (1.0 + relative_noise * normal(key, i))
    return f


@perturbation(
    student_noise=Range(0.1, 0.0, LARGEST),
    freedom=Range(1.5, 1.0, 1e3, open_low=True),
    numbers=("slope",),
    source="Zhang et al. 2020, Why are adaptive methods good for attention models?; Bailey 1994, "
    "Polar generation of random variates with the t-distribution",
    law="Student's t of `freedom` degrees times student_noise x slope: mean 0, and a variance "
    "above 2 degrees alone",
    tags=("stochastic", "heavy-tailed"),
)
def student_noise(f, g, student_noise, freedom, slope, key):
    """Noise with tails of a power law: the fewer degrees of freedom, the heavier."""
    level = student_noise * slope
    power = -2.0 / freedom
    for i in range(len(g)):
        radius = math.sqrt(freedom * (uniform(key, 2 * i) ** power - 1.0))
        turn = math.cos(2.0 * math.pi * uniform(key, 2 * i + 1))
        g[i] = g[i] + level * (radius * turn)
    return f


@perturbation(
    stable_noise=Range(0.1, 0.0, LARGEST),
    stability=Range(1.5, 1.0, 2.0, open_low=True),
    numbers=("slope",),
    source="Simsekli, Sagun and Gürbüzbalaban 2019, A tail-index analysis of stochastic gradient "
    "noise in deep neural networks; Chambers, Mallows and Stuck 1976, eq. 4.1",
    law="symmetric alpha-stable of index `stability` times stable_noise x slope: sums over steps "
    "have tails as heavy; index 2 is Gaussian of variance 2",
    tags=("stochastic", "heavy-tailed"),
)
def stable_noise(f, g, stable_noise, stability, slope, key):
    """Noise whose sums are no nearer to a Gaussian than itself."""
    level = stable_noise * slope
    for i in range(len(g)):
        angle = math.pi * (uniform(key, 2 * i) - 0.5)
        wait = -math.log(uniform(key, 2 * i + 1))
        bent = math.sin(stability * angle) / math.cos(angle) ** (1.0 / stability)
        tail = math.cos((1.0 - stability) * angle) / wait
        g[i] = g[i] + level * (bent * tail ** ((1.0 - stability) / stability))
    return f


@perturbation(
    common_noise=Range(0.1, 0.0, LARGEST),
    correlation=Range(0.9, 0.0, 1.0),
    numbers=("slope",),
    source="Rao 1973, Linear statistical inference and its applications (intraclass correlation)",
    law="deviation common_noise x slope in every coordinate, `correlation` between any two",
    tags=("stochastic",),
)
def common_noise(f, g, common_noise, correlation, slope, key):
    """Gaussian noise that all coordinates have in part in common."""
    level = common_noise * slope
    common = level * math.sqrt(correlation) * normal(key, len(g))
    sigma = level * math.sqrt(1.0 - correlation)
    for i in range(len(g)):
        g[i] = g[i] + (common + sigma * normal(key, i))
    return f


@perturbation(
    correlated_noise=Range(0.1, 0.0, LARGEST),
    autocorrelation=Range(0.9, -1.0, 1.0, open_low=True, open_high=True),
    numbers=("slope",),
    kept=2,
    source="Box and Jenkins 1970, Time series analysis, sec. 3.2 (the process AR(1)); Doan et al. "
    "2020, Finite-time analysis of stochastic gradient descent under Markov randomness",
    law="deviation correlated_noise x slope in every coordinate at every step, autocorrelation^k "
    "between steps k apart",
    tags=("stochastic",),
)
def correlated_noise(f, g, correlated_noise, autocorrelation, slope, key, t, kept):
    """Gaussian noise that a step has in part in common with the one before.

    It stands in one half of the memory at even steps, in the other at odd ones, so that a rule may
    take several gradients a step.
    """
    d = len(g)
    sigma = correlated_noise * slope
    fresh = math.sqrt(1.0 - autocorrelation * autocorrelation)
    now, before = (t % 2) * d, ((t + 1) % 2) * d
    for i in range(d):
        drawn = normal(key, i)
        if t == 0:  # the same for all lanes
            kept[now + i] = drawn
        else:
            kept[now + i] = autocorrelation * kept[before + i] + fresh * drawn
        g[i] = g[i] + sigma * kept[now + i]
    return f


@perturbation(
    outliers=Range(0.01, 0.0, 1.0),
    outlier_size=Range(100.0, 0.0, LARGEST),
    numbers=("slope",),
    source="Huber 1964, Robust estimation of a location parameter (contamination)",
    law="a share `outliers` of steps has Gaussian noise of deviation outlier_size x slope, the "
    "others none",
    tags=("stochastic",),
)
def outliers(f, g, outliers, outlier_size, slope, key):
    """Now and then a gradient that has little to do with the surface."""
    if uniform(key, 2 * len(g)) < outliers:  # the same for all lanes
        sigma = outlier_size * slope
        for i in range(len(g)):
            g[i] = g[i] + sigma * normal(key, i)
    return f


@perturbation(
    value_noise=Range(0.1, 0.0, LARGEST),
    numbers=("rise",),
    source="Moré and Wild 2011, Estimating computational noise",
    law="mean 0 and deviation value_noise x slope x distance x d: what f would fall by, from the "
    "declared start to the minimum along the slope there",
    tags=("stochastic",),
)
def value_noise(f, g, value_noise, rise, key):
    """Gaussian noise in the value that a rule sees, none in the gradient."""
    return f + value_noise * rise * normal(key, 0)


@value_noise.constants
def _(site, value_noise):
    return {"rise": site.rise}


for _noisy in (noise, student_noise, stable_noise, common_noise, correlated_noise, outliers):
    _noisy.constants(_slope)
