"""References of adaptive rules with memories of unlike lengths."""

from .adaptive import MOMENTS
from .table import Reference

SLOW = dict(**MOMENTS, slow="exp_avg_slow")


def _adopt(settings):
    from optax import contrib

    names = dict(lr="learning_rate", beta1="b1", beta2="b2")
    arguments = {names.get(k, k): v for k, v in settings.items()}
    if "use_clipping" in arguments:
        arguments["use_clipping"] = bool(arguments["use_clipping"])
    return contrib.adopt(**{"learning_rate": 1e-3, **arguments})


ROWS = {
    "ademamix": Reference(
        "ademamix",
        "optax.contrib.ademamix",
        (
            dict(lr=1e-3),
            dict(lr=0.1, beta1=0.5, beta2=0.9, beta3=0.99, alpha=2.0, eps=0.01),
        ),
        names=dict(beta3="b3"),
        states=dict(m="m1", slow="m2", v="nu"),
        closed=dict(lr=1e-2),
    ),
    "ademamix warming up": Reference(
        "ademamix",
        "pytorch_optimizer.AdEMAMix",
        ({}, dict(lr=0.01, warmup_steps=500.0), dict(lr=0.01, beta3=0.99, warmup_steps=100.0)),
        names=dict(warmup_steps="t_alpha_beta3"),
        states=SLOW,
    ),
    "adopt": Reference(
        "adopt",
        "optax.contrib.adopt",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.99, eps=0.1),
            dict(lr=0.01, use_clipping=False),
        ),
        build=_adopt,
        states=dict(m="mu", v="nu"),
        closed=dict(lr=1e-2),
    ),
    "adopt by pytorch_optimizer": Reference(
        "adopt",
        "pytorch_optimizer.ADOPT",
        (dict(lr=0.01), dict(lr=0.1, beta1=0.5, beta2=0.99, eps=0.01)),
        always=dict(clip_lambda=lambda step: (step - 1) ** 0.25),
        states=MOMENTS,
        note="the library clips step t at t^(1/4); the authors' code at (t - 1)^(1/4), as here",
    ),
    "madgrad": Reference(
        "madgrad",
        "optax.contrib.madgrad",
        (dict(lr=1e-2), dict(lr=0.5, momentum=0.5, eps=0.01), dict(lr=0.1, momentum=0.0)),
        states=dict(s="s", v="grad_sum_sq"),
        tolerance=1e-7,
        note="optax takes sqrt(t) in float32",
    ),
    "madgrad by pytorch_optimizer": Reference(
        "madgrad",
        "pytorch_optimizer.MADGRAD",
        ({}, dict(lr=0.5, momentum=0.5, eps=0.001), dict(lr=0.2)),
        always=dict(lr=1e-2),
        states=dict(s="s", v="grad_sum_sq", x0="x0"),
        closed=dict(lr=1e-2),
    ),
    "simplified_ademamix": Reference(
        "simplified_ademamix",
        "optax.contrib.simplified_ademamix",
        (
            dict(lr=1e-3),
            dict(lr=0.1, beta1=0.5, beta2=0.9, alpha=2.0, eps=0.01),
            dict(lr=1e-3, beta1=0.0, beta2=0.0, alpha=50.0),
            dict(lr=1e-4, beta1=0.9999, beta2=0.99999),
        ),
        states=dict(m=lambda state: state[0].m, v=lambda state: state[0].n),
        closed=dict(lr=0.001),
    ),
}
