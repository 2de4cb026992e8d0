"""MoMo: Polyak's step for a model that averages the last values and gradients."""

import math

from optbench.define import Decay, Flag, Log, Momentum, Range, optimizer, where
from optbench.rules.moments import BETA1, BETA2, EPS, next_moments, root_correction
from optbench.rules.norms import squares, unit

LANE = {"f_mean": 0.0, "offset": 0.0, "lower": 0.0}
LOWER = Range(0.0, -1e300, 1e300)


def model_step(
    along, length, moving, f_mean, offset, lower, lr, lower_bound, weight_decay, adapt_lower_bound,
    weight, to_range,
):  # fmt: skip
    """Return the step, at most lr / weight, and the lower bound for the next.

    Schaipp et al. 2024, eqs. 9 and 17; `weight` is what the averages sum up to. `length` is that of
    a step `to_range` as large, so the step is for that too; `moving` is 0 where nothing moves.
    """
    decay = 1.0 + lr * weight_decay
    if adapt_lower_bound:
        cap = decay * (f_mean - offset) + along
        reset = max(cap / (2.0 * weight * decay), lower_bound)
        lower = where(cap < decay * weight * lower, reset, lower)
    above = max(decay * (f_mean - weight * lower - offset) + along, 0.0)
    step = min(above * to_range / length, lr / weight / to_range)
    step = where((moving > 0.0) & (above != 0.0), step, 0.0)
    if adapt_lower_bound:
        estimate = (f_mean + along - offset - 0.5 * step * length / to_range) / weight
        lower = max(estimate, lower_bound)
    return step, lower


@optimizer(
    state="m",
    lane_state=LANE,
    lr=Log(1.0),
    beta=Momentum(0.9),
    lower_bound=LOWER,
    weight_decay=Decay(0.0),
    adapt_lower_bound=Flag(),
    source="Schaipp et al. 2024, alg. 1; optax.contrib.momo",
)
def momo(
    x, g, m, f_mean, offset, lower, lr, beta, lower_bound, weight_decay, adapt_lower_bound,
    first, beta_t, fresh, step, to_range,
):  # fmt: skip
    """MoMo for SGD with momentum: at most lr, less where the averaged model needs less."""
    m = beta_t * m + fresh * g
    return x / (1.0 + lr * weight_decay) - step * (to_range * m), m


@momo.uniform
def _(t, beta):
    return (1.0, 0.0, 1.0) if t == 1 else (0.0, beta, 1 - beta)


@momo.measure
def _(x, g, m, beta_t, fresh):
    m = beta_t * m + fresh * g
    return (*squares(m), g * x, m * x)


@momo.combine
def _(
    plain, shrunk, grown, gx, mx, f, f_mean, offset, lower, lr, lower_bound, weight_decay,
    adapt_lower_bound, first, beta_t, fresh,
):  # fmt: skip
    f_mean = beta_t * f_mean + fresh * f
    offset = beta_t * offset + fresh * gx
    lower = where(first > 0.0, lower_bound, lower)
    to_range = min(unit(plain), 1.0)
    length = where(to_range < 1.0, shrunk, plain)
    step, lower = model_step(
        mx, length, grown, f_mean, offset, lower, lr, lower_bound, weight_decay, adapt_lower_bound,
        1.0, to_range,
    )  # fmt: skip
    return f_mean, offset, lower, step, to_range


@optimizer(
    state=("m", "v"),
    lane_state=LANE,
    lr=Log(1e-2),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    lower_bound=LOWER,
    weight_decay=Decay(0.0),
    adapt_lower_bound=Flag(),
    source="Schaipp et al. 2024, alg. 2; optax.contrib.momo_adam",
)
def momo_adam(
    x, g, m, v, f_mean, offset, lower, lr, beta1, beta2, eps, lower_bound, weight_decay,
    adapt_lower_bound, first, fresh1, fresh2, weight, c2, step,
):  # fmt: skip
    """MoMo for Adam: lengths are measured by the second moment."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    return x / (1.0 + lr * weight_decay) - step * m / (eps + math.sqrt(v) * c2), m, v


@momo_adam.uniform
def _(t, beta1, beta2):
    first = 1.0 if t == 1 else 0.0
    return first, 1 - beta1, 1 - beta2, 1 - beta1**t, root_correction(t, beta2)


@momo_adam.measure
def _(x, g, m, v, beta1, beta2, eps, fresh1, fresh2, c2):
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    return g * x, m * x, m * (m / (eps + math.sqrt(v) * c2)), abs(m)


@momo_adam.combine
def _(
    gx, mx, mm, moving, f, f_mean, offset, lower, lr, beta1, lower_bound, weight_decay,
    adapt_lower_bound, first, fresh1, weight,
):  # fmt: skip
    f_mean = beta1 * f_mean + fresh1 * f
    offset = beta1 * offset + fresh1 * gx
    lower = where(first > 0.0, lower_bound, lower)
    step, lower = model_step(
        mx, mm, moving, f_mean, offset, lower, lr, lower_bound, weight_decay, adapt_lower_bound,
        weight, 1.0,
    )  # fmt: skip
    return f_mean, offset, lower, step
