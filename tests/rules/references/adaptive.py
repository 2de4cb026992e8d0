"""References of rules with a second moment per coordinate."""

from .table import Reference

OPTAX = dict(lr="learning_rate", beta1="b1", beta2="b2", beta3="b3")


def optax_without(flag, name, names=None, **always):
    """Return what builds a rule of optax, for which a flag of ours is its only convention.

    Parameters
    ----------
    flag, name : str
    names : dict
        Hyperparameters that optax calls by another name: ours to its.
    **always
        What optax is always given.
    """
    called = {**OPTAX, **(names or {})}

    def build(settings):
        import optax

        arguments = {called.get(k, k): v for k, v in settings.items() if k != flag}
        return getattr(optax, name)(**always, **arguments)

    return build


def optax_tree(state, name):
    import optax

    return optax.tree.get(state, name)


MOMENTS = dict(m="exp_avg", v="exp_avg_sq")
ROWS = {
    "adagrad": Reference(
        "adagrad",
        "torch.optim.Adagrad",
        (
            {},
            dict(lr=0.5, lr_decay=0.1),
            dict(eps=0.1),
            dict(lr=0.1, weight_decay=0.3),
        ),
        states=dict(total="sum"),
        closed=dict(lr=0.1),
    ),
    "adagrad from a start": Reference(
        "adagrad",
        "torch.optim.Adagrad",
        (dict(lr=0.1, initial_accumulator_value=0.5),),
        states=dict(total=lambda state, group: state["sum"] - 0.5),
    ),
    "adagrad by optax": Reference(
        "adagrad",
        "optax.adagrad",
        (dict(lr=0.1, initial_accumulator_value=0.1, eps=1e-7, eps_in_sqrt=True),),
        build=optax_without("eps_in_sqrt", "adagrad"),
        states=dict(total=lambda state: optax_tree(state, "sum_of_squares") - 0.1),
    ),
    "rmsprop": Reference(
        "rmsprop",
        "torch.optim.RMSprop",
        ({}, dict(lr=0.1, alpha=0.5), dict(alpha=0.0, eps=0.1)),
        states=dict(v="square_avg"),
        closed=dict(lr=1e-3, eps=1.0),
        quadratic=dict(lr=1e-2),
    ),
    "rmsprop with momentum": Reference(
        "rmsprop",
        "torch.optim.RMSprop",
        (
            dict(lr=0.01, momentum=0.9),
            dict(lr=0.01, momentum=0.5, centered=True, eps=1e-3),
        ),
        states=dict(v="square_avg", buffer="momentum_buffer"),
        tolerance=1e-9,
    ),
    "rmsprop by optax": Reference(
        "rmsprop",
        "optax.rmsprop",
        (
            dict(lr=0.1, eps_in_sqrt=True),
            dict(lr=0.1, alpha=0.9, eps=1e-3, eps_in_sqrt=True, centered=True, momentum=0.9),
            dict(lr=0.1, eps_in_sqrt=False, centered=True, eps=1e-3),
        ),
        names=dict(alpha="decay"),
        always=dict(learning_rate=1e-2, decay=0.99),
        tolerance=1e-9,
    ),
    "adadelta": Reference(
        "adadelta",
        "torch.optim.Adadelta",
        ({}, dict(lr=0.5, rho=0.5, eps=1e-3), dict(rho=0.99)),
        states=dict(v="square_avg", moved="acc_delta"),
        closed=dict(lr=1.0),
        chaotic=True,
        tolerance=1e-9,
    ),
    "adam": Reference(
        "adam",
        "torch.optim.Adam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta1=0.0, beta2=0.99),
            dict(beta1=0.95, beta2=0.0, eps=1.0),
        ),
        states=MOMENTS,
        closed=dict(lr=1e-2),
    ),
    "adam by optax": Reference(
        "adam",
        "optax.adam",
        (dict(lr=0.1, eps=1e-3, eps_in_sqrt=True),),
        build=optax_without("eps_in_sqrt", "adam", dict(eps="eps_root"), eps=0.0),
        states=dict(m="mu", v="nu"),
    ),
    "adamw": Reference(
        "adamw",
        "torch.optim.AdamW",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.5),
            dict(lr=0.01, weight_decay=0.0),
        ),
        states=MOMENTS,
        closed=dict(lr=1e-2, weight_decay=0.1),
    ),
    "adamax": Reference(
        "adamax",
        "torch.optim.Adamax",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01), dict(beta1=0.0)),
        states=dict(m="exp_avg", u="exp_inf"),
        closed=dict(lr=1e-2),
    ),
    "nadam": Reference(
        "nadam",
        "torch.optim.NAdam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, momentum_decay=0.1),
            dict(beta1=0.99, momentum_decay=0.0),
            dict(beta1=0.0),
            dict(lr=0.1, weight_decay=0.3),
            dict(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True),
        ),
        states=MOMENTS,
        closed=dict(lr=1e-2),
    ),
    "nadam by optax": Reference(
        "nadam",
        "optax.nadam",
        (dict(lr=0.1, constant_momentum=True), dict(lr=0.1, beta1=0.5, constant_momentum=True)),
        build=optax_without("constant_momentum", "nadam"),
        states=dict(m="mu", v="nu"),
    ),
    "amsgrad": Reference(
        "amsgrad",
        "torch.optim.Adam",
        ({}, dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01)),
        always=dict(amsgrad=True),
        states=dict(**MOMENTS, largest="max_exp_avg_sq"),
        closed=dict(lr=1e-2),
    ),
    "amsgrad by optax": Reference(
        "amsgrad",
        "optax.amsgrad",
        (
            dict(lr=0.1, corrected_maximum=True),
            dict(lr=0.1, beta1=0.5, beta2=0.9, corrected_maximum=True),
        ),
        build=optax_without("corrected_maximum", "amsgrad"),
        states=dict(m="mu", v="nu", largest="nu_max"),
    ),
    "radam": Reference(
        "radam",
        "torch.optim.RAdam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta2=0.5),
            dict(lr=0.1, weight_decay=0.3),
            dict(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True),
        ),
        states=MOMENTS,
        closed=dict(lr=1e-3),
        quadratic=dict(lr=1e-4),
    ),
    "radam by optax": Reference(
        "radam",
        "optax.radam",
        (
            dict(lr=0.1, eps_on_corrected=True),
            dict(lr=0.1, beta1=0.5, eps=0.01, eps_on_corrected=True),
        ),
        build=optax_without("eps_on_corrected", "radam"),
        states=dict(m="mu", v="nu"),
    ),
}
