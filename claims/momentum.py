"""What is said of momentum."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import tuned
from optbench.claims.theorems import deviation

NOTES = "Training deep models, Optimization techniques"
RATES = np.geomspace(0.05, 3.6, 12)
"""In units of 1 / L, L the largest curvature: gradient descent is stable below 2."""


@claim(
    question="How much faster is momentum downhill?",
    says="Under a steady gradient the step of momentum rho grows to 1 / (1 - rho) times that of "
    "gradient descent, so that its rate is that much smaller for the same speed.",
    source=NOTES,
    kind="theorem",
    settings={"rho = 0.5": 0.5, "rho = 0.9": 0.9, "rho = 0.99": 0.99},
    measure="error of the last step, in steps of gradient descent at lr / (1 - rho)",
)
def speed_of_momentum(rho):
    """The geometric series of past gradients; after 4000 steps no power of rho is left."""
    gradients, lr = np.tile([1.0, -0.3], (4000, 1)), 0.01
    points = optbench.replay("momentum", gradients, np.zeros(2), lr=lr, momentum=rho)
    return deviation((points[-1] - points[-2]) / (-lr / (1.0 - rho)), gradients[-1])


@claim(
    question="Is momentum faster where curvatures differ widely?",
    says="On an ill-conditioned quadratic momentum comes closer to the minimum than gradient "
    "descent, each at its best rate.",
    source=NOTES,
    settings={
        "condition 100, on the axes": ("ellipsoid_1e2", 1e2),
        "condition 100, rotated": ("rotated_ellipsoid_1e2", 1e2),
        "condition 10000, rotated": ("rotated_ellipsoid_1e4", 1e4),
    },
    factor="the condition number",
    treatment="momentum",
    control="gd",
    measure="gap after 200 steps",
    margin=1.5,
    known="Polyak 1964: a step leaves the share 1 - 2 / (sqrt(k) + 1) in place of 1 - 2 / (k + 1)",
)
def momentum_on_ill_conditioned(arm, setting, draw):
    """Rates are tuned in units of 1 / L, the same for both; momentum is 0.9."""
    surface, condition = setting
    rates = RATES / (2.0 * condition)
    return tuned(surface, arm, draw, lambda run: run.gap, steps=200, lr=rates, records=30)
