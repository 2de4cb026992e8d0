"""Wrappers: what can be put around any rule. Each is switched on by one of its hyperparameters."""

import math

from optbench.define import Range, where, wrapper

POSITIVE = dict(low=0.0, open_low=True)


@wrapper(
    sam_rho=Range(0.05, **POSITIVE),
    evaluations=2,
    source="Foret et al. 2021, eq. 2",
)
def sam(x, g):
    """Sharpness-aware minimisation: the second gradient is taken at x + rho g / |g|."""
    return g


@sam.measure
def _(x, g):
    return g * g


@sam.combine
def _(squared_norm, sam_rho):
    return (sam_rho / (math.sqrt(squared_norm) + 1e-12),)


@sam.ascend
def _(x, g, radius):
    return x + radius * g


@wrapper(
    clip_norm=Range(1.0, **POSITIVE),
    source="Pascanu, Mikolov and Bengio 2013; torch.nn.utils.clip_grad_norm_",
)
def clip(x, g, scale):
    """Clip the gradient to a norm, over all coordinates together."""
    return scale * g


@clip.measure
def _(x, g):
    return g * g


@clip.combine
def _(squared_norm, clip_norm):
    scale = clip_norm / (math.sqrt(squared_norm) + 1e-6)
    return (where(scale < 1.0, scale, 1.0),)


@wrapper(
    lane_state={"lr_scale": 1.0, "plateau_best": math.inf, "plateau_bad": 0.0},
    plateau_factor=Range(0.1, 0.0, 1.0, open_low=True, open_high=True),
    plateau_patience=Range(10.0, 0.0),
    plateau_threshold=Range(1e-4, 0.0, 1.0, open_high=True),
    source="torch.optim.lr_scheduler.ReduceLROnPlateau (relative threshold)",
)
def plateau(x, g):
    """Multiply the rate by a factor when the loss has not improved for some steps.

    It looks at f where the step's last gradient is taken: with SAM, at the second point.
    """
    return g


@plateau.combine
def _(f, lr_scale, plateau_best, plateau_bad, plateau_factor, plateau_patience, plateau_threshold):
    better = f < plateau_best * (1.0 - plateau_threshold)
    plateau_best = where(better, f, plateau_best)
    plateau_bad = where(better, 0.0, plateau_bad + 1.0)
    spent = plateau_bad > plateau_patience
    lr_scale = where(spent, lr_scale * plateau_factor, lr_scale)
    return lr_scale, plateau_best, where(spent, 0.0, plateau_bad)


WRAPPERS = (sam, clip, plateau)
"""In the order in which they are applied to a gradient."""
