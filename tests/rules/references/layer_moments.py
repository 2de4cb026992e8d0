"""References of Adam with moments, bounds or rates of layers."""

from .adaptive import MOMENTS
from .delayed import BEFORE
from .table import Reference

UNUSUAL = (
    dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
    dict(beta1=0.0, beta2=0.0),
    dict(beta1=0.99, beta2=0.99999, eps=1.0),
)


def in_every_coordinate(name, count=5):
    """Return the state of a layer as it is kept here: the same in every coordinate."""
    return lambda state, group: state[name].reshape(-1).expand(count)


ROWS = {
    "adam_mini": Reference(
        "adam_mini",
        "corrected.AdamMini",
        ({}, *UNUSUAL),
        always=dict(lr=1e-3),
        states=dict(m="m", v=in_every_coordinate("v_mean")),
        note="the library keeps its moments in float32; in float64 here",
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "stable_adamw": Reference(
        "stable_adamw",
        "pytorch_optimizer.StableAdamW",
        ({}, *UNUSUAL, dict(lr=0.1, weight_decay=0.3), dict(weight_decay=0.0)),
        always=dict(foreach=False),
        states=MOMENTS,
        closed=dict(lr=0.01),
    ),
    "fadam": Reference(
        "fadam",
        "corrected.FAdam",
        ({}, *UNUSUAL, dict(lr=0.1, clip=0.1, weight_decay=0.0), dict(clip=10.0)),
        states=dict(m="momentum", v="fim"),
        note="the library lowers eps where gradients are small; constant here",
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "adamnorm": Reference(
        "adamnorm",
        "corrected.AdaNorm",
        (
            dict(eps=1e-30),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=1e-30),
            dict(beta1=0.0, beta2=0.0),
            dict(gamma=0.0, eps=1e-30),
            dict(gamma=0.999, eps=1e-30),
        ),
        always=dict(betas=(0.9, 0.999), foreach=False),
        names=dict(gamma="r"),
        states=dict(m="exp_avg", v="exp_avg_var", size=in_every_coordinate("exp_grad_norm")),
        note=BEFORE,
        closed=dict(lr=0.01),
        quadratic=dict(lr=0.003),
    ),
    "adamnorm by the paper": Reference(
        "adamnorm", None, ({}, dict(lr=0.1, eps=0.01, gamma=0.5), UNUSUAL[2])
    ),
    "amos": Reference(
        "amos",
        "pytorch_optimizer.Amos",
        (
            {},
            dict(lr=0.1, beta=0.9, momentum=0.9, c=1.0, d=0.1),
            dict(lr=0.01, beta=0.0, c=0.0, d=0.0),
            dict(lr=1.0, beta=0.99999, momentum=0.5),
        ),
        names=dict(c="c_coef", d="d_coef"),
        always=dict(foreach=False),
        states=dict(v=in_every_coordinate("exp_avg_sq"), decayed=in_every_coordinate("decay")),
        tolerance=1e-9,
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "amos of other sizes": Reference(
        "amos", None, (dict(scale=5.0), dict(lr=0.1, scale=0.01, eps=1.0)), tolerance=1e-9
    ),
}
