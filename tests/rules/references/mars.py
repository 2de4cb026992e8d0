"""References of MARS."""

from .adaptive import MOMENTS
from .delayed import BEFORE
from .table import Reference

ROWS = {
    "mars_adamw": Reference(
        "mars_adamw",
        "corrected.MARS",
        (
            dict(eps=1e-30),
            dict(lr=0.1, beta1=0.5, beta2=0.9, gamma=0.5, eps=1e-30, weight_decay=0.1),
            dict(beta1=0.0, beta2=0.0, eps=1e-30),
            dict(beta1=0.999, beta2=0.99999, gamma=0.0, eps=1e-30),
        ),
        always=dict(optimize_1d=True, foreach=False),
        states=dict(**MOMENTS, previous="last_grad"),
        note=BEFORE,
        closed=dict(lr=0.01),
        quadratic=dict(lr=0.003),
    ),
    "mars_adamw by the paper": Reference(
        "mars_adamw", None, ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, gamma=1.0, eps=0.01))
    ),
    "mars_lion": Reference(
        "mars_lion",
        "pytorch_optimizer.MARS",
        (
            {},
            dict(lr=0.1, beta1=0.5, gamma=0.5, weight_decay=0.1),
            dict(beta1=0.0),
            dict(beta1=0.999, gamma=0.0),
        ),
        always=dict(optimize_1d=True, mars_type="lion", foreach=False),
        states=dict(m="exp_avg", previous="last_grad"),
        closed=dict(lr=0.003),
    ),
}
