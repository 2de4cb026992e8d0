"""References of SWATS, for which the library judges by a relative difference, the paper by one."""

from .table import Reference

ROWS = {
    "swats": Reference(
        "swats",
        None,
        (
            {},
            dict(lr=0.01, beta1=0.9, beta2=0.9, eps=1e-4),
            dict(lr=0.1, beta1=0.0, beta2=0.5, eps=0.01),
            dict(lr=1e-3, beta1=0.99, beta2=0.99999, eps=1e-5),
        ),
        tolerance=1e-9,
        closed=dict(lr=0.03),
        quadratic=dict(lr=0.01),
    ),
}
