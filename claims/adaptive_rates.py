"""What is said of AdaGrad's and RMSProp's rates: what they follow, and what they are good for."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation

from ._lectures import OPTIMIZATION
from ._surfaces import rare_features

LR = 0.01
EPS = 1e-30
"""So small that nothing but the gradients counts."""


def last_steps(rule, gradients, **hyper):
    """Return the sizes of the steps that one coordinate makes [T]."""
    points = optbench.replay(rule, gradients[:, None], np.zeros(1), lr=LR, eps=EPS, **hyper)
    return np.abs(np.diff(points[:, 0]))


@claim(
    question="How fast do AdaGrad's steps shrink?",
    says="Under a steady gradient of any size AdaGrad's step t is lr / sqrt(t), and goes on "
    "shrinking for ever.",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"gradient 0.01": 0.01, "gradient 1": 1.0, "gradient 100": 100.0},
    measure="largest error of 5000 steps, in shares of lr",
)
def adagrad_shrinks(size):
    """The sum of squared gradients is t g^2."""
    t = np.arange(1.0, 5001.0)
    steps = last_steps("adagrad", np.full(5000, size))
    return deviation(steps / LR, 1.0 / np.sqrt(t))


@claim(
    question="Does AdaGrad's rate follow from how parameters have changed?",
    says="If parameters have moved by the same differences, AdaGrad's rate is the same.",
    source=OPTIMIZATION,
    errs="A lecture has AdaGrad's rate follow differences of parameters; it follows squared "
    "gradients.",
    kind="theorem",
    settings={"gradients 10 times as large": 10.0, "gradients 1000 times as large": 1000.0},
    measure="difference of the rates that the next gradient meets, relative to the larger",
)
def adagrad_follows_differences(factor):
    """So the lecture has it, and it is not so: the rate depends on gradients.

    Gradients of one sign pattern, c times as large, move parameters by the same differences, since
    each step is lr g / sqrt(sum g^2); but the rate lr / sqrt(sum g^2) is 1 / c of the other.
    """
    gradients = np.cos(np.arange(200.0)) + 2.0
    rates = []
    for scale in (1.0, factor):
        moved = last_steps("adagrad", np.append(scale * gradients, 1.0))
        rates.append(moved[-1])
    same = deviation(
        last_steps("adagrad", factor * gradients) / LR, last_steps("adagrad", gradients) / LR
    )
    return max(same, 1.0 - min(rates) / max(rates))


@claim(
    question="What does AdaGrad's rate follow from?",
    says="AdaGrad's rate is lr over the root of the sum of all squared gradients so far, wherever "
    "the parameters have been.",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"start at 0": 0.0, "start at -3": -3.0, "start at 50": 50.0},
    measure="largest error of the rates of 200 steps, in shares of lr",
)
def adagrad_follows_gradients(start):
    """Gradients are given, so that places matter only if the rule looks at them."""
    gradients = 0.5 + np.cos(np.arange(200.0) ** 2)
    points = optbench.replay("adagrad", gradients[:, None], np.full(1, start), lr=LR, eps=EPS)
    rates = -np.diff(points[:, 0]) / gradients / LR
    return deviation(rates, 1.0 / np.sqrt(np.cumsum(gradients**2)))


@claim(
    question="Does RMSProp forget large gradients?",
    says="After gradients were large AdaGrad's steps stay small for ever, while RMSProp's grow "
    "back to lr, in a time in proportion to 1 / (1 - alpha).",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"alpha = 0.9": 0.9, "alpha = 0.99": 0.99, "alpha = 0.999": 0.999},
    measure="largest error of steps, in shares of lr",
)
def rmsprop_forgets(alpha):
    """A hundred gradients of 100, then ones of 1: both rules beside their closed forms.

    At the end RMSProp's step is lr, and AdaGrad's below a thousandth of it: this is asked, too.
    """
    before, after = 100, int(40 / (1.0 - alpha))
    gradients = np.concatenate([np.full(before, 100.0), np.ones(after)])
    k = np.arange(1.0, after + 1.0)
    large = 1e4 * (1.0 - alpha**before)
    v = alpha**k * large + (1.0 - alpha**k)
    rms = last_steps("rmsprop", gradients, alpha=alpha)[before:] / LR
    ada = last_steps("adagrad", gradients)[before:] / LR
    miss = max(
        deviation(rms, 1.0 / np.sqrt(v)),
        deviation(ada, 1.0 / np.sqrt(1e4 * before + k)),
    )
    return max(miss, deviation(rms[-1], 1.0), float(max(ada[-1] - 1e-3, 0.0)))


@claim(
    question="Is AdaGrad good where features are rare?",
    says="Where features are rare AdaGrad ends lower than SGD, each at its best rate.",
    source=OPTIMIZATION,
    settings={"none is rare": 0.0, "as rare as words": 1.0, "rarer than words": 1.5},
    factor="how rare features are",
    treatment="adagrad",
    control="sgd",
    measure="mean risk over the last 100 of 500 steps",
    margin=1.05,
    pairs=20,
)
def adagrad_on_sparse_features(arm, power, draw):
    """A linear regression, an example a step; feature i of 20 is in i^-power / 2 of the examples.

    In the first setting all are in half of the examples: it is there to compare.
    """
    return tuned(
        rare_features(power), arm, draw, lambda run: run.curve[..., -100:].mean(axis=-1),
        steps=500, lr=np.geomspace(0.01, 2.0, 20), records=5000,
    )  # fmt: skip


@claim(
    question="Does RMSProp cure AdaGrad of its shrinking rate?",
    says="In long training RMSProp ends lower than AdaGrad, each at its best rate.",
    source=OPTIMIZATION,
    settings={
        "Rosenbrock's valley": ("rosenbrock", 3000),
        "digits": ("digits", 300),
        "moons": ("moons", 300),
    },
    factor="the problem",
    treatment="rmsprop",
    control="adagrad",
    measure="value or training loss at the end",
    margin=1.1,
)
def rmsprop_cures_adagrad(arm, setting, draw):
    """3000 steps on the surface, 300 on nets: AdaGrad's rate has fallen to a twentieth or less."""
    name, steps = setting
    if name == "rosenbrock":
        rates = np.geomspace(1e-4, 1.0, 36)
        return tuned(name, arm, draw, lambda run: run.gap, steps=steps, lr=rates, records=30)
    return tuned(
        mlp(name, (16,)), arm, draw, lambda run: run.train_loss, steps=steps,
        lr=np.geomspace(1e-3, 0.6, 11), records=3,
    )  # fmt: skip
