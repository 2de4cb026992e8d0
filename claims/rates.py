"""What is said of rates that are too high or too low, and of how a rate should shrink."""

import functools

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.draws import Lanes
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp

from ._batches import examples
from ._bowls import bowl
from ._lectures import MINI_BATCH, MONITORING, STOCHASTIC

FASTEST = "c / k"
"""The rate of step k."""
ROOT, AVERAGED = "c / sqrt(k)", "c / sqrt(k), averaged"
SCHEDULES = {
    FASTEST: {"schedule": "inverse"},
    ROOT: {"schedule": "inverse_sqrt"},
    AVERAGED: {"schedule": "inverse_sqrt", "tail": 0.5},
}
"""With the decay 1 the first is 1 / k, counted from 1; the last reports the mean of the last half.
"""
EQUAL, UNEQUAL = (1.0,) * 10, (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5)
CONSTANTS = {
    f"ch = {c:g}, {name}": (c, curvatures)
    for c in (0.25, 0.5, 1.0)
    for name, curvatures in (("equal curvatures", EQUAL), ("curvatures 1 to 2", UNEQUAL))
}
"""h is the least curvature."""
EXPONENTS = (0.125, 0.25, 1.0, 2.0)


def _gaps(arm, setting, draw):
    c, curvatures = setting
    run = train(
        bowl(curvatures, level=1.0), "sgd", draw.scoring, steps=4000, lr=c / min(curvatures),
        records=40, **SCHEDULES[arm],
    )  # fmt: skip
    return Scores(run.gap[0], curve=(run.steps[1:], run.curve[0].mean(axis=0)[1:]))


@claim(
    question="How fast does a rate of c / k go down?",
    says="At the rate c / k the mean gap falls as k to the power -1 if the curvature times c is "
    "above one half, and else only as k to the power -2ch.",
    source=STOCHASTIC,
    kind="theorem",
    settings={f"ch = {c:g}": c for c in EXPONENTS},
    measure="difference between the fitted exponent and that",
    margin=0.05,
)
def the_exponent_of_c_over_k(c):
    """Robbins and Monro 1951; Bottou, Curtis and Nocedal 2018, thm. 4.7 and what follows it.

    The fit goes from step 300 to 4000. Close to 1/2 both powers are at work for longer than that.
    """
    return abs(_exponents()[EXPONENTS.index(c)] + min(1.0, 2.0 * c))


@functools.cache
def _exponents():
    """Return the fitted exponents of all constants over 60 lanes of 256 coordinates."""
    lanes = Lanes(1, tuple(range(1, 61)))
    run = train(
        bowl((1.0,) * 256, level=1.0), "sgd", lanes, steps=4000, lr=EXPONENTS, records=60,
        schedule="inverse",
    )  # fmt: skip
    late = run.steps >= 300
    gaps = run.curve[:, :, late].mean(axis=1)
    return np.polyfit(np.log(run.steps[late]), np.log(gaps.T), 1)[0]


@claim(
    question="Is 1 / k faster than 1 / sqrt(k) for any constant?",
    says="A rate of c / k ends closer to the minimum than c / sqrt(k) with the same c.",
    source=STOCHASTIC,
    errs="A lecture calls a rate of 1 / k the fastest and names no constant; it is if the "
    "constant times the least curvature is above one half, and very slow below.",
    settings=CONSTANTS,
    factor="c times the least curvature",
    treatment=FASTEST,
    control=ROOT,
    measure="gap after 4000 steps",
    margin=1.2,
)
def one_over_k_against_one_over_root(arm, setting, draw):
    """The notes call 1 / k the fastest and speak of no constant, on which it depends."""
    return _gaps(arm, setting, draw)


@claim(
    question="Does averaging spare the constant?",
    says="The average of SGD's points at the rate c / sqrt(k) ends closer to the minimum than SGD "
    "at c / k with the same c.",
    source=STOCHASTIC,
    settings=CONSTANTS,
    factor="c times the least curvature",
    treatment=AVERAGED,
    control=FASTEST,
    measure="gap after 4000 steps",
    margin=1.2,
)
def averaging_against_one_over_k(arm, setting, draw):
    """Polyak and Juditsky 1992: the average is as good as the best c / k, whatever c.

    The average is of the last half, which costs a factor of 2 at the best c.
    """
    return _gaps(arm, setting, draw)


