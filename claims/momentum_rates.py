"""What is said of the rate that suits momentum, and of the forms that it is written in."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import Drawn, deviation

from ._bowls import bowl
from ._lectures import MOMENTUM, OPTIMIZATION

RHO = 0.9
NET_RATES = np.geomspace(0.003, 3.0, 18)
CURVED = np.geomspace(0.05, 40.0, 20)
"""Rates of nets, and of the quadratic, whose largest curvature is 1; neighbours differ by half.

Descent is stable below 2, momentum 0.9 below 3.8, and in the averaged form below 38.
"""
QUADRATIC = tuple(float(h) for h in np.geomspace(0.01, 1.0, 10))


@claim(
    question="Do the forms of momentum differ while the rate is fixed?",
    says="With a fixed rate it does not matter whether the rate stands inside of the velocity or "
    "before it, nor, at a rate 1 / (1 - rho) times as large, whether gradients are averaged.",
    source=MOMENTUM,
    kind="theorem",
    settings={"rho = 0.5": 0.5, "rho = 0.9": 0.9, "rho = 0.99": 0.99},
    measure="largest difference between the paths of the three forms",
)
def forms_of_momentum_agree(rho):
    """By v <- rho v + lr g, rho v + g, rho v + (1 - rho) g: 500 gradients that vary."""
    t = np.arange(500.0)
    gradients, lr, start = np.column_stack([np.sin(t), np.cos(t * t)]), 0.1, np.ones(2)
    outside, inside, averaged = (
        optbench.replay(rule, gradients, start, lr=rate, momentum=rho)
        for rule, rate in (
            ("momentum", lr),
            ("momentum_inside", lr),
            ("momentum_ema", lr / (1.0 - rho)),
        )
    )
    return max(deviation(inside, outside), deviation(averaged, outside))


@claim(
    question="Do the forms of momentum differ when the rate is cut?",
    says="When the rate is cut from lr to lr', velocity that contains the rate coasts on by "
    "(lr - lr') rho / (1 - rho)^2 steady gradients, which the other forms do not.",
    source=MOMENTUM,
    kind="theorem",
    settings={"rho = 0.5": 0.5, "rho = 0.9": 0.9, "rho = 0.99": 0.99},
    measure="error of the distance between the two forms at the end",
)
def forms_part_when_rate_is_cut(rho):
    """The rate falls to a tenth half way; the old velocity still holds lr, and dies as rho^k."""
    gradients, lr = np.ones((8000, 1)), 0.01
    cut = {"schedule": "step", "schedule_period": 0.5, "schedule_gamma": 0.1}
    outside, inside, averaged = (
        optbench.replay(rule, gradients, np.zeros(1), lr=rate, momentum=rho, **cut)
        for rule, rate in (
            ("momentum", lr),
            ("momentum_inside", lr),
            ("momentum_ema", lr / (1.0 - rho)),
        )
    )
    coasts = -(lr - 0.1 * lr) * rho / (1.0 - rho) ** 2
    miss = max(deviation(inside[-1] - outside[-1], [coasts]), deviation(averaged, outside))
    near = slice(3995, 4040, 3)
    steps = np.arange(8001.0)[near]
    paths = {"rate inside": inside, "rate before": outside}
    return Drawn(
        miss, {who: np.column_stack([steps, path[near, 0]]) for who, path in paths.items()}
    )


PROBLEMS = {
    "quadratic without noise": "bowl",
    "digits, batches of 8": "digits",
    "wine, batches of 8": "wine",
}


def best_rates(data, rule, lanes, **hyper):
    """Return the rate that is best for each lane after 100 steps [n]."""
    if data == "bowl":
        run = train(bowl(QUADRATIC), rule, lanes, steps=100, lr=CURVED, **hyper)
        return CURVED[np.argmin(run.f, axis=0)]
    run = train(mlp(data, (16,), batch=8), rule, lanes, steps=100, lr=NET_RATES, **hyper)
    return NET_RATES[np.argmin(run.train_loss, axis=0)]


PLAIN = {"bowl": "gd", "digits": "sgd", "wine": "sgd"}


@claim(
    question="Does momentum want a lower rate?",
    says="The best rate of momentum 0.9 is at most half of that of descent without momentum.",
    source=OPTIMIZATION,
    settings=PROBLEMS,
    factor="the problem",
    treatment="momentum",
    control="without",
    measure="rate with the least training loss after 100 steps",
    margin=2.0,
)
def momentum_wants_lower_rate(arm, data, draw):
    """Each lane has its own best rate of a grid.

    In the valley of a quadratic momentum is stable up to 2 (1 + rho) / L, beyond 2 / L.
    """
    rule = "momentum" if arm == "momentum" else PLAIN[data]
    return best_rates(data, rule, draw.scoring)


@claim(
    question="Is the best rate proportional to 1 - rho?",
    says="If gradients are averaged, v <- rho v + (1 - rho) g, the best rate is the same with "
    "momentum as without, so that in the other forms it is proportional to 1 - rho.",
    source=OPTIMIZATION,
    settings={
        "digits, rho = 0.5": ("digits", 0.5),
        "digits, rho = 0.9": ("digits", 0.9),
        "wine, rho = 0.9": ("wine", 0.9),
        "quadratic without noise, rho = 0.9": ("bowl", 0.9),
    },
    factor="the problem",
    treatment="averaged",
    control="without",
    measure="rate with the least training loss after 100 steps",
    expects="equal",
    margin=2.0,
)
def averaged_momentum_keeps_rate(arm, setting, draw):
    """The averaged form at a rate is the other form at (1 - rho) of it; a factor 2 is like."""
    data, rho = setting
    if arm == "without":
        return best_rates(data, PLAIN[data], draw.scoring)
    return best_rates(data, "momentum_ema", draw.scoring, momentum=rho)


@claim(
    question="Can momentum be too large?",
    says="Momentum 0.9 ends lower than momentum 0.99 after 100 steps, each at its best rate.",
    source=MOMENTUM,
    settings={
        "quadratic without noise": (),
        "digits, one hidden layer": (16,),
        "digits, three hidden layers": (16, 16, 16),
    },
    factor="the problem",
    treatment="0.9",
    control="0.99",
    measure="training loss after 100 steps",
    margin=1.1,
)
def momentum_too_large(arm, hidden, draw):
    """Momentum 0.99 remembers 100 gradients, as many as there are steps."""
    own = {"steps": 100, "momentum": float(arm), "records": 3}
    if not hidden:
        rates = np.geomspace(0.05, 3.9, 12)
        return tuned(bowl(QUADRATIC), "momentum", draw, lambda run: run.f, lr=rates, **own)
    net, rates = mlp("digits", hidden), np.geomspace(0.002, 0.3, 11)
    return tuned(net, "momentum", draw, lambda run: run.train_loss, lr=rates, **own)
