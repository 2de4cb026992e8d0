"""References of wrappers around rules."""

from .table import Reference

ROWS = {
    "clip of adam": Reference(
        "adam",
        "torch.nn.utils.clip_grad_norm_",
        (dict(clip_norm=1.0), dict(lr=0.1, clip_norm=90.0)),
    ),
    "clip of gd": Reference(
        "gd", "torch.nn.utils.clip_grad_norm_", (dict(clip_norm=1.0), dict(clip_norm=90.0))
    ),
    "sam of gd": Reference(
        "gd", "optax.contrib.sam", (dict(sam_rho=0.05), dict(lr=0.1, sam_rho=2.0))
    ),
    "sam of adam": Reference(
        "adam", "optax.contrib.sam", (dict(sam_rho=0.05), dict(lr=0.1, beta1=0.5, sam_rho=2.0))
    ),
    "plateau of gd": Reference(
        "gd",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (
            dict(plateau_factor=0.1),
            dict(plateau_factor=0.5, plateau_patience=2.0, plateau_threshold=0.1),
            dict(plateau_factor=0.9, plateau_patience=0.0, plateau_threshold=0.0),
        ),
    ),
    "plateau and clip of momentum": Reference(
        "momentum",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (dict(clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
    ),
    "all wrappers": Reference(
        "adam",
        None,
        (dict(sam_rho=0.5, clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
    ),
}
