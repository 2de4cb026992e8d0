"""Noise in the gradient and in the value that a rule sees.

Levels of additive noise are shares of the instance's `slope`: the root mean square of the
gradient's coordinates at the declared start. All lanes of a block meet the same draws, and so do
all levels of one perturbation.
"""

from optbench.define import normal
from optbench.define.perturbations import perturbation
from optbench.define.ranges import Range


@perturbation(
    noise=Range(0.1, 0.0, 1e6),
    numbers=("slope",),
    source="Robbins and Monro 1951, A stochastic approximation method; Schaul, Zhang and LeCun "
    "2013, No more pesky learning rates",
    law="mean 0, deviation noise times the slope at the declared start in every coordinate, "
    "independent over coordinates and steps",
    tags=("stochastic",),
)
def noise(f, g, noise, slope, key):
    """Gaussian noise that stays, however small the gradient."""
    sigma = noise * slope
    for i in range(len(g)):
        g[i] = g[i] + sigma * normal(key, i)
    return f


@noise.constants
def _(site, noise):
    return {"slope": site.slope()}
