"""Momenta with a derivative, with negative parts, and with an inertia for each coordinate."""

import math

from optbench.define import Flag, Log, Momentum, Range, SecondMoment, optimizer, where
from optbench.define.search_ranges import decade_around
from optbench.rules.moments import BETA1, BETA2, EPS, correction, root_correction

NEGATIVE = decade_around(1.0)


@optimizer(
    state=("total", "change", "previous"),
    lr=Log(1e-3),
    momentum=Momentum(0.9),
    integral=Range(5.0, 0.0, search=decade_around(5.0)),
    derivative=Range(10.0, 0.0, search=decade_around(10.0)),
    source="An et al. 2018, with the gains of the authors' code; pytorch_optimizer.PID",
)
def pid(x, g, total, change, previous, lr, momentum, integral, derivative, fresh):
    """PID: a controller of the gradient, its discounted sum and the running mean of its change.

    Where ``integral momentum >= derivative (1 - momentum)^2`` it is QHM but for its first steps.
    """
    total = momentum * total + g
    change = momentum * change + fresh * (g - previous)
    return x - lr * (g + integral * total + derivative * change), total, change, g


@pid.uniform
def _(t, momentum):
    return (0.0 if t == 1 else 1 - momentum,)  # there is no change yet in the first step


def noise_share(weight):
    """Return the factor that keeps the noise of ``(1 + weight) m - weight m_before`` as it was."""
    return 1 / math.sqrt((1 + weight) ** 2 + weight**2)


@optimizer(
    state=("m", "m_before"),
    lr=Log(1e-2),
    beta1=BETA1,
    beta2=Range(1.0, 0.0, search=NEGATIVE),
    source="Xie et al. 2021 (arXiv 2103.17182), PNM; pytorch_optimizer.PNM",
)
def pnm(x, g, m, m_before, lr, beta2, kept, fresh, more, share):
    """PNM: two momenta take turns, and the one of the step before is subtracted.

    `beta2` is its weight. Each takes every other gradient; the noise that this adds is taken off
    the step's length.
    """
    now = kept * m_before + fresh * g
    return x - lr * share * (more * now - beta2 * m), now, m


@pnm.uniform
def _(beta1, beta2):
    return beta1**2, 1 - beta1**2, 1 + beta2, noise_share(beta2)


@optimizer(
    state=("m", "m_before", "v", "largest"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    beta3=Range(1.0, 0.0, search=NEGATIVE),
    eps=EPS,
    amsgrad=Flag(True),
    source="Xie et al. 2021 (arXiv 2103.17182), AdaPNM; pytorch_optimizer.AdaPNM",
)
def adapnm(
    x, g, m, m_before, v, largest, lr, beta2, beta3, eps, amsgrad, kept, fresh, more, share, fresh2,
    c2,
):  # fmt: skip
    """AdaPNM: PNM divided by the root of the (largest) second moment, as by AMSGrad."""
    now = kept * m_before + fresh * g
    v = beta2 * v + fresh2 * g * g
    if amsgrad:
        largest = max(largest, v)
        root = math.sqrt(largest) * c2
    else:
        root = math.sqrt(v) * c2
    return x - lr * share * (more * now - beta3 * m) / (root + eps), now, m, v, largest


@adapnm.uniform
def _(t, beta1, beta2, beta3):
    share = noise_share(beta3) * correction(t, beta1)
    return beta1**2, 1 - beta1**2, 1 + beta3, share, 1 - beta2, root_correction(t, beta2)


@optimizer(
    state=("m", "v", "seen"),
    lr=Log(1e-2),
    beta0=Range(0.1, 0.0, 1.0, search=decade_around(0.1)),
    beta2=SecondMoment(0.99),
    eps=Range(1e-3, 0.0, 1.0, open_low=True),
    source="Xie et al. 2022 (arXiv 2006.15815), Adai; pytorch_optimizer.Adai",
)
def adai(x, g, m, v, seen, lr, beta0, beta2, eps, fresh, mean):
    """Adai: momentum with an inertia a coordinate, less where gradients are large, and one rate.

    Second moments count relative to their mean over all coordinates, so that no size of gradients
    is special; while all are 0, and where one overflows, they count as equal. `seen` is the
    weight of all gradients in m.
    """
    v = beta2 * v + fresh * g * g
    share = beta0 * where((mean > 0.0) & (mean < math.inf), v / mean, 1.0)
    share = min(max(share, eps), 1.0)
    m, seen = m + share * (g - m), seen + share * (1.0 - seen)
    return x - lr * m / seen, m, v, seen


@adai.uniform
def _(beta2):
    return (1 - beta2,)


@adai.measure
def _(x, g, v, beta2, fresh):
    return beta2 * v + fresh * g * g


@adai.combine
def _(total, count):
    return (total / count,)
