"""References of what came after Adam."""

from .adaptive import MOMENTS, optax_without
from .table import Reference

SQUARES_EPS = "the library adds 1e-15 to v before the root, which is turned off here"
ROWS = {
    "adabelief": Reference(
        "adabelief",
        "optax.adabelief",
        (
            dict(lr=1e-3),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, eps_root=1e-4),
            dict(lr=0.1, beta1=0.0, eps_root=1e-8),
        ),
        states=dict(m="mu", s="nu"),
        closed=dict(lr=1e-2),
        tolerance=1e-9,
    ),
    "adabelief by pytorch_optimizer": Reference(
        "adabelief",
        "pytorch_optimizer.AdaBelief",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9)),
        states=dict(m="exp_avg", s="exp_avg_var"),
        tolerance=1e-9,
    ),
    "yogi": Reference(
        "yogi",
        "optax.yogi",
        (
            dict(lr=1e-2, initial_momentum=True),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.1, initial_momentum=True),
        ),
        build=optax_without("initial_momentum", "yogi"),
        states=dict(v="nu"),
        note="m starts at 1e-6 like v; the paper's m starts at 0",
    ),
    "yogi by pytorch_optimizer": Reference(
        "yogi",
        "corrected.Yogi",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.1)),
        states=dict(m="exp_avg", v="exp_avg_sq"),
        closed=dict(lr=1e-2),
        note="the library starts m at 1e-6 like v; here at 0",
    ),
    "adabound": Reference(
        "adabound",
        "corrected.AdaBound",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, gamma=0.1, final_lr=0.01),
            dict(lr=0.5, final_lr=1.0),
        ),
        always=dict(foreach=False),
        states=MOMENTS,
        closed=dict(lr=1e-2, final_lr=1e-3),
        quadratic=dict(lr=1e-2, final_lr=1e-2),
        note=SQUARES_EPS,
    ),
    "adamod": Reference(
        "adamod",
        "pytorch_optimizer.AdaMod",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, beta3=0.99, eps=0.01)),
        states=dict(**MOMENTS, rate="exp_avg_lr"),
        closed=dict(lr=0.1, beta3=0.99),
    ),
    "padam": Reference(
        "padam",
        "corrected.PAdam",
        (
            dict(amsgrad=False, bias_correction=True),
            dict(
                lr=0.01,
                beta1=0.5,
                beta2=0.9,
                eps=0.01,
                partial=0.1,
                amsgrad=False,
                bias_correction=True,
            ),
            dict(lr=0.01, partial=0.5, amsgrad=False, bias_correction=True),
        ),  # fmt: skip
        states=MOMENTS,
        note="the paper divides by the largest v and has no corrections",
    ),
    "padam by the paper": Reference(
        "padam",
        None,
        ({}, dict(lr=0.01, partial=0.1), dict(lr=0.01, eps=0.01, bias_correction=True)),
        closed=dict(lr=1e-3),
    ),
    "diffgrad": Reference(
        "diffgrad",
        "corrected.DiffGrad",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01)),
        always=dict(foreach=False),
        states=dict(**MOMENTS, previous="previous_grad"),
        closed=dict(lr=1e-2),
        note=SQUARES_EPS,
    ),
    "qhadam": Reference(
        "qhadam",
        "corrected.QHAdam",
        (
            {},
            dict(lr=0.1, beta1=0.9, beta2=0.99, nu1=0.5, nu2=0.9, eps=0.01),
            dict(nu1=1.0, beta1=0.9),
            dict(nu1=0.0, nu2=0.0),
        ),
        closed=dict(lr=1e-2),
        note="the library keeps its weights in float32; in float64 here",
    ),
    "adan": Reference(
        "adan",
        "pytorch_optimizer.Adan",
        ({}, dict(lr=0.1, beta1=0.9, beta2=0.8, beta3=0.95, eps=0.01)),
        states=dict(m="exp_avg", d="exp_avg_diff", n="exp_avg_sq"),
        closed=dict(lr=1e-2),
    ),
    "adan by optax": Reference(
        "adan",
        "optax.adan",
        (
            dict(lr=0.1, complementary=True),
            dict(lr=0.1, beta1=0.9, beta2=0.8, beta3=0.95, eps=0.01, complementary=True),
        ),
        build=optax_without("complementary", "adan", eps_root=0.0),
        states=dict(m="m", d="v", n="n"),
        note="optax weighs the gradient's change by 1 - b2, the paper by what optax calls b2",
    ),
}
