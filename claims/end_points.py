"""What is said of where descent ends: in which minimum, at a saddle, or elsewhere."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, steps_until, train
from optbench.claims.theorems import deviation

from ._lectures import SHEET_CHALLENGES, STOCHASTIC
from ._shapes import ridge, wavy_bowl
from ._stationary import MINIMUM, kind_of_end

STEPS = 1000


@claim(
    question="Does a small rate get stuck in local minima?",
    says="Gradient descent with a small rate ends in a minimum that is not the best more often "
    "than with a large one.",
    source=SHEET_CHALLENGES,
    settings={
        f"large is {times:g} / L, {name} ripples": (height, times)
        for times in (1.9, 4.0, 10.0)
        for name, height in (("low", 10.0), ("high", 30.0))
    },
    factor="how large the large rate is",
    treatment="a tenth of the large rate",
    control="large rate",
    measure="share of lanes that end in a worse minimum",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.1,
    pairs=20,
)
def small_rate_gets_stuck(arm, setting, draw):
    """A bowl with ripples that are minima of their own; rates fall to 0, so that all lanes settle.

    L is the largest curvature: below 2 / L descent settles in the first minimum that it meets.
    """
    height, times = setting
    rate = times / (2.0 + 2.0 * height) * (1.0 if arm == "large rate" else 0.1)
    run = train(
        wavy_bowl(height), "gd", draw.scoring, steps=STEPS, lr=rate, records=100,
        schedule="cosine",
    )  # fmt: skip
    return Scores(run.gap[0] > 0.1, curve=(run.steps, np.median(run.curve[0], axis=0)))


PLACES = {
    "six minima, two of them best": ("six_hump_camel", 0.02, 0.1, 0.3),
    "four minima": ("styblinski_tang", 0.01, 1.0, 0.5),
    "started at a saddle": ("monkey_saddle", 0.05, 0.01, 0.3),
    "many saddles, all minima best": ("matrix_factorisation", 0.1, 0.01, 0.3),
}
"""Surface, rate, variance of the gradient's noise, and how near a stationary point must be."""


def ends_of_sgd(setting, draw):
    """Return the kind of each lane's end, whether it is the best, and the run.

    SGD with normal noise, whose rate falls to 0 in a cosine.
    """
    name, rate, variance, near = setting
    run = train(
        name, "sgd", draw.scoring, steps=STEPS, lr=rate, records=50, schedule="cosine",
        noise_eta=variance, noise_gamma=0.0,
    )  # fmt: skip
    problems = [optbench.problem(name, instance=i) for i in draw.scoring.instances]
    ends = [kind_of_end(*one, near) for one in zip(problems, run.x[0], strict=True)]
    kinds = np.array([kind for kind, _ in ends])
    best = np.array([value - p.f_min for (_, value), p in zip(ends, problems, strict=True)]) < 1e-6
    return kinds, best & (kinds == MINIMUM), run


@claim(
    question="Where does SGD end?",
    says="SGD whose rate falls to 0 ends in minima, and not at saddles or on slopes.",
    source=STOCHASTIC,
    settings=PLACES,
    factor="the surface",
    treatment="in a minimum",
    control="elsewhere",
    measure="share of lanes that end there",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.9,
    pairs=20,
)
def sgd_ends_in_minima(arm, setting, draw):
    """Both arms are the same lanes, counted by where they end: a difference of 1 is all of them.

    The stationary point next to an end is found by Newton's method, and its kind by curvatures.
    """
    kinds, _, run = ends_of_sgd(setting, draw)
    there = kinds == MINIMUM
    curve = (run.steps, np.median(run.curve[0], axis=0))
    return Scores(there if arm == "in a minimum" else ~there, curve=curve)


@claim(
    question="Is it the best minimum in which SGD ends?",
    says="SGD whose rate falls to 0 ends in the best minimum more often than elsewhere.",
    source=STOCHASTIC,
    settings=PLACES,
    factor="the surface",
    treatment="in a best minimum",
    control="elsewhere",
    measure="share of lanes that end there",
    better="more",
    scale="difference",
    statistic="mean",
    pairs=20,
)
def sgd_ends_in_the_best(arm, setting, draw):
    """The lecture says: in a local or the global one, almost surely. This asks which it is."""
    _, best, run = ends_of_sgd(setting, draw)
    curve = (run.steps, np.median(run.curve[0], axis=0))
    return Scores(best if arm == "in a best minimum" else ~best, curve=curve)


@claim(
    question="Does noise free SGD from saddles?",
    says="From the ridge of a saddle SGD comes down, where gradient descent ends at the saddle.",
    source=SHEET_CHALLENGES,
    settings={"1 of 10 directions falls": 1, "5 of 10": 5, "9 of 10": 9},
    factor="how many directions fall",
    treatment="sgd",
    control="gd",
    measure="share of lanes that end in a minimum",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.9,
    pairs=20,
    known="the ridge is a stable manifold of measure 0, which noise leaves at the first step",
)
def noise_frees_from_saddles(arm, falling, draw):
    """Lanes start within 1e-200 of the ridge. The rate is 0.1 and falls to 0; weak normal noise."""
    noise = {"noise_eta": 1e-4, "noise_gamma": 0.0} if arm == "sgd" else {}
    run = train(
        ridge(falling), arm, draw.scoring, steps=STEPS, lr=0.1, records=50, schedule="cosine",
        **noise,
    )  # fmt: skip
    return Scores(run.gap[0] < 0.1, curve=(run.steps, np.median(run.curve[0], axis=0)))


@claim(
    question="Does more noise free SGD from a saddle sooner?",
    says="Noise of twice the deviation frees SGD from a saddle in fewer steps, by about "
    "ln 2 / ln(1 + lr c), where it falls with the curvature c.",
    source=SHEET_CHALLENGES,
    settings={"rate 0.1": 0.1, "rate 0.05": 0.05},
    factor="the rate",
    treatment="deviation 2e-4",
    control="deviation 1e-4",
    measure="steps until half of the fall is done",
    margin=1.02,
    known="near the ridge x is linear in its noise, so twice the noise is ln 2 / ln(1 + lr c) "
    "steps ahead: 7 of about 110, 14 of about 220",
)
def more_noise_frees_sooner(arm, rate, draw):
    """Both arms start within 1e-200 of the ridge, and meet the same noise but for its size."""
    run = train(
        ridge(1), "sgd", draw.scoring, steps=400, lr=rate, records=4000,
        noise_eta=float(arm.removeprefix("deviation ")) ** 2, noise_gamma=0.0,
    )  # fmt: skip
    return Scores(steps_until(run, 0.125)[0], curve=(run.steps, np.median(run.curve[0], axis=0)))


@claim(
    question="How long does a saddle hold gradient descent?",
    says="Next to a saddle that falls with the curvature c the distance from its ridge grows by "
    "the factor 1 + lr c a step, no faster.",
    source=SHEET_CHALLENGES,
    kind="theorem",
    settings={"distance 1e-9": 1e-9, "distance 1e-12": 1e-12},
    measure="largest relative error of distances, below 1e-4",
    margin=1e-6,
)
def saddle_is_left_at_a_geometric_rate(distance):
    """On (x^2 - 1)^2 / 4 + y^2 / 2 with lr = 0.1; what is left out is of the order of x^2."""
    run = optbench.minimize(
        "gd", "strict_saddle", steps=300, seed=1, lr=0.1, records=3000, start=[distance, 1.0]
    ).records
    x = run.x[0, :, 0]
    below = x < 1e-4
    return deviation(x[below] / (distance * 1.1 ** run.steps[below]), np.ones(below.sum()))
