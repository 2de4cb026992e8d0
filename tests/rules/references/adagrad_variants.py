"""References of sums of squared gradients."""

from .table import Reference

ROWS = {
    "adagrad_norm": Reference(
        "adagrad_norm",
        None,
        ({}, dict(lr=1.0, b0=10.0), dict(b0=1e-6)),
        closed=dict(lr=0.3),
        quadratic=dict(lr=0.1),
    ),
    "kate": Reference(
        "kate",
        None,
        ({}, dict(lr=0.1, eta=0.01, eps=0.01), dict(eta=0.0)),
        closed=dict(lr=0.3),
        quadratic=dict(lr=0.1),
    ),
    "kate by pytorch_optimizer": Reference(
        "kate",
        "pytorch_optimizer.Kate",
        (dict(eps=1e-40), dict(lr=0.1, eta=0.0, eps=1e-40)),
        always=dict(delta=0.9, foreach=False),
        names=dict(eta="delta"),
        states=dict(
            total=lambda state, group: state["b"] ** 2,
            weighted=lambda state, group: state["m"] ** 2,
        ),
        note="the library adds eps to b^2 at every step; the authors' code once",
    ),
    "ftrl": Reference(
        "ftrl",
        "pytorch_optimizer.FTRL",
        (
            dict(lr=0.1, beta=1e-30),
            dict(lr=1.0, beta=1e-30, lambda1=1.0, lambda2=0.1),
            dict(lr=1e-3, beta=1e-30, lambda1=10.0),
        ),
        states=dict(total="n", z=lambda state, group: group["lr"] * state["z"]),
        names=dict(lambda1="lambda_1", lambda2="lambda_2"),
        always=dict(foreach=False),
        tolerance=1e-9,
        note="the library's beta, and the paper's, pulls to 0 where the run did not start there",
    ),
    "ftrl from elsewhere": Reference(
        "ftrl",
        None,
        ({}, dict(lr=0.5, beta=0.01, lambda1=0.1), dict(beta=10.0, lambda2=1.0)),
        tolerance=1e-9,
        closed=dict(lr=0.3),
        quadratic=dict(lr=0.1),
    ),
}
