"""References of wrappers that change what a rule has done: decay, bounds, averages."""

from .table import NO_EPS, Reference


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
    "corrected decay of adam": Reference(
        "adam",
        "corrected.AdamC",
        (
            dict(
                decay=0.3,
                decay_corrected=True,
                lr=0.1,
                eps=NO_EPS,
                plateau_factor=0.7,
                plateau_as_torch=True,
            ),
            dict(decay=0.01, decay_corrected=True, beta1=0.0, eps=NO_EPS),
        ),
        always=dict(normalized=True, foreach=False),
        names=dict(decay="weight_decay", decay_corrected="normalized"),
        closed=dict(
            lr=1e-2, decay=0.5, decay_corrected=True, plateau_factor=0.5, plateau_patience=2.0
        ),
        note="decay is the group's rate squared over the rate that was set; epsilon stands "
        "elsewhere",
    ),
    "independent decay of adam": Reference(
        "adam",
        "corrected.AdamC",
        (dict(decay=1e-3, decay_independent=True, lr=0.1, eps=NO_EPS),),
        always=dict(foreach=False),
        names=dict(decay="weight_decay", decay_independent="fixed_decay"),
        closed=dict(lr=1e-2, decay=5e-3, decay_independent=True),
        note="of a constant rate; with a schedule the library's decay does not change",
    ),
    "cautious decay": Reference(
        "adam",
        None,
        (
            dict(decay=0.1, decay_cautious=True, lr=0.1),
            dict(
                decay=0.1,
                decay_cautious=True,
                decay_corrected=True,
                decay_independent=True,
                plateau_factor=0.7,
                cautious=True,
            ),
        ),
        closed=dict(lr=1e-2, decay=0.5, decay_cautious=True),
    ),
    "grams": Reference(
        "adam",
        "pytorch_optimizer.Grams",
        (dict(grams=True), dict(grams=True, lr=0.1, beta1=0.5, beta2=0.9)),
        always=dict(eps=1e-8, foreach=False),
        closed=dict(lr=1e-2, grams=True),
        chaotic=True,
    ),
    "hyperball": Reference(
        "adam",
        None,
        (dict(hyperball=True), dict(hyperball=True, lr=0.5, beta1=0.5, decay=0.1)),
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
        (dict(ema=0.999), dict(lr=0.1, ema=0.5), dict(lr=0.1, ema=0.9, ema_start=0.35)),
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
