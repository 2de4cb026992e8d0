"""Wrappers around the gradient: what is done to it before a rule sees it.

Each wrapper is switched on by one of its hyperparameters. Those that act on the point after the
rule are in `wrappers_after`; `WRAPPERS` lists all in their order.
"""

import math

from optbench.define import (
    Decay,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    bounded,
    normal,
    sign,
    where,
    wrapper,
)
from optbench.rules import wrappers_after
from optbench.rules.norms import pick, squares, unit


@wrapper(
    sam_rho=Log(0.05, search=Search(0.01, 0.5, "log", "Foret et al. 2021, sec. 3.1")),
    evaluations=2,
    source="Foret et al. 2021, eq. 2",
)
def sam(x, g):
    """Sharpness-aware minimisation: the second gradient is taken at x + rho g / |g|."""
    return g


@sam.measure
def _(x, g):
    return squares(g)


@sam.combine
def _(plain, shrunk, grown, sam_rho):
    to_range = unit(plain)
    length = math.sqrt(pick(plain, plain, shrunk, grown))
    return sam_rho / (length + to_range * 1e-12), to_range


@sam.ascend
def _(x, g, radius, to_range):
    return x + radius * (to_range * g)


@wrapper(
    layerwise=True,
    noise_eta=Log(0.01, search=Search(0.01, 1.0, "log", "Neelakantan et al. 2015, sec. 3")),
    noise_gamma=Range(0.55, 0.0),
    source="Neelakantan et al. 2015, eqs. 1-2; optax.add_noise",
)
def noise(x, g, noise_eta, noise_gamma, deviation, key, index, count):
    """Add normal noise of variance eta / t^gamma to the gradient."""
    return where(index < count, g + deviation * normal(key, index), g)


@noise.uniform
def _(t, noise_eta, noise_gamma):
    return (math.sqrt(noise_eta / t**noise_gamma),)


@wrapper(
    clip_value=Log(1.0),
    source="Mikolov 2012, sec. 3.2.2; torch.nn.utils.clip_grad_value_",
)
def clip_by_value(x, g, clip_value):
    """Clip each coordinate of the gradient."""
    return bounded(g, clip_value)


@wrapper(
    state="spam_v",
    spam_threshold=Log(5000.0),
    spam_beta2=SecondMoment(0.999),
    spam_accumulate=Range(20.0, 2.0, whole=True),
    spam_reset=Range(500.0, 1.0, whole=True),
    spam_warmup=Range(150.0, 0.0, whole=True),
    source="Huang et al. 2025 (arXiv 2501.06842), alg. 1; pytorch_optimizer.SPAM",
)
def spam(x, g, spam_v, spam_threshold, spam_beta2, fresh, clips, restart, lr_scale):
    """Clip spikes of the gradient, and let the rule forget all it knows every `spam_reset` steps.

    A spike is a coordinate whose square exceeds the running mean of squares `spam_threshold` times.
    None is clipped in the first `spam_accumulate` steps, nor in those after a reset; and where the
    mean is 0, which gradients of 0 leave behind, there is nothing to compare with. After a reset
    the rate rises along a cosine for `spam_warmup` steps.
    """
    v = where(restart > 0.0, 0.0, spam_v)
    limit = spam_threshold * v
    spike = (clips > 0.0) & (limit > 0.0) & (g * g > limit)
    g = where(spike, sign(g) * math.sqrt(limit), g)
    return g, spam_beta2 * v + fresh * g * g


SPAM_LEFT = 0.99
"""What is left out of the rate where the cosine begins, in the authors' code."""


@spam.uniform
def _(t, spam_beta2, spam_accumulate, spam_reset, spam_warmup):
    since = t % spam_reset
    clips = 1.0 if t >= spam_accumulate and since >= spam_accumulate else 0.0
    rising = t >= spam_reset and since < spam_warmup
    angle = math.pi * (since + 1) / (spam_warmup + 1)
    left = SPAM_LEFT * 0.5 * (1.0 + math.cos(angle)) if rising else 0.0
    return 1 - spam_beta2, clips, 1.0 if since == 0 else 0.0, 1.0 - left


@wrapper(
    clip_norm=Log(1.0),
    source="Pascanu, Mikolov and Bengio 2013; torch.nn.utils.clip_grad_norm_",
)
def clip(x, g, scale, to_range):
    """Clip the gradient to a norm, over all coordinates together."""
    return scale * (to_range * g)


@clip.measure
def _(x, g):
    return squares(g)


@clip.combine
def _(plain, shrunk, grown, clip_norm):
    to_range = unit(plain)
    limit = math.sqrt(pick(plain, plain, shrunk, grown)) + to_range * 1e-6
    scale = clip_norm / limit
    clipped = scale * to_range < 1.0
    return where(clipped, scale, 1.0), where(clipped, to_range, 1.0)


def _of_unit_norm(plain, shrunk, grown):
    """Return what g is multiplied by, in two parts of which neither leaves the range of numbers.

    An eps of 1e-6 beside the norm, as in optax, keeps a gradient of 0 at 0.
    """
    to_range = unit(plain)
    length = math.sqrt(pick(plain, plain, shrunk, grown))
    return 1.0 / (length + to_range * 1e-6), to_range


