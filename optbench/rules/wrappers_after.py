"""Wrappers around the step: what is done to the point after a rule, and what is reported."""

from optbench.define import Decay, Flag, Log, Range, SecondMoment, where, wrapper


@wrapper(
    after=True,
    layerwise=True,
    cautious=Flag(True),
    source="Liang et al. 2024, alg. 1; pytorch_optimizer (cautious=True)",
)
def caution(x, g, x_old, cautious, scale):
    """Leave out the coordinates that the rule moves up the gradient, and stretch the others."""
    step = where((x_old - x) * g > 0.0, x - x_old, 0.0 * (x - x_old))
    return x_old + scale * step if cautious else x


@caution.measure
def _(x, g, x_old):
    return where((x_old - x) * g > 0.0, 1.0, 0.0)


@caution.combine
def _(agreeing, count):
    return (count / (agreeing + 1.0),)


@wrapper(
    after=True,
    decay=Decay(1e-2),
    source="Loshchilov and Hutter 2019, eq. 12; torch.optim.AdamW(weight_decay)",
)
def decoupled_decay(x, x_old, lr, decay):
    """Shrink by lr decay times the point at which the step began."""
    return x - lr * decay * x_old


@wrapper(
    after=True,
    l1_prox=Decay(1e-3),
    source="Daubechies, Defrise and De Mol 2004; Beck and Teboulle 2009, eq. 1.5 (ISTA)",
)
def proximal_l1(x, lr, l1_prox):
    """Soft thresholding: the proximal step of l1_prox |x|_1 with the rate lr."""
    width = lr * l1_prox
    return x - where(x > width, width, where(x < -width, -width, x))


@wrapper(
    after=True,
    state={"lookahead_slow": "x"},
    lookahead_steps=Range(5.0, 1.0, whole=True),
    lookahead_alpha=Range(0.5, 0.0, 1.0, open_low=True),
    source="Zhang et al. 2019, alg. 1; optax.lookahead",
)
def lookahead(x, lookahead_slow, lookahead_steps, lookahead_alpha, due):
    """Every few steps go back part of the way to where slow weights were."""
    pulled = lookahead_slow + lookahead_alpha * (x - lookahead_slow)
    slow = where(due > 0.0, pulled, lookahead_slow)
    return where(due > 0.0, pulled, x), slow


@lookahead.uniform
def _(t, lookahead_steps):
    return (t // lookahead_steps - (t - 1) // lookahead_steps,)


@wrapper(
    after=True,
    state={"ema_average": "x"},
    iterate="ema_average",
    ema=SecondMoment(0.999),
    source="Polyak and Juditsky 1992; torch.optim.swa_utils.get_ema_multi_avg_fn",
)
def exponential_average(x, ema_average, ema, weight):
    """Report the exponential moving average of the points, which begins at the first one."""
    return x, ema_average + weight * (x - ema_average)


@exponential_average.uniform
def _(t, ema):
    return (1.0 if t == 1 else 1.0 - ema,)


@wrapper(
    after=True,
    state={"tail_average": "x"},
    iterate="tail_average",
    tail=Log(0.5, high=1.0),
    source="Polyak and Juditsky 1992; Jain et al. 2018, sec. 2; torch.optim.swa_utils",
)
def tail_averaging(x, tail_average, tail, weight):
    """Report x, and in the last share of the steps the average of the points there."""
    return x, tail_average + weight * (x - tail_average)


@tail_averaging.uniform
def _(t, steps, tail):
    averaged = t - (steps - max(1, round(tail * steps)))
    return (1.0 / max(1, averaged),)
