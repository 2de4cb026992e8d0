"""References of gradient descent and its momenta."""

from .table import Reference


def damped(settings):
    """Return optax's exponential mean of the gradients with a rate."""
    import optax

    mean = optax.ema(settings.get("momentum", 0.9), debias=bool(settings.get("debias", 0)))
    return optax.chain(mean, optax.sgd(settings.get("lr", 1e-2)))


def inside(settings):
    """Return optax's velocity of steps that hold the rate."""
    import optax

    return optax.chain(
        optax.scale(-settings.get("lr", 1e-2)), optax.trace(settings.get("momentum", 0.9))
    )


ROWS = {
    "gd": Reference(
        "gd",
        "torch.optim.SGD",
        ({}, dict(lr=0.7)),
        always=dict(lr=1e-2),
        closed=dict(lr=5e-4),
        quadratic=dict(lr=5e-5),
    ),
    "sgd": Reference("sgd", "torch.optim.SGD", ({}, dict(lr=0.7)), always=dict(lr=1e-2)),
    "asgd": Reference(
        "asgd",
        "torch.optim.ASGD",
        (
            {},
            dict(lr=0.1, lambd=0.01, alpha=0.5, t0=5.0),
            dict(lr=0.01, lambd=0.0, t0=0.0),
            dict(lr=1e-3, t0=300.0, weight_decay=0.1),
        ),
        evaluated=lambda state, x: state["ax"],
        closed=dict(lr=5e-4, t0=100.0),
        quadratic=dict(lr=5e-5, t0=100.0),
    ),
    "heavy_ball": Reference(
        "heavy_ball",
        None,
        ({}, dict(lr=0.1, momentum=0.99), dict(lr=0.3, momentum=0.0)),
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
    ),
    "momentum": Reference(
        "momentum",
        "torch.optim.SGD",
        (
            {},
            dict(lr=0.1, momentum=0.99),
            dict(momentum=0.5, dampening=0.3),
            dict(lr=0.1, dampening=0.9),
        ),
        always=dict(lr=1e-2, momentum=0.9),
        states=dict(v="momentum_buffer"),
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
        note="torch keeps the first gradient undamped",
    ),
    "momentum_inside": Reference(
        "momentum_inside",
        "optax.trace",
        ({}, dict(lr=0.1, momentum=0.99), dict(lr=0.3, momentum=0.0)),
        build=inside,
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
    ),
    "momentum_ema": Reference(
        "momentum_ema",
        "optax.ema",
        ({}, dict(lr=0.1, momentum=0.99), dict(debias=1), dict(lr=0.1, momentum=0.5, debias=1)),
        build=damped,
        states=dict(m="ema"),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=1e-4),
    ),
    "nesterov": Reference(
        "nesterov",
        "torch.optim.SGD",
        ({}, dict(lr=0.1, momentum=0.99), dict(momentum=0.3)),
        always=dict(lr=1e-2, momentum=0.9, nesterov=True),
        states=dict(v="momentum_buffer"),
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
    ),
    "nesterov_sutskever": Reference(
        "nesterov_sutskever",
        None,
        ({}, dict(lr=0.1, momentum=0.99), dict(momentum=0.0)),
        # v is a difference of points a thousand times as large: 50 eps 1000
        tolerance=1e-11,
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
    ),
    "nesterov_convex": Reference(
        "nesterov_convex",
        None,
        ({}, dict(lr=0.1)),
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
    ),
    "qhm": Reference(
        "qhm",
        "pytorch_optimizer.QHM",
        ({}, dict(lr=0.1, momentum=0.9, nu=0.5), dict(momentum=0.0), dict(nu=1.0), dict(nu=0.0)),
        always=dict(lr=1.0, momentum=0.999, nu=0.7),
        states=dict(m="momentum_buffer"),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=1e-4),
        note="the defaults are the paper's (section 3), which the library leaves at plain SGD",
    ),
    "aggmo": Reference(
        "aggmo",
        "pytorch_optimizer.AggMo",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.75, beta3=0.999)),
        always=dict(lr=0.1),
        states={
            f"v{i + 1}": lambda state, group, i=i: state["momentum_buffer"][group["betas"][i]]
            for i in range(3)
        },
        closed=dict(lr=1e-4),
        quadratic=dict(lr=1e-5),
        note="the rate is the authors' (their code: 0.1)",
    ),
}
