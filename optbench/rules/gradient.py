"""Rules with one gradient memory at most: gradient descent, momentum, Nesterov, Lion.

`x` is one coordinate, `g` its gradient. Conventions and defaults are torch.optim's where it has
the rule.
"""

from optbench.define import Log, Range, optimizer, where

MOMENTUM = Range(0.9, 0.0, 1.0, open_high=True)


@optimizer(lr=Log(1e-2), full_batch=True, source="Cauchy 1847")
def gd(x, g, lr):
    """Gradient descent on the full batch."""
    return x - lr * g


@optimizer(lr=Log(1e-2), stochastic_only=True, source="Robbins and Monro 1951")
def sgd(x, g, lr):
    """Stochastic gradient descent on the problem's mini-batches."""
    return x - lr * g


@optimizer(
    state="v", lr=Log(1e-2), momentum=MOMENTUM, source="Polyak 1964; torch.optim.SGD(momentum)"
)
def momentum(x, g, v, lr, momentum):
    """Momentum with the rate outside the velocity: v <- momentum v + g."""
    v = momentum * v + g
    return x - lr * v, v


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
    state="m",
    lr=Log(1e-4),
    beta1=MOMENTUM,
    beta2=Range(0.99, 0.0, 1.0, open_high=True),
    weight_decay=Range(1e-3, 0.0),
    source="Chen et al. 2023, alg. 2; optax.lion",
)
def lion(x, g, m, lr, beta1, beta2, weight_decay):
    """Lion: the sign of an interpolated momentum, with decoupled decay."""
    c = beta1 * m + (1.0 - beta1) * g
    sign = where(c > 0.0, 1.0, where(c < 0.0, -1.0, 0.0))
    return x - lr * (sign + weight_decay * x), beta2 * m + (1.0 - beta2) * g
