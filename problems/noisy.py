"""Quadratics whose gradient is observed with noise: the usual kinds of noise and spectrum.

The value that is reported is free of noise. Each kind comes axis-aligned and rotated, with the same
spectrum, noise and start, so that what a rotation costs a method is a ratio.
"""

import math

from optbench.define import normal, problem, uniform

ZHANG = (
    "Zhang et al. 2019, Which algorithmic choices matter at which batch sizes? (noisy quadratics)"
)
SIMSEKLI = "Simsekli, Sagun and Gürbüzbalaban 2019, A tail-index analysis of stochastic gradient "
STUDENT_FREEDOM = 1.5
STABLE_INDEX = 1.5


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-3.0, 3.0),
    tags=["convex", "stochastic", "separable", "ill-conditioned"],
    source="Schaul, Zhang and LeCun 2013, No more pesky learning rates; " + ZHANG,
    dim=10,
    scalable=True,
    target=1e-2,
)
def noisy_quadratic(x, g, p, key, full):
    """Sum of p_i x_i^2 / 2, its slope observed with Gaussian noise of deviation p_d.

    The value is free of noise, and so is the gradient if `full` is not 0.
    """
    f = 0.0
    sigma = p[len(x)]
    for i in range(len(x)):
        slope = p[i] * x[i]
        f += 0.5 * slope * x[i]
        g[i] = slope
        if full == 0:  # the same for all lanes
            g[i] = slope + sigma * normal(key, i)
    return f


@noisy_quadratic.constants
def spectrum_and_noise(rng, dim):
    """Curvatures from 1e-2 to 1 and a noise level from 0.03 to 0.3, uniform on log scales."""
    return [*(10.0 ** rng.uniform(-2.0, 0.0, dim)), noise_level(rng)]


def noise_level(rng):
    """Draw a level from 0.03 to 0.3, uniform on a log scale."""
    return 0.03 * 10.0 ** rng.uniform(0.0, 1.0)


# -------------------------------------------------------------------- one slope, seen through noise


def additive(slope, level, key, i):
    """Gaussian noise that stays, however small the slope."""
    return slope + level * normal(key, i)


def multiplicative(slope, level, key, i):
    """Gaussian noise in proportion to the slope: it vanishes at the minimum, as in interpolation.

    Ten levels: relative deviations from 0.3 to 3.
    """
    return slope * (1.0 + 10.0 * level * normal(key, i))


def student(slope, level, key, i):
    """Student's t with 1.5 degrees of freedom: a mean, and no variance (Bailey 1994)."""
    u = uniform(key, 2 * i)
    radius = math.sqrt(STUDENT_FREEDOM * (u ** (-2.0 / STUDENT_FREEDOM) - 1.0))
    return slope + level * radius * math.cos(2.0 * math.pi * uniform(key, 2 * i + 1))


def stable(slope, level, key, i):
    """Symmetric alpha-stable, alpha = 1.5 (Chambers, Mallows and Stuck 1976, eq. 4.1)."""
    angle = math.pi * (uniform(key, 2 * i) - 0.5)
    wait = -math.log(uniform(key, 2 * i + 1))
    a = STABLE_INDEX
    bent = math.sin(a * angle) / math.cos(angle) ** (1.0 / a)
    return slope + level * bent * (math.cos((1.0 - a) * angle) / wait) ** ((1.0 - a) / a)


def seen_through(noise):
    """Return the quadratic of curvatures p_0 .. p_{d-1} whose slopes are seen through `noise`."""

    def quadratic(x, g, p, key, full):
        """Sum of p_i x_i^2 / 2, free of noise; p_d is the level of the noise in the slopes."""
        f = 0.0
        level = p[len(x)]
        for i in range(len(x)):
            slope = p[i] * x[i]
            f += 0.5 * slope * x[i]
            g[i] = slope
            if full == 0:
                g[i] = noise(slope, level, key, i)
        return f

    return quadratic


# ------------------------------------------------------------------------------------------ spectra


def power_law(dim):
    """i^-1.5, from 1 down."""
    return [(i + 1.0) ** -1.5 for i in range(dim)]


def two_clusters(dim):
    """A tenth of the curvatures at 1, the others at 1e-3: a few steep directions over a flat bulk.

    Sagun, Bottou and LeCun 2016, Eigenvalues of the Hessian in deep learning.
    """
    steep = max(1, dim // 10)
    return [1.0 if i < steep else 1e-3 for i in range(dim)]


def pair(name, noise, spectrum, source, *tags):
    """Declare a noisy quadratic and its rotated twin, which draws the same constants."""
    shape = ["ill-conditioned"] if spectrum is two_clusters else []
    made = []
    for rotated in (False, True):
        declared = problem(
            name=f"rotated_{name}" if rotated else name,
            start=1.0,
            minimum=0.0,
            f_min=0.0,
            box=(-3.0, 3.0),
            tags=["convex", "stochastic", "rotated" if rotated else "separable", *shape, *tags],
            source=source,
            family=name,
            dim=20,
            scalable=True,
            rotated=rotated,
            target=1e-2,
        )(seen_through(noise))

        @declared.constants
        def constants(rng, dim):
            return [*spectrum(dim), noise_level(rng)]

        made.append(declared)
    return made


noisy_power_law, rotated_noisy_power_law = pair("noisy_power_law", additive, power_law, ZHANG)
noisy_clusters, rotated_noisy_clusters = pair("noisy_clusters", additive, two_clusters, ZHANG)
multiplicative_noise, rotated_multiplicative_noise = pair(
    "multiplicative_noise", multiplicative, power_law,
    "Ma, Bassily and Belkin 2018, The power of interpolation",
)  # fmt: skip
student_noise, rotated_student_noise = pair(
    "student_noise", student, power_law,
    "Zhang et al. 2020, Why are adaptive methods good for attention models?; Bailey 1994, Polar "
    "generation of random variates with the t-distribution", "heavy-tailed",
)  # fmt: skip
stable_noise, rotated_stable_noise = pair(
    "stable_noise", stable, power_law,
    SIMSEKLI + "noise in deep neural networks; Chambers, Mallows and Stuck 1976, A method for "
    "simulating stable random variables", "heavy-tailed",
)  # fmt: skip


# ------------------------------------------------------------------------------------------- sparse


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-3.0, 3.0),
    tags=["convex", "stochastic", "separable", "sparse"],
    source="Duchi, Hazan and Singer 2011, Adaptive subgradient methods, sec. 1.3 (rare features)",
    dim=20,
    scalable=True,
    target=1e-2,
)
def sparse_gradients(x, g, p, key, full):
    """Sum of p_i x_i^2 / 2 where coordinate i is seen in a share p_i of the steps only.

    When it is, its slope is x_i plus Gaussian noise of deviation p_d; else 0.
    """
    f = 0.0
    for i in range(len(x)):
        f += 0.5 * p[i] * x[i] * x[i]
        g[i] = p[i] * x[i]
        if full == 0:
            g[i] = 0.0
            if uniform(key, 3 * i) < p[i]:
                g[i] = x[i] + p[len(x)] * normal_after(key, 3 * i + 1)
    return f


def normal_after(key, i):
    """A normal draw from the uniform draws i and i + 1."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, i)))
    return radius * math.cos(2.0 * math.pi * uniform(key, i + 1))


@sparse_gradients.constants
def shares_and_noise(rng, dim):
    """Shares 1/i, as frequencies of words are (Zipf 1949), in random order."""
    return [*(1.0 / rng.permutation(range(1, dim + 1))), noise_level(rng)]
