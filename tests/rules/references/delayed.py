"""References of rules that divide before the momentum, or by earlier moments."""

from .adaptive import MOMENTS
from .table import Reference


def _acprop(settings):
    import optax

    names = dict(lr="learning_rate", beta1="b1", beta2="b2")
    arguments = {names.get(k, k): v for k, v in settings.items() if k != "previous_mean"}
    return optax.contrib.acprop(**{"learning_rate": 1e-3, **arguments})


BEFORE = (
    "the library corrects the root after eps is added, the authors' code before; the 1e-15 that it "
    "adds to v is turned off here"
)
ROWS = {
    "laprop": Reference(
        "laprop",
        "corrected.LaProp",
        (
            dict(eps=1e-30),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=1e-30),
            dict(beta1=0.0, beta2=0.0),
            dict(beta1=0.99, beta2=0.99999, eps=1e-30),
        ),
        always=dict(foreach=False),
        states=dict(m=lambda state, group: state["exp_avg"] / group["lr"], v="exp_avg_sq"),
        note=BEFORE,
        closed=dict(lr=0.01),
    ),
    "laprop by the paper": Reference(
        "laprop",
        None,
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01), dict(beta1=0.99, eps=1.0)),
    ),
    "acprop": Reference(
        "acprop",
        "optax.contrib.acprop",
        (
            dict(previous_mean=True),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, eps_root=1e-4, previous_mean=True),
            dict(beta1=0.0, beta2=0.99, previous_mean=True),
        ),
        build=_acprop,
        states=dict(m="mu", s="nu"),
        note="optax takes the distance from the mean before the gradient, the paper that after",
        tolerance=1e-9,
        closed=dict(lr=0.003),
        quadratic=dict(lr=0.0001),
    ),
    "acprop by the paper": Reference(
        "acprop",
        None,
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01), dict(beta1=0.99, beta2=0.99999)),
        tolerance=1e-9,
    ),
    "avagrad": Reference(
        "avagrad",
        None,
        (
            {},
            dict(lr=0.01, beta1=0.5, beta2=0.9, eps=1e-3),
            dict(beta1=0.0, beta2=0.0),
            dict(beta1=0.99, beta2=0.99999, eps=10.0),
        ),
        note="the library normalises by rates of the step before",
        closed=dict(lr=0.001),
        quadratic=dict(lr=0.003),
    ),
    "adashift": Reference(
        "adashift",
        "pytorch_optimizer.AdaShift",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta1=0.0, beta2=0.0),
            dict(beta1=0.999, beta2=0.99999),
        ),
        always=dict(reduce_func=None, foreach=False),
        states=MOMENTS,
        tolerance=1e-9,
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
}
