"""What is said of Adam: what it is made of, and what its correction is for."""

import math

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, best_rate, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation, excess
from optbench.define import Eps, Log, Momentum, SecondMoment, optimizer

from ._lectures import ADAM, OPTIMIZATION

BETAS = {"0.9 and 0.999": (0.9, 0.999), "0.9 and 0.99": (0.9, 0.99), "0.5 and 0.9": (0.5, 0.9)}
EPS = 1e-30
"""So small that nothing but the gradients counts."""
GRADIENTS = np.stack(
    [np.cos(np.arange(200.0) ** 2) + 0.1, 30.0 * np.sin(np.arange(1.0, 201.0))], axis=1
)
NET_RATES = np.geomspace(2e-3, 0.5, 16)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=Momentum(0.9),
    beta2=SecondMoment(0.999),
    eps=Eps(1e-8),
    source="Kingma and Ba 2015, alg. 1, without lines 9 and 10",
)
def uncorrected_adam(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2):
    """Adam whose moments are not corrected for their start at zero."""
    m = beta1 * m + fresh1 * g
    v = beta2 * v + fresh2 * g * g
    return x - lr * m / (math.sqrt(v) + eps), m, v


@uncorrected_adam.uniform
def _(beta1, beta2):
    return 1 - beta1, 1 - beta2


def steps(rule, gradients, **hyper):
    """Return the steps that a rule of rate 1 takes from 0 [T, d]."""
    start = np.zeros(gradients.shape[1])
    return np.diff(optbench.replay(rule, gradients, start, lr=1.0, **hyper), axis=0)


@claim(
    question="Is Adam RMSProp with momentum?",
    says="Each of Adam's steps is that of momentum, as a running mean, divided by the root that "
    "RMSProp divides by, both corrected for their start at zero.",
    source=ADAM,
    kind="theorem",
    settings=BETAS,
    measure="largest difference between a step of Adam and what the two others make of it",
)
def adam_is_rmsprop_with_momentum(betas):
    """The three rules see the same gradients; RMSProp's root is its gradient over its step."""
    beta1, beta2 = betas
    mean = -steps("momentum_ema", GRADIENTS, momentum=beta1)
    root = -GRADIENTS / steps("rmsprop", GRADIENTS, alpha=beta2, eps=EPS)
    t = np.arange(1.0, len(GRADIENTS) + 1.0)[:, None]
    predicted = -(mean / (1.0 - beta1**t)) / (root / np.sqrt(1.0 - beta2**t))
    return deviation(steps("adam", GRADIENTS, beta1=beta1, beta2=beta2, eps=EPS), predicted)


@claim(
    question="Is AdaGrad a part of Adam?",
    says="Adam without momentum, which forgets no squared gradient and whose rate falls with the "
    "root of the step, goes the way of AdaGrad.",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"beta2 = 1 - 1e-7": 1e-7, "beta2 = 1 - 1e-8": 1e-8},
    measure="largest difference between steps, as a share of the rate",
    margin=1e-5,
)
def adam_holds_adagrad(forgotten):
    """One lecture has Adam combine AdaGrad and RMSProp, another RMSProp and momentum.

    The second is Adam as it is used; the first is right of this limit (Kingma and Ba 2015,
    section 5), from which 200 steps are 100 times what is forgotten in one away.
    """
    adam = steps("adam", GRADIENTS, beta1=0.0, beta2=1.0 - forgotten, eps=EPS)
    t = np.arange(1.0, len(GRADIENTS) + 1.0)[:, None]
    return deviation(adam / np.sqrt(t), steps("adagrad", GRADIENTS, eps=EPS))


@claim(
    question="Do Adam's steps shrink as AdaGrad's do?",
    says="Under a steady gradient Adam's steps shrink with the root of the step, as AdaGrad's do.",
    source=OPTIMIZATION,
    errs="A lecture has Adam combine AdaGrad and RMSProp; in Adam as it is used nothing shrinks "
    "steps for ever, it is RMSProp with momentum.",
    kind="theorem",
    settings={"AdaGrad": "adagrad", "Adam": "adam"},
    measure="error of steps against lr / sqrt(t)",
)
def adams_steps_shrink(rule):
    """What would follow if AdaGrad were a part of Adam as it is used: Adam's steps stay at lr."""
    t = np.arange(1.0, 301.0)
    return deviation(-steps(rule, np.ones((300, 1)), eps=EPS)[:, 0], 1.0 / np.sqrt(t))


@claim(
    question="How large are Adam's first steps without the correction?",
    says="At a constant gradient Adam without correction begins with 3.162 times the rate, and "
    "its steps grow to 6.569 times the rate at step 12.",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"gradient 1": 1.0, "gradient 1000": 1e3, "gradient -0.001": -1e-3},
    measure="error of the first and the largest step, and of its number",
    margin=1e-3,
)
def uncorrected_steps_grow(gradient):
    """Step t is (1 - 0.9^t) / sqrt(1 - 0.999^t) times the rate; three decimals are said."""
    taken = -np.sign(gradient) * steps(uncorrected_adam, np.full((400, 1), gradient), eps=EPS)[:, 0]
    return deviation([taken[0], taken.max(), 1 + taken.argmax()], [3.162, 6.569, 12])


@claim(
    question="How large are Adam's first steps with the correction?",
    says="At a constant gradient each step of Adam, from the first on, is as long as the rate.",
    source=OPTIMIZATION,
    kind="theorem",
    settings=BETAS,
    measure="largest error of a step, as a share of the rate",
)
def corrected_steps_are_steady(betas):
    """Both corrections cancel what zeros at the start have left out."""
    taken = steps("adam", np.full((400, 1), 0.3), beta1=betas[0], beta2=betas[1], eps=EPS)
    return deviation(-taken[:, 0], np.ones(400))


