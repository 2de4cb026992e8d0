"""SWATS: a rule that becomes another one."""

import math

from optbench.define import Eps, Log, Search, optimizer, where
from optbench.rules.moments import BETA1, BETA2, next_moments

SMALL_EPS = Search(1e-12, 1e-1, "log", "default of its kind; it also says when to switch")


def adam_step(m, v, eps, factor):
    """Return Adam's step for the rate 1; epsilon is added to the uncorrected root."""
    return factor * m / (math.sqrt(v) + eps)


@optimizer(
    state=("m", "v", "velocity"),
    lane_state={"mean": 0.0, "sgd_rate": 0.0},
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-9, SMALL_EPS),
    source="Keskar and Socher 2017 (arXiv 1712.07628), alg. 1",
)
def swats(
    x, g, m, v, velocity, lr, beta1, beta2, eps, fresh1, fresh2, factor, c2, later, by_adam, by_sgd
):  # fmt: skip
    """SWATS: Adam until the rate of the SGD that would have made its steps settles, then that SGD.

    That is the rate at which the step's projection on the gradient is the whole step. The lane
    switches when the corrected mean of these rates and the last one differ by less than `eps`,
    which at the paper's 1e-9 may take longer than a run: then it is Adam.
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    velocity = where(by_sgd > 0.0, beta1 * velocity + g, 0.0 * g)
    adam = by_adam * adam_step(m, v, eps, factor)
    return x - (adam + by_sgd * (fresh1 * velocity)), m, v, velocity


@swats.uniform
def _(t, beta1, beta2):
    c1, c2 = 1 / (1 - beta1**t), 1 / (1 - beta2**t)
    return 1 - beta1, 1 - beta2, c1 / math.sqrt(c2), c2, float(t > 1)


@swats.measure
def _(x, g, m, v, beta1, beta2, eps, fresh1, fresh2, factor):
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    step = adam_step(m, v, eps, factor)
    return step * step, step * g


@swats.combine
def _(length, along, mean, sgd_rate, lr, beta2, eps, fresh2, c2, later):
    adapting = sgd_rate == 0.0
    projects = adapting & (along != 0.0)
    rate = lr * length / where(projects, along, 1.0)
    mean = where(projects, beta2 * mean + fresh2 * rate, mean)
    settled = projects & (later > 0.0) & (abs(mean * c2 - rate) < eps) & (mean > 0.0)
    following = where(settled, mean * c2, sgd_rate)
    return mean, following, where(adapting, lr, 0.0), where(lr > 0.0, sgd_rate, 0.0)
