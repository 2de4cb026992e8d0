"""References of wrappers around rules."""

from .table import Reference


def _lookahead(fast, default):
    """Return what makes optax's lookahead around a rule; its state holds the slow weights."""

    def build(settings):
        import optax

        arguments = dict(settings)
        period, alpha = arguments.pop("lookahead_steps"), arguments.pop("lookahead_alpha", 0.5)
        rule = fast(optax)(arguments.get("lr", default))
        inner = optax.lookahead(rule, int(period), alpha)

        def init(x):
            return inner.init(optax.LookaheadParams.init_synced(x)), x

        def update(g, state, x):
            updates, inside = inner.update(g, state[0], optax.LookaheadParams(x, state[1]))
            return updates.fast, (inside, state[1] + updates.slow)

        return optax.GradientTransformation(init, update)

    return build


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
    "proximal l1": Reference(
        "gd",
        None,
        (dict(l1_prox=1e-3), dict(lr=0.1, l1_prox=5.0)),
        closed=dict(lr=5e-4, l1_prox=1.0),
        quadratic=dict(lr=5e-5, l1_prox=10.0),
    ),
    "decoupled decay of adam": Reference(
        "adam",
        "torch.optim.AdamW",
        (dict(decay=1e-2), dict(lr=0.1, beta1=0.5, decay=0.5)),
        names=dict(decay="weight_decay"),
        closed=dict(lr=1e-2, decay=0.5),
    ),
    "cautious lion": Reference(
        "lion",
        "pytorch_optimizer.Lion",
        (
            dict(weight_decay=0.0, cautious=True),
            dict(weight_decay=0.0, cautious=True, lr=0.1, beta1=0.5),
        ),
    ),
    "cautious adam": Reference(
        "adam",
        None,
        (dict(cautious=True), dict(lr=0.1, cautious=True, decay=0.1)),
        closed=dict(lr=1e-2, cautious=True),
    ),
    "lookahead of gd": Reference(
        "gd",
        "optax.lookahead",
        (dict(lookahead_steps=5.0), dict(lr=0.1, lookahead_steps=3.0, lookahead_alpha=0.8)),
        base="optax.sgd",
        build=_lookahead(lambda optax: optax.sgd, 1e-2),
        always=dict(learning_rate=1e-2),
    ),
    "lookahead of adam": Reference(
        "adam",
        "optax.lookahead",
        (dict(lookahead_steps=5.0), dict(lr=0.1, lookahead_steps=3.0, lookahead_alpha=0.8)),
        base="optax.adam",
        build=_lookahead(lambda optax: optax.adam, 1e-3),
        closed=dict(lr=1e-1, lookahead_steps=5.0),
    ),
    "exponential average of adam": Reference(
        "adam",
        "torch.optim.swa_utils.get_ema_multi_avg_fn",
        (dict(ema=0.999), dict(lr=0.1, ema=0.5)),
        base="torch.optim.Adam",
        closed=dict(lr=1e-2, ema=0.9),
    ),
    "tail average of momentum": Reference(
        "momentum",
        "torch.optim.swa_utils.AveragedModel",
        (dict(tail=0.5), dict(lr=0.1, tail=1.0), dict(lr=0.1, tail=0.003)),
        base="torch.optim.SGD",
        always=dict(lr=1e-2, momentum=0.9),
        closed=dict(lr=1e-4, tail=0.5),
        quadratic=dict(lr=1e-5, tail=0.25),
    ),
    "everything after a step": Reference(
        "momentum",
        None,
        (
            dict(
                sam_rho=0.5,
                centralise=True,
                clip_value=30.0,
                clip_norm=50.0,
                l2=0.1,
                l1=0.1,
                plateau_factor=0.7,
                plateau_patience=4.0,
                cautious=True,
                decay=0.1,
                l1_prox=0.1,
                lookahead_steps=3.0,
                ema=0.9,
            ),
        ),
    ),
}