@claim(
    question="Do the usual decay rates keep Adam's first steps small?",
    says="With decay rates of 0.9 and 0.999 Adam's moments do not make its first steps longer "
    "than later ones, even without the correction.",
    source=ADAM,
    errs="A lecture has the decay rates keep Adam's first steps small; without the correction "
    "they make steps longer, and the correction is what keeps them at the rate.",
    kind="theorem",
    settings={"with the correction": "adam", "without": uncorrected_adam},
    measure="by how much the first 100 steps at a constant gradient are longer than the last",
)
def usual_rates_tame_first_steps(rule):
    """One lecture gives this as the reason for these decay rates; the correction is the reason.

    Moments that start at zero are too small at first: v more so than m, and it stands below.
    """
    taken = -steps(rule, np.ones((20_000, 1)), beta1=0.9, beta2=0.999, eps=EPS)[:, 0]
    return excess(taken[:100], taken[-1])


@claim(
    question="When does Adam's correction matter?",
    says="Adam ends lower with its correction than without, each at its best rate.",
    source=OPTIMIZATION,
    settings={
        f"{data}, {count} steps": (data, count)
        for data in ("digits", "diabetes")
        for count in (5, 50)
    },
    factor="the number of steps",
    treatment="with the correction",
    control="without",
    measure="training loss at the end",
    margin=1.05,
)
def correction_matters_early(arm, setting, draw):
    """Without it steps are three to six times as long at first, and shrink in 3000 steps.

    So a rate that suits five steps is too low later. Both arms choose among the same rates, for
    the length of training that they are judged at.
    """
    data, count = setting
    rule = "adam" if arm == "with the correction" else uncorrected_adam
    return tuned(
        mlp(data, (8,)), rule, draw, lambda run: run.train_loss, steps=count,
        lr=np.geomspace(1e-3, 0.3, 16), records=3,
    )  # fmt: skip


@claim(
    question="What does it cost to leave Adam's correction out?",
    says="At the rate that suits Adam over 100 steps, to leave the correction out makes the loss "
    "higher.",
    source=OPTIMIZATION,
    settings={
        f"{data}, after {count} steps": (data, count)
        for data in ("digits", "diabetes")
        for count in (5, 100)
    },
    factor="how many steps are made",
    treatment="with the correction",
    control="without",
    measure="training loss",
    margin=1.05,
)
def correction_at_adams_rate(arm, setting, draw):
    """Steps are three to six times as long at first: too long, if the rate was the best before.

    One rate in both arms: Adam's best after 100 steps on the lanes to tune on.
    """
    data, count = setting
    net, rates = mlp(data, (8,)), np.geomspace(5e-3, 0.15, 12)
    tuning = train(net, "adam", draw.tuning, steps=100, lr=rates, records=2).train_loss
    rule = "adam" if arm == "with the correction" else uncorrected_adam
    run = train(net, rule, draw.scoring, steps=count, lr=rates, records=4)
    best = best_rate(tuning)
    curve = (run.steps, np.median(run.curve[best], axis=0))
    return Scores(run.train_loss, tuning, curve)


SURFACES = {
    "on the axes, k = 1e4": ("ellipsoid_1e4", 100, 2e4),
    "rotated, k = 1e4": ("rotated_ellipsoid_1e4", 500, 2e4),
    "Rosenbrock's valley": ("rosenbrock", 1000, 1e3),
}
"""Surface (k: its condition number), steps, and about the largest curvature on the way."""
NETS = {"digits": ("digits",), "diabetes": ("diabetes",)}


def compared(rule, setting, draw):
    """Return the gap or the training loss at the end, tuned; instances are up to twice as steep.

    Momentum 0.9 is stable below 3.8 / L.
    """
    if len(setting) == 1:
        return tuned(
            mlp(setting[0], (8,)), rule, draw, lambda run: run.train_loss, steps=50, lr=NET_RATES,
            records=3,
        )  # fmt: skip
    name, count, curvature = setting
    momentum = np.geomspace(0.02, 1.8, 24) / curvature
    rates = momentum if rule == "momentum" else np.geomspace(1e-3, 3.0, 24)
    return tuned(name, rule, draw, lambda run: run.gap, steps=count, lr=rates, records=30)


@claim(
    question="What does Adam gain by its momentum?",
    says="Adam ends lower than RMSProp, each at its best rate.",
    source=ADAM,
    settings=SURFACES | NETS,
    factor="the problem",
    treatment="adam",
    control="rmsprop",
    measure="gap or training loss at the end",
    margin=1.1,
)
def adam_beats_rmsprop(arm, setting, draw):
    """Adam's second moment has RMSProp's decay rate of 0.99 here: what is asked is momentum."""
    rule = "adam[beta2=0.99]" if arm == "adam" else arm
    return compared(rule, setting, draw)


@claim(
    question="What does Adam gain by its rates for each parameter?",
    says="Adam ends lower than gradient descent with momentum, each at its best rate.",
    source=ADAM,
    settings=SURFACES | NETS,
    factor="the problem",
    treatment="adam",
    control="momentum",
    measure="gap or training loss at the end",
    margin=1.1,
)
def adam_beats_momentum(arm, setting, draw):
    """Both have momentum 0.9."""
    return compared(arm, setting, draw)
