"""What is said of local minima against saddles, noise and bad conditioning in many dimensions."""

import itertools

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, best_rate, train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation

from ._lectures import OPTIMIZERS, SHEET_CHALLENGES
from ._stationary import MINIMUM, SADDLE, hessian, stationary_kinds

WELL = (-2.903534027771177, 0.15673125581942, 2.74680277050989)
"""Roots of 2 x^3 - 16 x + 5 / 2: a minimum, a maximum and a minimum of a coordinate."""


@claim(
    question="How many of all stationary points are minima in many dimensions?",
    says="Of the stationary points of a sum of d double wells the share (2/3)^d are minima, 3^-d "
    "maxima, and all others saddles.",
    source=SHEET_CHALLENGES,
    kind="theorem",
    settings={f"{d} dimensions": d for d in (1, 2, 4, 6)},
    measure="error of the shares of minima, maxima and saddles",
)
def minima_become_rare_among_wells(dim):
    """Every combination of wells and hills is looked at, by slope and curvatures there."""
    problem = optbench.problem("styblinski_tang", dim)
    points = np.array(list(itertools.product(WELL, repeat=dim)))
    assert np.abs(problem.grad(points)).max() < 1e-6
    falls = np.array([(np.linalg.eigvalsh(hessian(problem, x)) < 0.0).sum() for x in points])
    shares = [(falls == 0).mean(), (falls == dim).mean(), ((falls > 0) & (falls < dim)).mean()]
    return deviation(shares, [(2 / 3) ** dim, 3.0**-dim, 1 - (2 / 3) ** dim - 3.0**-dim])


@claim(
    question="Are saddles more common than local minima?",
    says="Among the stationary points of random functions saddles are more common than minima.",
    source=SHEET_CHALLENGES,
    settings={f"{d} dimension{'s' * (d > 1)}": d for d in (1, 2, 4, 8)},
    factor="the number of dimensions",
    treatment=SADDLE,
    control=MINIMUM,
    measure="share of stationary points of the kind",
    better="more",
    scale="difference",
    margin=0.05,
)
def saddles_outnumber_minima(arm, dim, draw):
    """A lane is a random function: 30 cosines in all directions; 60 stationary points are found.

    In one dimension there are no saddles, and in two as many as minima and maxima together
    (the Euler characteristic), twice the minima.
    """
    return np.array([stationary_kinds(own, dim)[arm] for own in draw.scoring.generators("waves")])


@claim(
    question="How does bad conditioning slow gradient descent?",
    says="On a quadratic gradient descent of the best rate 2 / (L + l) leaves of the gap the share "
    "((k - 1) / (k + 1))^2 a step, k = L / l, from the start where it is slowest.",
    source=OPTIMIZERS,
    kind="theorem",
    settings={"k = 100": ("ellipsoid_1e2", 1e2), "k = 10000": ("ellipsoid_1e4", 1e4)},
    measure="largest error of the gap, as a share of what is said",
)
def conditioning_slows_descent(setting):
    """From a start on the flattest and the steepest axis, whose shares are both the largest."""
    name, k = setting
    problem = optbench.problem(name)
    curvatures = np.diag(hessian(problem, np.array(problem.minimum)))
    low, high = curvatures.min(), curvatures.max()
    assert abs(high / low / k - 1.0) < 1e-6
    start = np.array(problem.minimum)
    start[curvatures.argmin()] += 1.0 / low
    start[curvatures.argmax()] += 1.0 / high
    run = optbench.minimize(
        "gd", problem, steps=200, start=start, lr=2.0 / (low + high), records=2000
    ).records
    predicted = run.f[0, 0] * ((k - 1.0) / (k + 1.0)) ** (2.0 * run.steps)
    return deviation(run.f[0] / predicted, np.ones(len(run.steps)))


WIDTHS = {
    f"width {width}, {data}": (data, width) for data in ("moons", "digits") for width in (2, 32)
}
RATE, BATCH, STARTS, STEPS = 0.2, 8, 5, 60
MANY = 128
"""Examples a step with little noise."""
RATES = np.geomspace(0.02, 2.0, 8)


def losses(setting, lanes, optimizer="sgd", starts=1, rates=RATE, batch=BATCH):
    """Return the training loss of the best of some starts [T, n], and the run from the first.

    All starts of a lane have the same data, and their own weights and batches.
    """
    data, width = setting
    runs = [
        train(
            mlp(data, (width,), activation="tanh", batch=batch, family=f"claims_start_{i}"),
            optimizer, lanes, steps=STEPS, lr=rates, records=2,
        )
        for i in range(starts)
    ]  # fmt: skip
    return np.min(
        [np.nan_to_num(run.train_loss, nan=np.inf, posinf=np.inf) for run in runs], axis=0
    ), runs[0]


@claim(
    question="What hinders training more, noise or local minima?",
    says="To train with 128 examples a step in place of 8 lowers the training loss more than to "
    "take the best of five starts.",
    source=OPTIMIZERS,
    settings=WIDTHS,
    factor="the width of the net",
    treatment="128 examples",
    control="best of five starts",
    measure="training loss after 60 steps",
    margin=1.02,
)
def noise_against_minima(arm, setting, draw):
    """If starts ended in minima of different heights, the best of five would be much lower.

    Batches of 8 at a rate of 0.2, where noise counts; without it a step has 128 examples.
    """
    few, many = {"starts": STARTS}, {"batch": MANY}
    loss, run = losses(setting, draw.scoring, **(many if arm == "128 examples" else few))
    return Scores(loss[0], curve=(run.steps, np.median(run.curve[0], axis=0)))


@claim(
    question="What hinders training more, bad conditioning or local minima?",
    says="Momentum, which helps in ill-conditioned valleys, lowers the training loss more than to "
    "take the best of five starts, each at its best rate.",
    source=OPTIMIZERS,
    settings={
        f"width {width}, {data}": (data, width)
        for data in ("moons", "diabetes")
        for width in (2, 32)
    },
    factor="the width of the net",
    treatment="momentum",
    control="best of five starts",
    measure="training loss after 60 steps",
    margin=1.02,
)
def conditioning_against_minima(arm, setting, draw):
    """64 examples a step, so that noise counts little. Momentum 0.9 wants a tenth of the rate.

    So the grid reaches from what suits the one to what suits the other. Rates are tuned from one
    start, as one would before taking the best of five.
    """
    optimizer, starts = ("momentum", 1) if arm == "momentum" else ("sgd", STARTS)
    own = {"optimizer": optimizer, "batch": 64, "rates": RATES}
    tuning, _ = losses(setting, draw.tuning, **own)
    scoring, run = losses(setting, draw.scoring, starts=starts, **own)
    best = best_rate(tuning)
    return Scores(scoring, tuning, (run.steps, np.median(run.curve[best], axis=0)))
