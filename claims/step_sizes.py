"""What is said of steps that adapt to gradients: where they help, and what they spare."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation, excess

from ._lectures import ADJUSTING, RMSPROP
from ._paths import steps_for_good
from ._surfaces import cliff, hole

LR = 0.01
EPS = 1e-30
"""So small that nothing but the gradients counts."""

TARGET = 4
"""Among the targets 10^-(1 + k / 2) of the gap at the start: a thousandth."""


def path(rule, gradients, **hyper):
    """Return where one coordinate goes from 0 [T + 1]."""
    return optbench.replay(rule, gradients[:, None], np.zeros(1), lr=LR, eps=EPS, **hyper)[:, 0]


@claim(
    question="Does the size of gradients matter to rules that adapt?",
    says="If all gradients are multiplied by a constant, rules that divide by their root mean "
    "square go the same way as before.",
    source=RMSPROP,
    kind="theorem",
    settings={"RMSProp": "rmsprop", "AdaGrad": "adagrad", "Adam": "adam"},
    measure="largest difference between paths",
)
def scale_of_gradients_cancels(rule):
    """Constants of a thousandth and of a thousand, and gradients that change their sign."""
    gradients = np.cos(np.arange(300.0) ** 2) + 0.2
    return max(
        deviation(path(rule, scale * gradients) / LR, path(rule, gradients) / LR)
        for scale in (1e-3, 1e3)
    )


@claim(
    question="Does a large gradient make the step smaller?",
    says="A gradient that is larger than those before makes RMSProp's step smaller.",
    source=RMSPROP,
    errs="A lecture says that large gradients make steps small; they make the factor before the "
    "gradient small, and a step never shorter than by a smaller gradient.",
    kind="theorem",
    settings={"alpha = 0.9": 0.9, "alpha = 0.99": 0.99},
    measure="by how much larger gradients make larger steps, in shares of lr",
)
def large_gradient_makes_step_smaller(alpha):
    """So the lecture reads, and it is not so of the step, only of the factor before the gradient.

    After 2000 gradients of 1 comes one of g: the step lr g / sqrt(alpha + (1 - alpha) g^2) grows
    with g, from lr at 1 up to lr / sqrt(1 - alpha).
    """
    steps = [
        np.abs(np.diff(path("rmsprop", np.append(np.ones(2000), g), alpha=alpha)))[-1] / LR
        for g in (1.0, 2.0, 10.0, 100.0)
    ]
    return excess(steps[1:], steps[:-1])


@claim(
    question="Can a huge gradient throw RMSProp far away?",
    says="No gradient moves a coordinate of RMSProp by more than lr / sqrt(1 - alpha), and a huge "
    "one moves it by just that.",
    source=RMSPROP,
    kind="theorem",
    settings={"alpha = 0.9": 0.9, "alpha = 0.99": 0.99},
    measure="excess over the bound, and error of the largest step, in shares of lr",
)
def huge_gradients_are_bounded(alpha):
    """Among gradients of 1 come ones of up to 1e20, at times near and far from each other."""
    gradients = np.cos(np.arange(900.0) ** 2)
    gradients[[200, 201, 320, 700]] = 1e4, -1e8, 1e10, 1e20
    steps = np.abs(np.diff(path("rmsprop", gradients, alpha=alpha))) / LR
    bound = 1.0 / np.sqrt(1.0 - alpha)
    return max(excess(steps, bound), deviation(steps[700], bound))


def tuned_steps(problem, arm, draw, steps, rates):
    """Return the steps until f is at most a thousandth of that at the start, for good."""
    return tuned(
        problem, arm, draw, lambda run: steps_for_good(run, 1e-3 * run.curve[..., 0]),
        steps=steps, lr=rates, records=10 * steps,
    )  # fmt: skip


@claim(
    question="Does RMSProp help at cliffs?",
    says="Where a slope ends in a cliff RMSProp comes to the minimum in fewer steps than gradient "
    "descent, each at its best rate.",
    source=RMSPROP,
    settings={
        "cliff of height 1": 1.0,
        "cliff of height 100": 100.0,
        "cliff of a recurrent unit": None,
    },
    factor="the cliff",
    treatment="rmsprop",
    control="gd",
    measure="steps to a thousandth of the value at the start, for good",
    margin=1.1,
)
def rmsprop_at_cliffs(arm, height, draw):
    """A slope of 1 with a cliff on the way down, and the wall that a recurrent unit has.

    Gradient descent meets 2.5 heights of slope there, and is thrown; RMSProp's steps are bounded.
    In a bowl that grows steeper with the distance a throw would be undone in a few steps.
    """
    surface = cliff(height) if height else "recurrent_cliff"
    return tuned_steps(surface, arm, draw, 400, np.geomspace(1e-3, 2.0, 24))


@claim(
    question="Does RMSProp help on plateaus?",
    says="From a plateau RMSProp comes to the minimum in fewer steps than gradient descent, each "
    "at its best rate.",
    source=RMSPROP,
    settings={"a normal hole in a plain": False, "a hole with heavy edges": True},
    factor="the plateau",
    treatment="rmsprop",
    control="gd",
    measure="steps to a thousandth of the value at the start, for good",
    margin=1.1,
)
def rmsprop_on_plateaus(arm, heavy, draw):
    """Slopes are a tenth to a thousandth of those in the hole, out of which no rule must jump."""
    return tuned_steps(hole(heavy), arm, draw, 1500, np.geomspace(1e-2, 5.0, 24))


@claim(
    question="Do rates by coordinate help on badly scaled axes?",
    says="Where curvatures differ widely RMSProp comes down in fewer steps than gradient descent, "
    "each at its best rate.",
    source=ADJUSTING,
    settings={
        "on the axes, condition 100": ("ellipsoid_1e2", 1e2),
        "on the axes, condition 10000": ("ellipsoid_1e4", 1e4),
        "rotated, condition 100": ("rotated_ellipsoid_1e2", 1e2),
        "rotated, condition 10000": ("rotated_ellipsoid_1e4", 1e4),
    },
    factor="whether valleys lie along the axes",
    treatment="rmsprop",
    control="gd",
    measure="steps to a thousandth of the gap at the start, of 6000",
    margin=1.1,
)
def rmsprop_on_scaled_axes(arm, setting, draw):
    """A rate for each coordinate can match curvatures that belong to coordinates only."""
    surface, condition = setting
    gd = np.geomspace(0.1, 3.6, 20) / (2.0 * condition)
    rates = gd if arm == "gd" else np.geomspace(1e-3, 1.0, 20)
    return tuned(
        surface, arm, draw, lambda run: run.hits[..., TARGET], steps=6000, lr=rates, records=40
    )


@claim(
    question="Does RMSProp spare choosing the rate?",
    says="RMSProp at its default rate of 0.01 ends as low as at its best rate.",
    source=RMSPROP,
    settings={
        "digits": ("digits", (16,)),
        "digits, four hidden layers": ("digits", (16,) * 4),
        "moons": ("moons", (16,)),
    },
    factor="the net",
    treatment="rate 0.01",
    control="best rate",
    measure="training loss after 150 steps",
    expects="equal",
    margin=1.1,
)
def rmsprop_spares_tuning(arm, setting, draw):
    """The rate adapts by coordinate, but lr before it is chosen all the same; 10 % are like."""
    net = mlp(*setting)
    own = {"steps": 150, "records": 3}
    if arm == "rate 0.01":
        return train(net, "rmsprop", draw.scoring, lr=0.01, **own).train_loss[0]
    rates = np.geomspace(2e-3, 0.1, 16)
    return tuned(net, "rmsprop", draw, lambda run: run.train_loss, lr=rates, **own)


@claim(
    question="Is RMSProp less sensitive to its rate?",
    says="More decades of rates do for RMSProp than for SGD.",
    source=RMSPROP,
    settings={"digits": "digits", "moons": "moons"},
    factor="the data",
    treatment="rmsprop",
    control="sgd",
    measure="decades of rates whose training loss after 60 steps is below twice the best",
    better="more",
    scale="difference",
    margin=0.25,
)
def rmsprop_is_less_sensitive(arm, data, draw):
    """Five decades of rates, six to the decade, enough for both rules; each lane has its width."""
    rates = np.geomspace(1e-4, 10.0, 31)
    run = train(mlp(data, (8,)), arm, draw.scoring, steps=60, lr=rates, records=2)
    near = (run.train_loss < 2.0 * run.train_loss.min(axis=0)).sum(axis=0) / 6.0
    middle = np.median(run.train_loss, axis=1)
    shown = middle < 10.0
    return Scores(near, curve=(np.log10(rates)[shown], middle[shown]))