@claim(
    question="Is 1 / k the fastest way for a rate to shrink?",
    says="SGD at the rate c / k ends closer to the minimum than the average of its points at "
    "c / sqrt(k), each at its best c.",
    source=STOCHASTIC,
    errs="A lecture calls a rate of 1 / k the fastest; averaging at a larger rate is at least as "
    "fast where curvatures differ.",
    settings={
        "condition 1": bowl((1.0,) * 10, level=0.3),
        "condition 10": bowl(tuple(np.geomspace(1.0, 0.1, 10)), level=0.3),
        "condition 100": bowl(tuple(np.geomspace(1.0, 0.01, 10)), level=0.3),
        "logistic regression": "logistic_breast_cancer",
    },
    factor="the surface",
    treatment=FASTEST,
    control=AVERAGED,
    measure="gap after 2000 steps",
    margin=1.2,
    pairs=20,
)
def one_over_k_is_fastest(arm, surface, draw):
    """The notes say it of the rate of epoch k. Here c is one of 21 from 1/4 to 256."""
    return tuned(
        surface, "sgd", draw, lambda run: run.gap, steps=2000,
        lr=2.0 ** np.arange(-2.0, 8.1, 0.5), records=40, **SCHEDULES[arm],
    )  # fmt: skip


@claim(
    question="Does it help to divide the rate by ten when the loss stands still?",
    says="A rate that is divided by ten whenever the loss stands still ends at a lower loss than a "
    "fixed one.",
    source=MINI_BATCH,
    settings={
        "noisy quadratic": (bowl(tuple(np.geomspace(1.0, 0.03, 10)), level=0.3), 4000),
        "logistic regression": ("logistic_breast_cancer", 2000),
        "softmax regression, wine": ("wine", 1000),
    },
    factor="the problem",
    treatment="a tenth at a plateau",
    control="a fixed rate",
    measure="training loss at the end, of surfaces less its least",
    margin=1.05,
)
def dividing_by_ten_at_a_plateau(arm, setting, draw):
    """To stand still is not to have fallen by 0.01 % for a number of updates, the patience.

    The patience is tuned as well, a tenth or a fortieth of all updates: with a short one the rate
    falls before the loss has settled. Both arms choose from 24 trials, the control from as many
    rates. What is watched is the loss of the update, which for mini-batches is noisy.
    """
    problem, steps = setting
    if problem == "wine":
        problem = mlp(problem, (), batch=8, l2=0.01)
    options = {"lr": np.geomspace(0.03, 3.0, 24)}
    if arm == "a tenth at a plateau":
        options = {
            "lr": np.repeat(np.geomspace(0.03, 3.0, 12), 2),
            "plateau_patience": np.tile([steps // 10.0, steps // 40.0], 12),
        }
    return tuned(
        problem, "sgd", draw, lambda run: np.where(np.isnan(run.gap), run.f, run.gap),
        steps=steps, records=20, **options,
    )  # fmt: skip


GOOD = "a good rate"
NETS = {"digits": ("digits", 0.3), "moons": ("moons", 0.8)}
"""Nets of 16 hidden units, and a rate that suits mini-batches of 32."""


@claim(
    question="What does too low a rate do?",
    says="At a hundredth of a good rate the training loss after the same updates is more than "
    "twice as high.",
    source=MONITORING,
    settings=NETS,
    factor="the data",
    treatment=GOOD,
    control="a hundredth of it",
    measure="training loss after 5 epochs",
    margin=2.0,
)
def low_rates_are_slow(arm, setting, draw):
    """Mini-batches of 32."""
    data, rate = setting
    steps = 5 * examples(data) // 32
    lr = rate if arm == GOOD else rate / 100.0
    run = train(mlp(data, (16,), batch=32), "sgd", draw.scoring, steps=steps, lr=lr, records=10)
    return Scores(run.train_loss[0], curve=(run.steps, run.curve[0].mean(axis=0)))


@claim(
    question="What does too high a rate do?",
    says="At ten times a good rate the loss of gradient descent goes up and down, or ever up, "
    "where it only falls at the good one.",
    source=MONITORING,
    settings={
        "wine": ("wine", 0.5),
        "iris": ("iris", 0.5),
        "breast cancer": ("breast_cancer", 0.5),
    },
    factor="the data",
    treatment="ten times it",
    control=GOOD,
    measure="share of updates after which the training loss is not lower",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.1,
)
def high_rates_overshoot(arm, setting, draw):
    """Sixty updates on the whole set, so that no noise is in it; a loss that is lost is no fall."""
    data, rate = setting
    lr = rate if arm == GOOD else 10.0 * rate
    net = mlp(data, (16,), batch=examples(data))
    run = train(net, "sgd", draw.scoring, steps=60, lr=lr, records=400)
    falls = run.curve[0, :, 1:] < run.curve[0, :, :-1]
    return Scores(1.0 - falls.mean(axis=1), curve=(run.steps, run.curve[0, 0]))
