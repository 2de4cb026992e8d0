"""Gradient descent, averaged or not, and the forms of momentum.

`x` is one coordinate, `g` its gradient. Conventions and defaults are torch.optim's where it has
the rule. The forms of momentum agree (up to a factor) while rate and momentum are constant and
part when a schedule changes the rate: `momentum` keeps the rate outside of the velocity,
`momentum_inside` and `heavy_ball` inside of it.
"""

import math

from optbench.define import Decay, Flag, Log, Momentum, Range, Search, optimizer
from optbench.rules.moments import correction

MOMENTUM = Momentum(0.9)
WHOLE = Search(0.0, 1.0, "linear", "the whole of its range")
ASGD_POWER = Search(0.5, 1.0, "linear", "Polyak and Juditsky 1992: powers between 1/2 and 1")


@optimizer(lr=Log(1e-2), full_batch=True, source="Cauchy 1847")
def gd(x, g, lr):
    """Gradient descent on the full batch."""
    return x - lr * g


@optimizer(lr=Log(1e-2), stochastic_only=True, source="Robbins and Monro 1951")
def sgd(x, g, lr):
    """Stochastic gradient descent on the problem's mini-batches."""
    return x - lr * g


@optimizer(
    state={"average": "x"},
    iterate="average",
    lr=Log(1e-2),
    lambd=Decay(1e-4),
    alpha=Range(0.75, 0.0, search=ASGD_POWER),
    t0=Range(1e6, 0.0),
    weight_decay=Decay(0.0),
    source="Polyak and Juditsky 1992; Bottou 2010, eq. 12; torch.optim.ASGD",
)
def asgd(x, g, average, lr, lambd, alpha, t0, weight_decay, pull, age, share, eta):
    """Averaged SGD: reports the mean of the points after step t0 + 1, and x itself before."""
    x = x - eta * (g + pull * x)
    return x, average + share * (x - average)


@asgd.uniform
def _(t, lambd, weight_decay, t0):
    return lambd + weight_decay, t - 1, 1 / max(1, t - 1 - t0)


@asgd.combine
def _(lr, lambd, alpha, age):
    return (lr * (1.0 + lambd * lr * age) ** -alpha,)


@optimizer(
    state={"x_prev": "x"},
    lr=Log(1e-2),
    momentum=MOMENTUM,
    source="Polyak 1964, eq. 9",
)
def heavy_ball(x, g, x_prev, lr, momentum):
    """Polyak's heavy ball: a share of the last move is made again."""
    return x - lr * g + momentum * (x - x_prev), x


@optimizer(
    state="v",
    lr=Log(1e-2),
    momentum=MOMENTUM,
    dampening=Range(0.0, 0.0, 1.0, open_high=True),
    source="Polyak 1964; torch.optim.SGD(momentum)",
)
def momentum(x, g, v, lr, momentum, dampening, share):
    """Momentum with the rate outside the velocity: v <- momentum v + (1 - dampening) g."""
    v = momentum * v + share * g
    return x - lr * v, v


@momentum.uniform
def _(t, dampening):
    return (1.0 if t == 1 else 1 - dampening,)


@optimizer(
    state="v",
    lr=Log(1e-2),
    momentum=MOMENTUM,
    source="Rumelhart, Hinton and Williams 1986, eq. 9; Sutskever et al. 2013, eqs. 1 and 2",
)
def momentum_inside(x, g, v, lr, momentum):
    """Momentum with the rate inside the velocity: v <- momentum v + lr g, x <- x - v."""
    v = momentum * v + lr * g
    return x - v, v


@optimizer(
    state="m",
    lr=Log(1e-2),
    momentum=MOMENTUM,
    debias=Flag(),
    source="Polyak 1964 with dampening = momentum; optax.ema",
)
def momentum_ema(x, g, m, lr, momentum, debias, fresh, c1):
    """Damped momentum: a running mean of the gradients, with `debias` corrected for its start."""
    m = momentum * m + fresh * g
    if debias:
        return x - lr * c1 * m, m
    return x - lr * m, m


@momentum_ema.uniform
def _(t, momentum):
    return 1 - momentum, correction(t, momentum)


@optimizer(
    state="v",
    lr=Log(1e-2),
    momentum=MOMENTUM,
    source="Nesterov 1983; Sutskever et al. 2013; torch.optim.SGD(nesterov=True)",
)
def nesterov(x, g, v, lr, momentum):
    """Nesterov's accelerated gradient in the form that evaluates at the looked-ahead point."""
    v = momentum * v + g
    return x - lr * (g + momentum * v), v


@optimizer(
    state={"v": 0.0, "theta": "x"},
    iterate="theta",
    lr=Log(1e-2),
    momentum=MOMENTUM,
    source="Sutskever et al. 2013, eqs. 3 and 4",
)
def nesterov_sutskever(x, g, v, theta, lr, momentum):
    """Nesterov's momentum with the rate inside; gradients at theta + momentum v, theta reported."""
    v = momentum * v - lr * g
    theta = theta + v
    return theta + momentum * v, v, theta


@optimizer(
    state={"y": "x"},
    iterate="y",
    lr=Log(1e-2),
    source="Nesterov 1983; Beck and Teboulle 2009, eqs. 4.1-4.3",
)
def nesterov_convex(x, g, y, lr, t_k, ahead):
    """Nesterov's method for convex functions: a momentum that grows to 1 by the sequence t_k.

    It reports y, a gradient step from x, which is ahead of y by a share of its last move.
    """
    descended = x - lr * g
    return descended + ahead * (descended - y), descended


@nesterov_convex.uniform
def _(t, t_k=1.0):
    following = (1 + math.sqrt(1 + 4 * t_k**2)) / 2
    return following, (t_k - 1) / following


@optimizer(
    state="m",
    lr=Log(1.0),
    momentum=Momentum(0.999),
    nu=Range(0.7, 0.0, 1.0, search=WHOLE),
    source="Ma and Yarats 2019, eqs. 3 and 4",
)
def qhm(x, g, m, lr, momentum, nu, fresh, of_g):
    """Quasi-hyperbolic momentum: between the gradient and its damped momentum."""
    m = momentum * m + fresh * g
    return x - lr * (of_g * g + nu * m), m


@qhm.uniform
def _(momentum, nu):
    return 1 - momentum, 1 - nu


@optimizer(
    state=("v1", "v2", "v3"),
    lr=Log(0.1),
    beta1=Range(0.0, 0.0, 1.0, open_high=True),
    beta2=MOMENTUM,
    beta3=Momentum(0.99),
    source="Lucas et al. 2019, eq. 2",
)
def aggmo(x, g, v1, v2, v3, lr, beta1, beta2, beta3):
    """Aggregated momentum: the mean of three velocities with different friction."""
    v1, v2, v3 = beta1 * v1 + g, beta2 * v2 + g, beta3 * v3 + g
    return x - lr * (v1 + v2 + v3) / 3.0, v1, v2, v3
