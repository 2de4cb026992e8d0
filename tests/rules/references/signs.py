"""References of rules that step by signs."""

from .table import Reference

ROWS = {
    "sign_sgd": Reference(
        "sign_sgd",
        "optax.sign_sgd",
        ({}, dict(lr=0.1)),
        always=dict(learning_rate=1e-3),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=5e-3),
    ),
    "signum": Reference(
        "signum",
        "optax.signum",
        ({}, dict(lr=0.1, beta=0.5), dict(beta=0.0)),
        always=dict(learning_rate=1e-3),
        states=dict(m="ema"),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=5e-3),
    ),
    "rprop": Reference(
        "rprop",
        "torch.optim.Rprop",
        ({}, dict(lr=0.1, eta_minus=0.3, eta_plus=1.5, step_min=1e-3, step_max=0.2)),
        names=dict(
            eta_minus="etas[0]",
            eta_plus="etas[1]",
            step_min="step_sizes[0]",
            step_max="step_sizes[1]",
        ),
        states=dict(g_prev="prev", step="step_size"),
        closed=dict(lr=1e-3),
    ),
    "lion": Reference(
        "lion",
        "optax.lion",
        (
            {},
            dict(lr=0.01, beta1=0.5, beta2=0.8, weight_decay=0.3),
            dict(lr=0.1, beta1=0.0, weight_decay=0.0),
        ),
        always=dict(learning_rate=1e-4),
        states=dict(m="mu"),
        closed=dict(lr=1e-3),
        quadratic=dict(lr=5e-3),
    ),
}
