"""References of SGDP and AdamP."""

from .adaptive import MOMENTS
from .table import Reference

PROJECTING = (
    dict(lr=0.01, delta=1.5, weight_decay=0.1, wd_ratio=0.5),
    dict(lr=1e-3, delta=0.0, weight_decay=0.1),
)
ROWS = {
    "sgdp": Reference(
        "sgdp",
        "corrected.SGDP",
        (
            dict(lr=1e-2),
            dict(lr=1e-3, momentum=0.5, nesterov=False),
            dict(lr=1e-4, momentum=0.0, delta=3.0, eps=0.1),
            dict(lr=1e-4, momentum=0.999),
            *PROJECTING,
        ),
        always=dict(momentum=0.9, nesterov=True),
        states=dict(v="momentum"),
        tolerance=1e-9,
        closed=dict(lr=0.0001),
        quadratic=dict(lr=1e-05),
    ),
    "adamp": Reference(
        "adamp",
        "corrected.AdamP",
        (
            dict(lr=1e-3, eps=1e-30),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=1e-30, nesterov=True),
            dict(beta1=0.0, beta2=0.0, eps=1e-30, delta=3.0),
            *(dict(**settings, eps=1e-30) for settings in PROJECTING),
        ),
        states=MOMENTS,
        tolerance=1e-9,
        note="the library corrects the root after eps is added; the authors' code before",
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "adamp by the paper": Reference(
        "adamp",
        None,
        ({}, dict(lr=0.1, eps=0.01, delta=1.0), dict(beta1=0.99, beta2=0.99999, eps=1.0)),
        tolerance=1e-9,
    ),
}
