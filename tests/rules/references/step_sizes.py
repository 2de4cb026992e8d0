"""References of step sizes from values, gradients and distances."""

from .table import Reference


def sps(settings):
    """Return optax's Polyak step with the gap cut at 0."""
    import optax

    names = {"lr": "max_learning_rate"}
    arguments = {names.get(name, name): value for name, value in settings.items()}
    return optax.polyak_sgd(variant="sps+", **arguments)


def dog(lr=1.0, reps_rel=1e-6, eps=1e-8):
    """Return optax's DoG with the first distance of the paper."""
    import optax

    return optax.contrib.dog(lr, ("heuristic", reps_rel), eps)


ROWS = {
    "polyak": Reference(
        "polyak",
        "optax.polyak_sgd",
        (
            {},
            dict(lr=0.1, f_min=-1.0, eps=1e-3),
            dict(lr=10.0, f_min=-2.0, eps=100.0),
        ),
        build=sps,
        closed=dict(lr=1.0),
        chaotic=True,
        note="variant sps+; optax makes no step where |g|^2 + eps is below 2e-16, we where g = 0",
    ),
    "polyak, scaled": Reference(
        "polyak",
        None,
        (dict(c=0.5), dict(lr=1e-4, c=0.2, f_min=-1.0)),
        closed=dict(c=0.5),
        chaotic=True,
        note="optax's scaling multiplies g before the step is taken: c = scaling, outside the min",
    ),
    "polyak_estimate": Reference(
        "polyak_estimate",
        None,
        ({}, dict(lr=0.1, gamma=1.0, delay=3.0)),
        closed=dict(gamma=100.0),
        quadratic=dict(gamma=1e4, delay=1.0),
        chaotic=True,
    ),
    "barzilai_borwein": Reference(
        "barzilai_borwein",
        None,
        ({}, dict(lr=0.1, short=1), dict(lr=1.0)),
        1e-9,
        closed=dict(lr=1e-3, short=1),
        quadratic=dict(lr=1e-5),
        chaotic=True,
    ),
    "dog": Reference(
        "dog",
        "optax.contrib.dog",
        ({}, dict(lr=0.5, reps_rel=1e-3), dict(eps=10.0)),
        1e-9,
        build=lambda settings: dog(**settings),
        states=dict(
            farthest=lambda state: state[1].max_dist,
            summed=lambda state: state[1].sum_sq_norm_grads,
            x_start=lambda state: state[1].init_params,
        ),
        closed=dict(reps_rel=1e-3),
    ),
    "dowg": Reference(
        "dowg",
        "optax.contrib.dowg",
        ({}, dict(lr=0.5, init_estim_sq_dist=0.1), dict(eps=1.0, init_estim_sq_dist=1e-4)),
        1e-9,
        states=dict(
            farthest=lambda state: state[1].estim_sq_dist,
            weighted=lambda state: state[1].weighted_sq_norm_grads,
            x_start=lambda state: state[1].init_params,
        ),
        closed={},
        chaotic=True,
    ),
    "cocob": Reference(
        "cocob",
        "optax.contrib.cocob",
        ({}, dict(lr=0.1, alpha=10.0, weight_decay=0.01), dict(eps=1.0)),
        states=dict(
            x_start="init_particles", bets="cumulative_gradients", scale="scale",
            total="subgradients", reward="reward",
        ),
        closed={},
    ),
}  # fmt: skip
