"""References of wrappers that change what a rule sees: gradients and rates."""

from .table import NO_EPS, Reference


def _of_norm(fast, default):
    """Return what makes optax's rule of gradients that are given a norm."""

    def build(settings):
        import optax

        arguments = {"lr": default, **settings}
        norm = arguments.pop("normalise", None) or arguments.pop("normalise_tensors")
        given = optax.normalize_by_update_norm(norm)
        return optax.chain(given, fast(optax)(arguments["lr"]))

    return build


SPAM = dict(eps=NO_EPS, spam_accumulate=20.0, spam_reset=500.0, spam_warmup=50.0)

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
            dict(plateau_factor=0.1, plateau_as_torch=True),
            dict(
                plateau_factor=0.5,
                plateau_patience=2.0,
                plateau_threshold=0.1,
                plateau_as_torch=True,
            ),
            dict(
                plateau_factor=0.9,
                plateau_patience=0.0,
                plateau_threshold=0.0,
                plateau_as_torch=True,
            ),
        ),
        base="torch.optim.SGD",
        always=dict(lr=1e-2),
    ),
    "plateau of gd below 0 too": Reference(
        "gd",
        None,
        (
            dict(plateau_factor=0.1),
            dict(plateau_factor=0.5, plateau_patience=2.0, plateau_threshold=0.1),
        ),
        closed=dict(lr=8e-4, plateau_factor=0.5, plateau_patience=3.0, plateau_threshold=1e-2),
        quadratic=dict(lr=8e-5, plateau_factor=0.5, plateau_patience=3.0, plateau_threshold=0.1),
    ),
    "plateau and clip of momentum": Reference(
        "momentum",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (dict(clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0, plateau_as_torch=True),),
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
    "value clip of momentum": Reference(
        "momentum",
        "torch.nn.utils.clip_grad_value_",
        (dict(clip_value=1.0), dict(lr=0.1, clip_value=20.0)),
        base="torch.optim.SGD",
        always=dict(lr=1e-2, momentum=0.9),
        closed=dict(lr=1e-3, clip_value=5.0),
        quadratic=dict(lr=1e-5, clip_value=500.0),
    ),
    "centralisation of gd": Reference(
        "gd",
        "pytorch_optimizer.optimizer.gradient_centralization.centralize_gradient",
        (dict(centralise=True), dict(lr=0.1, centralise=True, clip_value=1.0)),
        base="torch.optim.SGD",
        always=dict(lr=1e-2),
        note="the library leaves vectors alone: it is given the gradient as a matrix of one row",
    ),
    "coupled l2 of momentum": Reference(
        "momentum",
        "torch.optim.SGD",
        (dict(l2=1e-2), dict(lr=0.1, l2=0.3, clip_norm=50.0)),
        always=dict(lr=1e-2, momentum=0.9),
        names=dict(l2="weight_decay"),
        closed=dict(lr=1e-4, l2=1.0),
        quadratic=dict(lr=1e-5, l2=10.0),
    ),
    "coupled l2 of adam": Reference(
        "adam",
        "torch.optim.Adam",
        (dict(l2=1e-2), dict(lr=0.1, l2=3.0)),
        names=dict(l2="weight_decay"),
    ),
    "subgradient of l1": Reference(
        "adam",
        None,
        (dict(l1=1e-3), dict(lr=0.1, l1=1.0)),
        closed=dict(lr=1e-2, l1=1.0),
        quadratic=dict(lr=1e-2, l1=100.0),
    ),
    "grokfast of gd": Reference(
        "gd",
        "pytorch_optimizer.optimizer.grokfast.gradfilter_ema",
        (
            dict(grokfast_lamb=2.0),
            dict(lr=0.1, grokfast_lamb=5.0, grokfast_alpha=0.0),
            dict(grokfast_alpha=0.999, clip_norm=50.0),
        ),
        base="torch.optim.SGD",
        always=dict(lr=1e-2),
        names=dict(grokfast_lamb="lamb", grokfast_alpha="alpha"),
        closed=dict(lr=2e-4, grokfast_lamb=2.0),
        quadratic=dict(lr=2e-5, grokfast_lamb=2.0),
    ),
    "grokfast of adam": Reference(
        "adam",
        "pytorch_optimizer.optimizer.grokfast.gradfilter_ema",
        (dict(grokfast_lamb=2.0, grokfast_alpha=0.9, lr=0.1),),
        base="torch.optim.Adam",
    ),
    "normalised gradients": Reference(
        "momentum",
        "optax.normalize_by_update_norm",
        (dict(normalise=1.0), dict(normalise=30.0, lr=0.1)),
        build=_of_norm(lambda optax: lambda lr: optax.sgd(lr, 0.9), 1e-2),
        closed=dict(lr=1e-3, normalise=5.0),
        quadratic=dict(lr=1e-4, normalise=30.0),
        chaotic=True,
    ),
    "normalised gradients of tensors": Reference(
        "adam",
        "optax.normalize_by_update_norm",
        (dict(normalise_tensors=1.0), dict(normalise_tensors=0.01, lr=0.1)),
        build=_of_norm(lambda optax: optax.adam, 1e-3),
        closed=dict(lr=1e-2, normalise_tensors=5.0),
        chaotic=True,
    ),
    "spam": Reference(
        "adam",
        "pytorch_optimizer.SPAM",
        (
            dict(SPAM, spam_threshold=5000.0, spam_beta2=0.999),
            dict(SPAM, spam_threshold=4.0, spam_beta2=0.9, beta2=0.9, lr=0.1, spam_reset=130.0),
            dict(SPAM, spam_threshold=2.0, spam_accumulate=2.0, spam_reset=60.0, spam_warmup=7.0),
        ),
        names=dict(
            spam_threshold="threshold",
            spam_beta2="betas[1]",
            spam_accumulate="grad_accu_steps",
            spam_reset="update_proj_gap",
            spam_warmup="warmup_epoch",
        ),
        closed=dict(lr=1e-2, spam_threshold=10.0, spam_reset=100.0, spam_warmup=10.0),
        note="the library has its Adam's moments clip; epsilon stands elsewhere",
    ),
    "spam of rmsprop": Reference(
        "rmsprop",
        None,
        (dict(spam_threshold=2.0, spam_reset=77.0, spam_warmup=0.0, decay=0.1),),
    ),
}
