"""References of gradient descent and its momenta."""

from .table import Reference

ROWS = {
    "gd": Reference("gd", "torch.optim.SGD", ({}, dict(lr=0.7))),
    "sgd": Reference("sgd", "torch.optim.SGD", ({}, dict(lr=0.7))),
    "momentum": Reference(
        "momentum",
        "torch.optim.SGD",
        ({}, dict(lr=0.1, momentum=0.99), dict(lr=0.3, momentum=0.0)),
    ),
    "nesterov": Reference(
        "nesterov", "torch.optim.SGD", ({}, dict(lr=0.1, momentum=0.99), dict(momentum=0.3))
    ),
}
