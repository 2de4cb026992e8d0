"""References of rules that scale a layer's step by norms."""

from .table import Reference

ROWS = {
    "lars": Reference(
        "lars",
        "optax.lars",
        (
            {},
            dict(lr=20.0, momentum=0.5, weight_decay=0.1, trust_coefficient=0.01, eps=0.1),
            dict(lr=0.1, momentum=0.0),
        ),
        1e-9,
        always=dict(learning_rate=1.0),
        states=dict(v=lambda state: -state[-1].trace),
        closed=dict(lr=1.0),
        note="as the paper the rate is inside of the velocity, so optax's trace is minus v",
    ),
    "lamb": Reference(
        "lamb",
        "optax.lamb",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.1),
            dict(beta1=0.0, beta2=0.99),
        ),
        1e-9,
        always=dict(learning_rate=1e-3),
        states=dict(m="mu", v="nu"),
        closed=dict(lr=1e-2),
    ),
    "fromage": Reference(
        "fromage",
        "optax.fromage",
        ({}, dict(lr=0.3), dict(lr=0.1, min_norm=5.0)),
        1e-9,
        always=dict(learning_rate=1e-2),
        closed=dict(lr=1e-2),
    ),
    "novograd": Reference(
        "novograd",
        "optax.novograd",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.98, eps=0.01, weight_decay=0.1),
            dict(beta1=0.0, beta2=0.0),
        ),
        1e-9,
        always=dict(learning_rate=1e-2),
        states=dict(m="mu", v="nu"),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=1e-2),
    ),
}
