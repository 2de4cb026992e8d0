"""References of rules with a second moment per coordinate."""

from .table import Reference

ROWS = {
    "adagrad": Reference(
        "adagrad",
        "torch.optim.Adagrad",
        ({}, dict(lr=0.5), dict(eps=0.1)),
        states=dict(total="sum"),
        closed=dict(lr=0.1),
    ),
    "rmsprop": Reference(
        "rmsprop",
        "torch.optim.RMSprop",
        ({}, dict(lr=0.1, alpha=0.5), dict(alpha=0.0, eps=0.1)),
        states=dict(v="square_avg"),
        closed=dict(lr=1e-3, eps=1.0),
        quadratic=dict(lr=1e-2),
    ),
    "adam": Reference(
        "adam",
        "torch.optim.Adam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta1=0.0, beta2=0.99),
            dict(beta1=0.95, beta2=0.0, eps=1.0),
        ),
        states=dict(m="exp_avg", v="exp_avg_sq"),
        closed=dict(lr=1e-2),
    ),
    "adamw": Reference(
        "adamw",
        "torch.optim.AdamW",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.5),
            dict(lr=0.01, weight_decay=0.0),
        ),
        states=dict(m="exp_avg", v="exp_avg_sq"),
        closed=dict(lr=1e-2, weight_decay=0.1),
    ),
    "nadam": Reference(
        "nadam",
        "torch.optim.NAdam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, momentum_decay=0.1),
            dict(beta1=0.99, momentum_decay=0.0),
            dict(beta1=0.0),
        ),
        states=dict(m="exp_avg", v="exp_avg_sq"),
        closed=dict(lr=1e-2),
    ),
}
