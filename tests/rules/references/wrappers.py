"""References of wrappers around rules."""

from .table import Reference

ROWS = {
    "clip of adam": Reference(
        "adam",
        "torch.nn.utils.clip_grad_norm_",
        (dict(clip_norm=1.0), dict(lr=0.1, clip_norm=90.0)),
        base="torch.optim.Adam",
        closed=dict(lr=1e-2, clip_norm=5.0),
    ),
    "clip of gd": Reference(
        "gd",
        "torch.nn.utils.clip_grad_norm_",
        (dict(clip_norm=1.0), dict(clip_norm=90.0)),
        base="torch.optim.SGD",
        always=dict(lr=1e-2),
    ),
    "sam of gd": Reference(
        "gd",
        "optax.contrib.sam",
        (dict(sam_rho=0.05), dict(lr=0.1, sam_rho=2.0)),
        base="optax.sgd",
        always=dict(learning_rate=1e-2),
    ),
    "sam of adam": Reference(
        "adam",
        "optax.contrib.sam",
        (dict(sam_rho=0.05), dict(lr=0.1, beta1=0.5, sam_rho=2.0)),
        base="optax.adam",
        always=dict(learning_rate=1e-3),
    ),
    "plateau of gd": Reference(
        "gd",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (
            dict(plateau_factor=0.1),
            dict(plateau_factor=0.5, plateau_patience=2.0, plateau_threshold=0.1),
            dict(plateau_factor=0.9, plateau_patience=0.0, plateau_threshold=0.0),
        ),
        base="torch.optim.SGD",
        always=dict(lr=1e-2),
        closed=dict(lr=8e-4, plateau_factor=0.5, plateau_patience=3.0, plateau_threshold=1e-2),
        quadratic=dict(lr=8e-5, plateau_factor=0.5, plateau_patience=3.0, plateau_threshold=0.1),
    ),
    "plateau and clip of momentum": Reference(
        "momentum",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (dict(clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
        base="torch.optim.SGD",
        always=dict(lr=1e-2, momentum=0.9),
    ),
    "sam of momentum": Reference(
        "momentum",
        None,
        (dict(sam_rho=0.5),),
        closed=dict(lr=1e-4, sam_rho=0.02),
        quadratic=dict(lr=1e-5, sam_rho=0.02),
    ),
    "all wrappers": Reference(
        "adam",
        None,
        (dict(sam_rho=0.5, clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
    ),
}
