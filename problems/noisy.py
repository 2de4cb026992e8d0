"""Surfaces whose gradient is observed with noise."""

from optbench.define import normal, problem


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-3.0, 3.0),
    tags=["convex", "stochastic", "separable", "ill-conditioned"],
    source="Schaul, Zhang and LeCun 2013, No more pesky learning rates; Zhang et al. 2019, "
    "Which algorithmic choices matter at which batch sizes?",
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
    return [*(10.0 ** rng.uniform(-2.0, 0.0, dim)), 0.03 * 10.0 ** rng.uniform(0.0, 1.0)]
