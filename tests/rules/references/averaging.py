"""References of rules that report an average."""

from .table import Reference

ROWS = {
    "schedule_free_sgd": Reference(
        "schedule_free_sgd",
        "optax.contrib.schedule_free",
        (
            {},
            dict(lr=0.1, beta=0.5),
            dict(lr=0.1, beta=0.98, power=2.0),
            dict(lr=0.01, beta=1.0, power=0.5),
        ),
    ),
}
