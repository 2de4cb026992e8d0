"""Wrappers around the step: what is done to the point after a rule, and what is reported."""

import math

from optbench.define import Decay, Flag, Log, Range, SecondMoment, sign, where, wrapper
from optbench.rules.norms import in_units, norm, pick, squares, unit


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
    grams=Flag(True),
    source="Cao et al. 2024 (arXiv 2412.17107), alg. 1; pytorch_optimizer.Grams",
)
def grams(x, g, x_old, grams):
    """Let the gradient say which way each coordinate goes, and the rule how far."""
    return x_old - abs(x - x_old) * sign(g) if grams else x


@wrapper(
    after=True,
    decay=Decay(1e-2),
    decay_independent=Flag(),
    decay_corrected=Flag(),
    decay_cautious=Flag(),
    source="Loshchilov and Hutter 2019, eq. 12; torch.optim.AdamW(weight_decay)",
)
def decoupled_decay(
    x, x_old, lr, base_lr, decay, decay_independent, decay_corrected, decay_cautious
):
    """Shrink by lr decay times the point at which the step began.

    `decay_independent` leaves the rate out: the schedule alone multiplies the decay, as in the
    paper's equation (Wortsman et al. 2024 for why). `decay_corrected` has the schedule multiply it
    once more (Defazio 2025, arXiv 2506.02285, alg. 1: AdamC). `decay_cautious` leaves alone the
    coordinates that the rule moves away from 0 (Chen et al. 2025, arXiv 2510.12402, alg. 1).
    """
    scheduled = where(base_lr > 0.0, lr / base_lr, 0.0)
    strength = scheduled * decay if decay_independent else lr * decay
    if decay_corrected:
        strength = scheduled * strength
    if decay_cautious:
        outwards = ((x_old > 0.0) & (x > x_old)) | ((x_old < 0.0) & (x < x_old))
        return x - where(outwards, 0.0, strength * x_old)
    return x - strength * x_old


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
    layerwise=True,
    state="hyperball_radius",
    hyperball=Flag(True),
    source="Wen et al. 2026 (arXiv 2606.16899): R Normalize(W - lr R Normalize(u))",
)
def hyperball(x, x_old, hyperball_radius, hyperball, first, scale, to_range, weights, moved):
    """Keep the norm that each tensor begins with, by steps of lr times that norm.

    One that begins at 0, as biases do, has no sphere to stay on: the rule moves it freely. Weights
    into a unit are kept below a norm by `max_norm` of nets.
    """
    radius = where(first > 0.0, weights, hyperball_radius)
    back = where(moved > 0.0, radius / moved, 1.0)
    on_sphere = back * (x_old + scale * (to_range * (x - x_old)))
    return where(radius > 0.0, on_sphere, x) if hyperball else x, radius


@hyperball.uniform
def _(t):
    return (1.0 if t == 1 else 0.0,)


@hyperball.measure
def _(x, x_old):
    step, shrunk, grown = in_units(x - x_old)
    return squares(x_old) + squares(step) + (x_old * step, x_old * shrunk, x_old * grown)


@hyperball.combine
def _(
    old_plain, old_shrunk, old_grown, plain, shrunk, grown, across, across_shrunk, across_grown, lr
):  # fmt: skip
    weights, to_range = norm(old_plain, old_shrunk, old_grown), unit(plain)
    length = math.sqrt(pick(plain, plain, shrunk, grown))
    moves = (weights > 0.0) & (length > 0.0)
    scale = where(moves, lr * weights / length, 0.0)
    cosine = pick(plain, across, across_shrunk, across_grown) / weights / length
    moved = weights * math.sqrt(max(1.0 + 2.0 * lr * cosine + lr * lr, 0.0))
    return scale, where(moves, to_range, 1.0), weights, where(moves, moved, weights)


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
    ema_start=Range(0.0, 0.0, 1.0, open_high=True),
    source="Polyak and Juditsky 1992; torch.optim.swa_utils.get_ema_multi_avg_fn",
)
def exponential_average(x, ema_average, ema, weight):
    """Report the exponential moving average of the points, which begins at the first one.

    With `ema_start` it begins after that share of the steps, and x is reported until then.
    """
    return x, ema_average + weight * (x - ema_average)


@exponential_average.uniform
def _(t, steps, ema, ema_start):
    return (1.0 if t <= 1 + round(ema_start * steps) else 1.0 - ema,)


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
