"""References of MoMo."""

from .table import Reference

LANE = dict(m="exp_avg", f_mean="barf", offset="gamma", lower="lb")


def build(name):
    """Return what builds a rule of optax.contrib; its flag must be Python's."""

    def transformation(settings):
        import optax

        names = {"lr": "learning_rate", "beta1": "b1", "beta2": "b2"}
        arguments = {names.get(k, k): v for k, v in settings.items()}
        if "adapt_lower_bound" in arguments:
            arguments["adapt_lower_bound"] = bool(arguments["adapt_lower_bound"])
        return getattr(optax.contrib, name)(**arguments)

    return transformation


ROWS = {
    "momo": Reference(
        "momo",
        "optax.contrib.momo",
        (
            {},
            dict(lr=0.1, beta=0.5, lower_bound=-1.0, weight_decay=0.1),
            dict(lr=0.1, beta=0.0, lower_bound=-3.0, adapt_lower_bound=1),
            dict(lr=1e-3, adapt_lower_bound=1, lower_bound=-100.0, weight_decay=0.1),
        ),
        1e-9,
        build=build("momo"),
        states=LANE,
        closed=dict(lr=1e-2),
        quadratic=dict(lr=1e-3),
    ),
    "momo_adam": Reference(
        "momo_adam",
        "optax.contrib.momo_adam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, lower_bound=-1.0, weight_decay=0.1),
            dict(lr=0.1, lower_bound=-3.0, adapt_lower_bound=1),
            dict(lr=1e-3, lower_bound=-100.0, adapt_lower_bound=1, weight_decay=0.1),
        ),
        1e-9,
        build=build("momo_adam"),
        states={**LANE, "v": "exp_avg_sq"},
        closed=dict(lr=1e-1),
    ),
}
