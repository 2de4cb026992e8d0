"""References of rules that step by signs."""

from .table import Reference

ROWS = {
    "lion": Reference(
        "lion",
        "optax.lion",
        (
            {},
            dict(lr=0.01, beta1=0.5, beta2=0.8, weight_decay=0.3),
            dict(lr=0.1, beta1=0.0, weight_decay=0.0),
        ),
    ),
}
