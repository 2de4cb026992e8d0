"""References of rules with Hessian estimates, which are 1 here; `test_curvature` has others."""

from .table import Reference

ROWS = {
    "adahessian": Reference(
        "adahessian",
        None,
        (
            dict(),
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, power=0.5, hessian_every=3.0),
        ),
        note="pytorch_optimizer's is compared with estimates that differ",
    ),
    "sophia": Reference(
        "sophia",
        None,
        (
            dict(),
            dict(
                lr=0.1,
                beta1=0.5,
                beta2=0.9,
                gamma=0.5,
                eps=0.01,
                weight_decay=0.1,
                hessian_every=3.0,
            ),
        ),
        note="pytorch_optimizer's is compared with estimates that differ",
    ),
}
