"""Rules that divide by an estimate of the Hessian's diagonal, renewed every few steps.

`hessian` is z * H z for random signs z (see `kernels.driver.hessian`), by a product with the
Hessian where the gradient is taken, which costs one more evaluation. On surfaces alone.
"""

import math

from optbench.define import (
    Decay,
    Eps,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    bounded,
    optimizer,
    where,
)
from optbench.define.search_ranges import SMALL_EPS
from optbench.rules.moments import BETA1, BETA2, correction

POWER = Search(0.25, 1.0, "linear", "from nearly the gradient to all of the curvature")
GAMMA = Search(1e-3, 1.0, "log", "around the 0.01 and 0.05 of Liu et al. 2024, sec. 3.1")


def _renewal(t, hessian_every, beta2):
    """Return what is kept of a mean, and the share of the estimate, which is 0 where none is due.

    They are float64 and add up to 1.
    """
    return (beta2, 1 - beta2) if (t - 1) % hessian_every == 0 else (1.0, 0.0)


@optimizer(
    state=("m", "v"),
    lr=Log(0.15),
    beta1=BETA1,
    beta2=BETA2,
    power=Range(1.0, 0.0, 1.0, open_low=True, search=POWER),
    eps=Eps(1e-4, SMALL_EPS),
    hessian_every=Range(1.0, 1.0, whole=True),
    source="Yao et al. 2021 (arXiv 2006.00719), alg. 1; pytorch_optimizer.AdaHessian",
)
def adahessian(x, g, m, v, lr, beta1, power, eps, hessian, fresh1, kept, fresh2, c1, c2):
    """AdaHessian: Adam, whose second moment is of the Hessian's diagonal.

    Where the estimate is not renewed at every step its mean is corrected for the estimates that it
    has seen. Spatial averaging is for the kernels of convolutions; surfaces have none.
    """
    m = beta1 * m + fresh1 * g
    v = kept * v + fresh2 * hessian * hessian
    root = math.sqrt(v * c2)
    # Powers are the C library's, lane by lane: exp and log take a hundredth of the time.
    curvature = where(power == 1.0, root, math.exp(power * math.log(max(root, 1e-300))))
    return x - lr * c1 * m / (curvature + eps), m, v


@adahessian.uniform
def _(t, beta1, beta2, hessian_every):
    kept, fresh2 = _renewal(t, hessian_every, beta2)
    estimates = 1 + (t - 1) // hessian_every
    return 1 - beta1, kept, fresh2, correction(t, beta1), correction(estimates, beta2)


@optimizer(
    state=("m", "h"),
    lr=Log(6e-4),
    beta1=Momentum(0.96),
    beta2=SecondMoment(0.99),
    gamma=Log(0.01, search=GAMMA),
    eps=Eps(1e-12, SMALL_EPS),
    weight_decay=Decay(0.0),
    hessian_every=Range(10.0, 1.0, whole=True),
    source="Liu et al. 2024 (arXiv 2305.14342), algs. 1 and 3 (Sophia-H)",
)
def sophia(
    x, g, m, h, lr, beta1, gamma, eps, weight_decay, hessian, fresh1, kept, fresh2
):  # fmt: skip
    """Sophia: momentum over a running mean of the Hessian's diagonal, clipped to 1.

    Where the mean is not positive the step is that of the momentum's sign. The estimate is
    Hutchinson's; that of Gauss, Newton and Bartlett samples labels of a net.
    """
    m = beta1 * m + fresh1 * g
    h = kept * h + fresh2 * hessian
    step = bounded(m / max(gamma * h, eps), 1.0)
    return x - lr * weight_decay * x - lr * step, m, h


@sophia.uniform
def _(t, beta1, beta2, hessian_every):
    return 1 - beta1, *_renewal(t, hessian_every, beta2)
