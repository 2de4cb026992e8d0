"""References of rules that report an average."""

from .table import Reference

ROWS = {
    "schedule_free_sgd": Reference(
        "schedule_free_sgd",
        "schedulefree.SGDScheduleFree",
        (
            {},
            dict(lr=0.1, beta=0.5),
            dict(lr=0.1, beta=0.98, r=2.0, weight_decay=0.01),
            dict(lr=0.01, beta=0.99, r=0.5, warmup_steps=20.0),
            dict(lr=0.01, warmup_steps=7.0, weight_lr_power=0.5),
        ),
        names=dict(beta="momentum"),
        states=dict(z="z"),
        closed=dict(lr=5e-4, r=1.0),
        quadratic=dict(lr=5e-5, r=1.0),
    ),
    "schedule_free_adamw": Reference(
        "schedule_free_adamw",
        "schedulefree.AdamWScheduleFree",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.1),
            dict(lr=0.01, beta1=0.98, r=0.5, warmup_steps=20.0),
            dict(lr=0.01, warmup_steps=7.0, weight_lr_power=0.5),
        ),
        states=dict(z="z", v="exp_avg_sq"),
        closed=dict(lr=1e-2),
        quadratic=dict(lr=2e-2),
    ),
    "schedule_free_radam": Reference(
        "schedule_free_radam",
        "schedulefree.RAdamScheduleFree",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.1),
            dict(lr=0.01, beta1=0.98, r=0.5, weight_lr_power=0.5, silent_sgd_phase=False),
            dict(lr=1e-3, beta2=0.0, silent_sgd_phase=False),
        ),
        states=dict(z="z", v="exp_avg_sq"),
        closed=dict(lr=0.3),
        quadratic=dict(lr=0.1),
    ),
}