@wrapper(
    normalise=Log(1.0),
    source="Hazan, Levy and Shalev-Shwartz 2015, alg. 1; optax.normalize_by_update_norm",
)
def normalisation(x, g, normalise, scale, to_range):
    """Give the gradient the norm `normalise`, over all coordinates together."""
    return normalise * (scale * (to_range * g))


@normalisation.measure
def _(x, g):
    return squares(g)


normalisation.combine(_of_unit_norm)


@wrapper(
    layerwise=True,
    normalise_tensors=Log(1.0),
    source="Yu et al. 2017 (arXiv 1707.04822), alg. 1; optax.normalize_by_update_norm of a tensor",
)
def tensor_normalisation(x, g, normalise_tensors, scale, to_range):
    """Give the gradient of each tensor the norm `normalise_tensors`; a surface is one tensor."""
    return normalise_tensors * (scale * (to_range * g))


@tensor_normalisation.measure
def _(x, g):
    return squares(g)


tensor_normalisation.combine(_of_unit_norm)


@wrapper(
    state="slow_gradient",
    grokfast_lamb=Range(2.0, 0.0, search=Search(0.1, 5.0, "log", "Lee et al. 2024, authors' code")),
    grokfast_alpha=Momentum(0.98),
    source="Lee et al. 2024 (arXiv 2405.20233), alg. 2 (EMA); pytorch_optimizer.gradfilter_ema",
)
def grokfast(x, g, slow_gradient, grokfast_lamb, grokfast_alpha, kept, fresh):
    """Add a multiple of the gradient's running mean, which begins at the first gradient.

    The mean over a window, the paper's other filter, would keep a hundred gradients of each
    coordinate, and its authors advise the running mean.
    """
    slow_gradient = kept * slow_gradient + fresh * g
    return g + grokfast_lamb * slow_gradient, slow_gradient


@grokfast.uniform
def _(t, grokfast_alpha):
    return (0.0, 1.0) if t == 1 else (grokfast_alpha, 1 - grokfast_alpha)


@wrapper(
    layerwise=True,
    surfaces_only=True,
    centralise=Flag(True),
    source="Yong et al. 2020, eq. 1",
)
def centralisation(x, g, centralise, index, count, mean):
    """Subtract its mean from the gradient: all coordinates of a surface are one weight vector.

    The paper centralises the columns of weight matrices and leaves biases alone, which sums over
    tensors cannot express; so this is for surfaces.
    """
    return where(index < count, g - mean, g) if centralise else g


@centralisation.measure
def _(x, g):
    return g


@centralisation.combine
def _(total, count):
    return (total / count,)


@wrapper(l2=Decay(1e-2), source="Hoerl and Kennard 1970; torch.optim.SGD(weight_decay)")
def coupled_l2(x, g, l2):
    """Add the gradient of l2 |x|^2 / 2, after clipping as in torch."""
    return g + l2 * x


@wrapper(l1=Decay(1e-3), source="Tibshirani 1996; Shor 1985 (subgradients)")
def subgradient_l1(x, g, l1):
    """Add the subgradient l1 sign(x) of l1 |x|_1."""
    return g + l1 * sign(x)


@wrapper(
    lane_state={"lr_scale": 1.0, "plateau_best": math.inf, "plateau_bad": 0.0},
    plateau_factor=Range(0.1, 0.0, 1.0, open_low=True, open_high=True),
    plateau_patience=Range(10.0, 0.0, whole=True),
    plateau_threshold=Range(1e-4, 0.0, 1.0, open_high=True),
    plateau_as_torch=Flag(),
    source="torch.optim.lr_scheduler.ReduceLROnPlateau (relative threshold)",
)
def plateau(x, g):
    """Multiply the rate by a factor when the loss has not improved for some steps.

    It looks at f where the step's last gradient is taken: with SAM, at the second point. To be
    better is to be below the best by a share of its size; torch's form, best (1 - threshold), lies
    above a best below 0, where a loss that stands still would count as better for ever.
    """
    return g


@plateau.combine
def _(
    f, lr_scale, plateau_best, plateau_bad, plateau_factor, plateau_patience, plateau_threshold,
    plateau_as_torch,
):  # fmt: skip
    size = plateau_best if plateau_as_torch else abs(plateau_best)
    margin = where(size < math.inf, plateau_threshold * size, 0.0)
    better = f < plateau_best - margin
    plateau_best = where(better, f, plateau_best)
    plateau_bad = where(better, 0.0, plateau_bad + 1.0)
    spent = plateau_bad > plateau_patience
    lr_scale = where(spent, lr_scale * plateau_factor, lr_scale)
    return lr_scale, plateau_best, where(spent, 0.0, plateau_bad)


WRAPPERS = (
    sam, noise, centralisation, clip_by_value, spam, clip, normalisation, tensor_normalisation,
    grokfast, coupled_l2, subgradient_l1, plateau,
    wrappers_after.caution, wrappers_after.grams, wrappers_after.decoupled_decay,
    wrappers_after.proximal_l1, wrappers_after.hyperball,
    wrappers_after.lookahead, wrappers_after.exponential_average, wrappers_after.tail_averaging,
)  # fmt: skip
"""All wrappers, in the order in which they are applied."""
