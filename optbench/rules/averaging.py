"""Rules that report an average of their iterates instead of the point of the gradients."""

import math

from optbench.define import Decay, Flag, Log, Range, optimizer
from optbench.define.search_ranges import MOMENTUM
from optbench.rules.moments import BETA2, EPS, rectification, root_correction

WARMUP = Range(0.0, 0.0, whole=True)


def averaging(t, warmup_steps, r, weight_lr_power, total):
    """Return the sum of the weights, this step's share of it, and the warm-up's factor.

    The weight of step t is t^r (largest rate so far)^weight_lr_power, and a constant rate cancels.
    """
    warm = min(t / warmup_steps, 1.0) if warmup_steps > 0.0 else 1.0
    weight = t**r * warm**weight_lr_power
    return total + weight, weight / (total + weight), warm


@optimizer(
    state={"z": "x", "average": "x"},
    iterate="average",
    lr=Log(1.0),
    beta=Range(0.9, 0.0, 1.0, search=MOMENTUM),
    weight_decay=Decay(0.0),
    warmup_steps=WARMUP,
    r=Range(0.0, 0.0),
    weight_lr_power=Range(2.0, 0.0),
    source="Defazio et al. 2024, eqs. 3-5; schedulefree.SGDScheduleFree",
)
def schedule_free_sgd(
    x, g, z, average, lr, beta, weight_decay, warmup_steps, r, weight_lr_power, total, share, warm
):  # fmt: skip
    """Schedule-free SGD: gradients at x between the fast iterate z and its running average."""
    z = z - lr * warm * (g + weight_decay * x)
    average = average + share * (z - average)
    return z + beta * (average - z), z, average


@schedule_free_sgd.uniform
def _(t, warmup_steps, r, weight_lr_power, total=0.0):
    return averaging(t, warmup_steps, r, weight_lr_power, total)


@optimizer(
    state={"z": "x", "v": 0.0, "average": "x"},
    iterate="average",
    lr=Log(2.5e-3),
    beta1=Range(0.9, 0.0, 1.0, search=MOMENTUM),
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    warmup_steps=WARMUP,
    r=Range(0.0, 0.0),
    weight_lr_power=Range(2.0, 0.0),
    source="Defazio et al. 2024, alg. 1; schedulefree.AdamWScheduleFree",
)
def schedule_free_adamw(
    x, g, z, v, average, lr, beta1, beta2, eps, weight_decay, warmup_steps, r, weight_lr_power,
    total, share, warm, fresh, c2,
):  # fmt: skip
    """Schedule-free AdamW: averaging takes the place of the first moment; decay is taken at x."""
    v = beta2 * v + fresh * g * g
    z = z - lr * warm * (g / (math.sqrt(v) * c2 + eps) + weight_decay * x)
    average = average + share * (z - average)
    return z + beta1 * (average - z), z, v, average


@schedule_free_adamw.uniform
def _(t, beta2, warmup_steps, r, weight_lr_power, total=0.0):
    shares = averaging(t, warmup_steps, r, weight_lr_power, total)
    return *shares, 1 - beta2, root_correction(t, beta2)


@optimizer(
    state={"z": "x", "v": 0.0, "average": "x"},
    iterate="average",
    lr=Log(2.5e-3),
    beta1=Range(0.9, 0.0, 1.0, search=MOMENTUM),
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    r=Range(0.0, 0.0),
    weight_lr_power=Range(2.0, 0.0),
    silent_sgd_phase=Flag(True),
    source="Defazio et al. 2024; Liu et al. 2020, alg. 2; schedulefree.RAdamScheduleFree",
)
def schedule_free_radam(
    x, g, z, v, average, lr, beta1, beta2, eps, weight_decay, r, weight_lr_power, silent_sgd_phase,
    total, largest, share, rate, fresh, c2, plain, scaled,
):  # fmt: skip
    """Schedule-free RAdam: RAdam's rates take the place of the warm-up.

    Before the variance of the second moment is tractable it waits, or steps as SGD does.
    """
    v = beta2 * v + fresh * g * g
    step = g * (plain + scaled / (math.sqrt(v) * c2 + eps))
    z = z - lr * (step + weight_decay * (rate * x))
    average = average + share * (z - average)
    return z + beta1 * (average - z), z, v, average


@schedule_free_radam.uniform
def _(t, beta2, r, weight_lr_power, silent_sgd_phase, total=0.0, largest=0.0):
    scaled = rectification(t, beta2, 4)
    plain = 0.0 if scaled > 0.0 or silent_sgd_phase else 1.0
    rate = plain + scaled
    largest = max(largest, rate)
    weight = t**r * largest**weight_lr_power
    total += weight
    share = weight / total if total > 0.0 else 0.0
    return total, largest, share, rate, 1 - beta2, root_correction(t, beta2), plain, scaled
