"""References of momenta with derivatives, negative parts and inertia."""

from .adaptive import MOMENTS
from .delayed import BEFORE
from .table import Reference

ROWS = {
    "pid": Reference(
        "pid",
        "pytorch_optimizer.PID",
        (
            dict(lr=1e-3),
            dict(lr=0.1, momentum=0.5, integral=0.5, derivative=20.0),
            dict(momentum=0.999, integral=0.0),
            dict(momentum=0.01, derivative=0.0),
        ),
        always=dict(momentum=0.9),
        states=dict(total="i_buffer", change="d_buffer", previous="grad_buffer"),
        closed=dict(lr=0.0001),
        quadratic=dict(lr=1e-05),
    ),
    "pid without memory": Reference("pid", None, (dict(momentum=0.0, integral=0.0),)),
    "pnm": Reference(
        "pnm",
        "pytorch_optimizer.PNM",
        (
            dict(lr=1e-2),
            dict(lr=0.1, beta1=0.5, beta2=0.3),
            dict(beta1=0.999, beta2=0.0),
        ),
        always=dict(lr=1e-2),
        closed=dict(lr=0.001),
        quadratic=dict(lr=0.0001),
    ),
    "pnm with more weight": Reference("pnm", None, (dict(beta1=0.0, beta2=2.0),)),
    "adapnm": Reference(
        "adapnm",
        "corrected.AdaPNM",
        (
            dict(eps=1e-30),
            dict(lr=0.1, beta1=0.5, beta2=0.9, beta3=0.3, eps=1e-30, amsgrad=False),
            dict(beta1=0.0, beta2=0.0, beta3=0.0),
            dict(beta1=0.99, beta2=0.99999, eps=1e-30),
        ),
        always=dict(foreach=False),
        names=dict(amsgrad="ams_bound"),
        states=dict(v="exp_avg_sq"),
        note=BEFORE,
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
    "adapnm by the paper": Reference(
        "adapnm", None, ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, amsgrad=False))
    ),
    "adai": Reference(
        "adai",
        "pytorch_optimizer.Adai",
        (
            dict(lr=1e-2),
            dict(lr=0.1, beta0=0.5, beta2=0.9, eps=0.1),
            dict(beta0=0.99, beta2=0.0),
            dict(beta0=0.01, beta2=0.9999, eps=1e-6),
        ),
        always=dict(lr=1e-2, foreach=False),
        names=dict(beta0="betas[0]", beta2="betas[1]"),
        states=dict(**MOMENTS, seen=lambda state, group: 1.0 - state["beta1_prod"]),
        tolerance=1e-9,
        note="the library takes the mean of v as at least eps; its 1 - beta1 has lost digits",
        closed=dict(lr=0.001),
        quadratic=dict(lr=0.0001),
    ),
}
