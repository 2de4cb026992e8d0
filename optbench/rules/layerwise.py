"""Rules that scale each layer's step by norms of the layer; a surface is one layer.

A value that a layer carries from step to step is kept in each of its coordinates.
"""

import math

from optbench.define import Decay, Eps, Log, Momentum, Range, Search, SecondMoment, optimizer, where
from optbench.define.search_ranges import OF_ITS_KIND
from optbench.rules.moments import BETA1, BETA2, next_moments, shares_and_corrections
from optbench.rules.norms import large_norm, large_squares, norm, squares

SHORT_MEMORY = Search(0.25, 0.9999, "log of 1 - v", f"{OF_ITS_KIND}, from the rule's default")


@optimizer(
    state="v",
    layerwise=True,
    lr=Log(1.0),
    momentum=Momentum(0.9),
    weight_decay=Decay(0.0),
    trust_coefficient=Log(1e-3),
    eps=Range(0.0, 0.0),
    source="You, Gitman and Ginsburg 2017, alg. 1; optax.lars",
)
def lars(x, g, v, lr, momentum, weight_decay, trust_coefficient, eps, ratio):
    """LARS: momentum (rate inside) of gradients with a share of the layer's length."""
    v = momentum * v + lr * ratio * (g + weight_decay * x)
    return x - v, v


@lars.measure
def _(x, g, weight_decay):
    return squares(x) + squares(g + weight_decay * x)


@lars.combine
def _(x_plain, x_shrunk, x_grown, g_plain, g_shrunk, g_grown, trust_coefficient, eps):
    weights, slopes = norm(x_plain, x_shrunk, x_grown), norm(g_plain, g_shrunk, g_grown)
    ratio = trust_coefficient * weights / (slopes + eps)
    return (where((weights > 0.0) & (slopes > 0.0), ratio, 1.0),)


def decayed_step(x, m, v, eps, weight_decay, c1, c2):
    """Return Adam's step for the rate 1, with decay (You et al. 2020, alg. 2)."""
    return c1 * m / (math.sqrt(v) * c2 + eps) + weight_decay * x


@optimizer(
    state=("m", "v"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-6),
    weight_decay=Decay(0.0),
    source="You et al. 2020, alg. 2; optax.lamb",
)
def lamb(x, g, m, v, lr, beta1, beta2, eps, weight_decay, fresh1, fresh2, c1, c2, ratio):
    """LAMB: Adam's step (with decay) given the length of the layer's parameters."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    step = decayed_step(x, m, v, eps, weight_decay, c1, c2)
    return x - lr * ratio * step, m, v


lamb.uniform(shares_and_corrections)


@lamb.measure
def _(x, g, m, v, beta1, beta2, eps, weight_decay, fresh1, fresh2, c1, c2):
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    return squares(x) + squares(decayed_step(x, m, v, eps, weight_decay, c1, c2))


@lamb.combine
def _(x_plain, x_shrunk, x_grown, plain, shrunk, grown):
    weights, steps = norm(x_plain, x_shrunk, x_grown), norm(plain, shrunk, grown)
    return (where((weights > 0.0) & (steps > 0.0), weights / steps, 1.0),)


@optimizer(
    layerwise=True,
    lr=Log(1e-2),
    min_norm=Log(1e-6),
    source="Bernstein et al. 2020, alg. 1; optax.fromage",
)
def fromage(x, g, lr, min_norm, ratio, shrink):
    """Fromage: a step of the layer's own length times the rate, then back to that length."""
    return shrink * (x - lr * ratio * g)


@fromage.measure
def _(x, g):
    return squares(x) + squares(g)


@fromage.combine
def _(x_plain, x_shrunk, x_grown, g_plain, g_shrunk, g_grown, lr, min_norm):
    weights, slopes = norm(x_plain, x_shrunk, x_grown), norm(g_plain, g_shrunk, g_grown)
    ratio = max(weights, min_norm) / max(slopes, min_norm)
    return ratio, 1.0 / math.sqrt(1.0 + lr * lr)


@optimizer(
    state=("m", "v", "v_shrunk"),
    layerwise=True,
    lr=Log(1e-2),
    beta1=BETA1,
    beta2=SecondMoment(0.25, SHORT_MEMORY),
    eps=Eps(1e-6),
    weight_decay=Decay(0.0),
    source="Ginsburg et al. 2019, alg. 1; optax.novograd",
)
def novograd(
    x, g, m, v, v_shrunk, lr, beta1, beta2, eps, weight_decay, beta2_t, fresh, plain, shrunk
):
    """NovoGrad: momentum of gradients divided by a running norm of their layer.

    `v_shrunk` is v of gradients made smaller, for when squares overflow (see `norms`).
    """
    v = beta2_t * v + fresh * plain
    v_shrunk = beta2_t * v_shrunk + fresh * shrunk
    m = beta1 * m + g / (large_norm(v, v_shrunk) + eps) + weight_decay * x
    return x - lr * m, m, v, v_shrunk


@novograd.uniform
def _(t, beta2):
    return (0.0, 1.0) if t == 1 else (beta2, 1 - beta2)


@novograd.measure
def _(x, g):
    return large_squares(g)


@novograd.combine
def _(plain, shrunk):
    return plain, shrunk
