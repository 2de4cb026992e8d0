"""Gradients that are there in part, or not at all."""

import math

from optbench.define import uniform
from optbench.define.perturbations import perturbation
from optbench.define.ranges import Flag, Range


@perturbation(
    sparse=Range(0.5, 0.0, 1.0, open_high=True),
    rescale=Flag(True),
    source="Wangni et al. 2018, Gradient sparsification for communication-efficient distributed "
    "optimization",
    law="a share `sparse` of the coordinates is 0, drawn anew at every step; the others are "
    "divided by 1 - sparse if they are to rescale, so that the mean is the gradient",
    tags=("stochastic", "sparse"),
)
def sparse(f, g, sparse, rescale, key):
    """Only some coordinates of the gradient at a step."""
    factor = 1.0 + rescale * (1.0 / (1.0 - sparse) - 1.0)
    for i in range(len(g)):
        if uniform(key, i) < sparse:  # the same for all lanes
            g[i] = 0.0
        else:
            g[i] = g[i] * factor
    return f


@perturbation(
    nan_share=Range(0.01, 0.0, 1.0),
    source="Micikevicius et al. 2018, Mixed precision training (steps skipped on overflow)",
    law="at a share nan_share of steps all coordinates are NaN",
    tags=("stochastic",),
)
def nan_share(f, g, nan_share, key):
    """Gradients that are no numbers: rules that do not skip them end there."""
    if uniform(key, 0) < nan_share:  # the same for all lanes
        for i in range(len(g)):
            g[i] = math.nan
    return f
