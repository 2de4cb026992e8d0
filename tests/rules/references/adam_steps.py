"""References of other steps from Adam's two moments."""

from .adaptive import MOMENTS
from .table import Reference

UNUSUAL = (
    dict(beta1=0.0, beta2=0.99),
    dict(beta1=0.99, beta2=0.0, eps=1.0),
    dict(lr=0.01, beta1=0.999, beta2=0.99999),
)


def _optimistic(settings):
    import optax

    names = dict(lr="learning_rate", beta1="b1", beta2="b2", optimism="beta")
    arguments = {names.get(k, k): v for k, v in settings.items()}
    return optax.optimistic_adam_v2(**{"learning_rate": 1e-3, "nesterov": False, **arguments})


ROWS = {
    "adam_atan2": Reference(
        "adam_atan2",
        None,
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, b=3.0), dict(beta1=0.0), dict(beta2=0.0, b=0.1)),
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "optimistic_adam": Reference(
        "optimistic_adam",
        "optax.optimistic_adam_v2",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, optimism=0.3), *UNUSUAL),
        build=_optimistic,
        states=dict(m="mu", v="nu", step="previous_gradient"),
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "msvag": Reference(
        "msvag",
        "pytorch_optimizer.MSVAG",
        ({}, dict(lr=0.1, beta=0.5), dict(beta=0.999)),
        always=dict(foreach=False),
        states=MOMENTS,
        tolerance=1e-9,
        closed=dict(lr=0.001),
        quadratic=dict(lr=0.0001),
    ),
    "adamg": Reference(
        "adamg",
        "pytorch_optimizer.AdamG",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, beta3=0.3, eps=0.01),
            dict(beta1=0.0, beta3=0.0),
            dict(beta1=0.999, beta2=0.99999, beta3=0.999),
        ),
        always=dict(foreach=False),
        states=dict(m="m", v="v", r="r"),
        closed=dict(lr=1.0),
    ),
    "adamg with other powers": Reference("adamg", None, (dict(p=1.0, q=0.5), dict(p=0.01, q=0.0))),
    "exadam": Reference(
        "exadam",
        "pytorch_optimizer.EXAdam",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01), *UNUSUAL),
        states=MOMENTS,
        closed=dict(lr=0.003),
    ),
    "ano": Reference(
        "ano",
        "pytorch_optimizer.Ano",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta1=0.0, beta2=0.5),
            dict(beta1=0.999, beta2=0.9999),
        ),
        always=dict(foreach=False),
        states=MOMENTS,
        closed=dict(lr=0.01),
        quadratic=dict(lr=0.003),
    ),
}
