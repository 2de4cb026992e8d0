"""Ladders of what gradients owe to the steps before: delay, memory, a landscape that moves."""

import math

from optbench.define import ladder

from ._ladders import LEVELS, bowl, geometric, seen_through, spread, whole


@ladder("delay", "steps that gradients are late", LEVELS["delay"], whole(1, 400, 41))
def delay(steps):
    """Gradients come late, as from asynchronous workers."""
    source = (
        "Lian et al. 2015, Asynchronous parallel stochastic gradient for nonconvex optimization"
    )
    return seen_through(source, stale=steps)


@ladder("memory", "steps that gradients remember", LEVELS["memory"], geometric(1.5, 2000, 41))
def memory(steps):
    """A gradient is a mean of those before, whose weights fall by a factor e in so many steps."""
    source = "Åström and Murray 2008, Feedback systems, sec. 5.3 (first-order response)"
    return seen_through(source, lag=math.exp(-1.0 / steps))


@ladder("drift", "distances from the start a step", LEVELS["drift"], geometric(1e-5, 0.3, 41))
def drift(speed):
    """The minimum moves evenly in one direction."""
    source = "Popkov 2005, Gradient methods for nonstationary unconstrained optimization problems"
    return seen_through(source, drift=speed)


@ladder("wander", "distances from the start a step", LEVELS["wander"], geometric(1e-4, 0.3, 41))
def wander(speed):
    """The minimum goes a random walk."""
    return seen_through(
        "Widrow et al. 1976, Stationary and nonstationary learning characteristics of the LMS "
        "adaptive filter",
        wander=speed,
    )


def circling(x, g, p, t, full):
    """Sum of p_{d+i} z_i^2 / 2; its slopes are those at z + r c, where c goes round in 60 steps.

    In every plane of two coordinates c is on the unit circle; r = p_2d.
    """
    d = len(x)
    f = 0.0
    angle = 2.0 * math.pi * t / 60.0
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
        if full == 0:
            g[i] = p[d + i] * (z + p[2 * d] * math.cos(angle + 0.5 * math.pi * i))
    return f


@ladder("resonance", "radius of the circle", LEVELS["resonance"], geometric(0.3, 300, 41))
def resonance(radius):
    """A minimum that circles about its mean, once in sixty steps: velocity may swing along."""
    return bowl(
        circling,
        [*spread(30.0, 10), radius],
        tags=["convex", "separable", "stochastic"],
        source="Banman et al. 2022, Resonance in weight space: covariate shift can drive "
        "divergence of SGD with momentum",
        target=1e-2,
    )
