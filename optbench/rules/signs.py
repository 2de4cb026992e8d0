"""Rules that step by the sign of something: the size of a gradient does not count."""

from optbench.define import Decay, Log, Momentum, Range, optimizer, sign, where
from optbench.rules.moments import BETA1


@optimizer(lr=Log(1e-3), source="Bernstein et al. 2018, alg. 1; optax.sign_sgd")
def sign_sgd(x, g, lr):
    """Step by the sign of the gradient."""
    return x - lr * sign(g)


@optimizer(
    state="m",
    lr=Log(1e-3),
    beta=BETA1,
    source="Bernstein et al. 2018, alg. 2; optax.signum",
)
def signum(x, g, m, lr, beta, fresh):
    """Step by the sign of the damped momentum."""
    m = beta * m + fresh * g
    return x - lr * sign(m), m


@signum.uniform
def _(beta):
    return (1 - beta,)


@optimizer(
    state=("g_prev", "step"),
    lr=Log(1e-2),
    eta_minus=Range(0.5, 0.0, 1.0, open_low=True, open_high=True),
    eta_plus=Range(1.2, 1.0, open_low=True),
    step_min=Log(1e-6),
    step_max=Log(50.0),
    full_batch=True,
    source="Riedmiller and Braun 1993; torch.optim.Rprop",
)
def rprop(x, g, g_prev, step, lr, eta_minus, eta_plus, step_min, step_max, first):
    """Rprop: each coordinate has a step that grows while its sign holds and shrinks on a change.

    The rate is the first step alone, as in torch. Where the sign changes, no step is made.
    """
    agree = g * g_prev
    step = where(first > 0.0, lr, step)
    step = step * where(agree > 0.0, eta_plus, where(agree < 0.0, eta_minus, 1.0))
    step = min(max(step, step_min), step_max)
    g = where(agree < 0.0, 0.0 * g, g)
    return x - where(lr > 0.0, step, 0.0) * sign(g), g, step


@rprop.uniform
def _(t):
    return (1.0 if t == 1 else 0.0,)


@optimizer(
    state="m",
    lr=Log(1e-4),
    beta1=BETA1,
    beta2=Momentum(0.99),
    weight_decay=Decay(1e-3),
    source="Chen et al. 2023, alg. 2; optax.lion",
)
def lion(x, g, m, lr, beta1, beta2, weight_decay, fresh1, fresh2):
    """Lion: the sign of an interpolated momentum, with decoupled decay."""
    c = beta1 * m + fresh1 * g
    return x - lr * (sign(c) + weight_decay * x), beta2 * m + fresh2 * g


@lion.uniform
def _(beta1, beta2):
    return 1 - beta1, 1 - beta2
