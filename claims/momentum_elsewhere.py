"""What else is said of momentum: minima and saddles, overfitting, and other rules."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp

from ._lectures import MOMENTUM, OPTIMIZATION
from ._paths import steps_for_good
from ._surfaces import WAVES, rippled, weak_saddle

RHO = 0.9


@claim(
    question="Does momentum escape local minima?",
    says="Momentum passes small local minima in which gradient descent of the same rate ends.",
    source=OPTIMIZATION,
    settings={"ripples of slope 0.5": 0.5, "slope 1": 1.0, "slope 2": 2.0, "slope 4": 4.0},
    factor="the depth of the minima",
    treatment="momentum",
    control="gd",
    measure="share of lanes that end in the basin of the best minimum after 600 steps",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.1,
    pairs=20,
)
def momentum_escapes_minima(arm, slope, draw):
    """A bowl of curvature 1 with ripples, from far away; the rate is 1 / L, momentum 0.9.

    Ripples are minima of their own where the bowl's slope is smaller than theirs. Beyond 2 / L
    gradient descent jumps over ripples too, but for another reason than is claimed.
    """
    run = train(
        rippled(slope), arm, draw.scoring, steps=600, lr=1.0 / (1.0 + WAVES * slope), records=60
    )
    there = (np.abs(run.x[0]) < np.pi / WAVES).all(axis=-1)
    return Scores(there, curve=(run.steps, np.median(run.curve[0], axis=0)))


@claim(
    question="Does momentum leave saddles sooner?",
    says="Momentum needs fewer steps than gradient descent to leave a saddle behind, each at its "
    "best rate.",
    source=MOMENTUM,
    settings={
        "as curved down as up": 1.0,
        "a tenth": 0.1,
        "a hundredth": 0.01,
    },
    factor="how weakly the saddle curves down",
    treatment="momentum",
    control="gd",
    measure="steps until nine tenths of the fall from the saddle are done for good",
    margin=1.1,
)
def momentum_leaves_saddles(arm, curvature, draw):
    """Starts lie within 0.01 of the ridge, so that the saddle is met; momentum is 0.9."""
    level = 0.1 * 0.25 * curvature
    return tuned(
        weak_saddle(curvature), arm, draw, lambda run: steps_for_good(run, level), steps=1200,
        lr=np.geomspace(0.05, 3.6, 24), records=12_000,
    )  # fmt: skip


@claim(
    question="Does momentum prevent overfitting?",
    says="Momentum ends with a lower loss on held-out data than SGD of the same speed, where both "
    "overfit.",
    source=OPTIMIZATION,
    errs="A lecture has momentum prevent overfitting; with rates tuned no effect on held-out "
    "data is shown.",
    settings={"diabetes": ("diabetes", 0.05), "breast cancer": ("breast_cancer", 0.2)},
    factor="the data",
    treatment="momentum",
    control="sgd",
    measure="validation loss after 1000 steps",
    margin=1.02,
)
def momentum_prevents_overfitting(arm, setting, draw):
    """Momentum 0.9 has a tenth of the rate, so that both come equally far in training.

    Wide nets and small data: the loss of SGD on held-out data has risen again long before the end.
    """
    data, rate = setting
    rates = {"sgd": rate, "momentum": rate * (1.0 - RHO)}
    run = train(mlp(data, (64,), batch=16), arm, draw.scoring, steps=1000, lr=rates[arm], records=8)
    return Scores(run.val_loss[0], curve=(run.steps, run.curve_metrics[0, :, :, 2].mean(axis=0)))


WITH_MOMENTUM = {
    "rmsprop": ("rmsprop", {"momentum": 0.9}),
    "sign_sgd": ("signum", {"beta": 0.9}),
}


@claim(
    question="Does momentum help other rules too?",
    says="Other rules end lower with momentum 0.9 than without, each at its best rate.",
    source=OPTIMIZATION,
    settings={
        "RMSProp, digits": ("rmsprop", "digits"),
        "RMSProp, diabetes": ("rmsprop", "diabetes"),
        "sign descent, digits": ("sign_sgd", "digits"),
    },
    factor="the rule",
    treatment="with momentum",
    control="alone",
    measure="training loss after 80 steps",
    margin=1.05,
)
def momentum_helps_other_rules(arm, setting, draw):
    """Momentum multiplies the speed by ten, so the grid reaches a decade below what rules want."""
    rule, data = setting
    rule, hyper = WITH_MOMENTUM[rule] if arm == "with momentum" else (rule, {})
    return tuned(
        mlp(data, (16,)), rule, draw, lambda run: run.train_loss, steps=80,
        lr=np.geomspace(3e-4, 0.06, 12), records=3, **hyper,
    )  # fmt: skip
