"""The same trajectories by torch and optax, in float64: what the oracle file is made of.

torch and JAX are heavy and only needed by the conformance tests, so the functions import them.
"""

import contextlib
import inspect

import numpy as np

TORCH = {
    # rule: class, what is always given (torch has other defaults there)
    "gd": ("SGD", {"lr": 1e-2}),
    "sgd": ("SGD", {"lr": 1e-2}),
    "momentum": ("SGD", {"lr": 1e-2, "momentum": 0.9}),
    "nesterov": ("SGD", {"lr": 1e-2, "momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "nadam": ("NAdam", {}),
}


def library_walk(case, gradients, values, start):
    """Return the reported and the query points [T + 1, d] of a case, by its library."""
    if case.reference.library.startswith("torch."):
        with _torch_in_double():
            points = _torch_walk(case.rule, dict(case.settings), gradients, values, start)
        return points, points
    return _optax_walk(case.rule, dict(case.settings), gradients, start)


@contextlib.contextmanager
def _torch_in_double():
    """Make float64 torch's default: NAdam keeps its product of momenta in the default dtype."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _split(settings, prefix):
    """Take the settings with a prefix out, and return them without it."""
    names = [name for name in settings if name.startswith(prefix)]
    return {name.removeprefix(prefix): settings.pop(name) for name in names}


def _torch_optimizer(rule, settings, x):
    import torch

    name, always = TORCH[rule]
    cls = getattr(torch.optim, name)
    given = always | settings
    if "beta1" in given or "beta2" in given:
        beta1, beta2 = inspect.signature(cls).parameters["betas"].default
        given["betas"] = (given.pop("beta1", beta1), given.pop("beta2", beta2))
    return cls([x], **given)


def _torch_walk(rule, settings, gradients, values, start):
    import torch

    clip_norm, plateau = settings.pop("clip_norm", None), _split(settings, "plateau_")
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = _torch_optimizer(rule, settings, x)
    scheduler = None
    if plateau:
        # eps = 0: torch would stop to lower rates that are almost 0
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, eps=0.0, **plateau)
    points = [start]
    for gradient, value in zip(gradients, values, strict=True):
        x.grad = torch.tensor(gradient, dtype=torch.float64)
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([x], clip_norm)
        if scheduler is not None:
            scheduler.step(value)
        optimizer.step()
        points.append(x.detach().numpy().copy())
    return np.array(points)


def _optax_rule(rule, settings):
    """Return optax's transformation and the function that gives the reported point."""
    import optax

    def query(state, x):
        return x

    if rule == "schedule_free_sgd":
        lr, power = settings.get("lr", 1.0), settings.get("power", 0.0)
        # The weight of step t is (largest rate so far)^weight_lr_power: a rate t gives t^power.
        transformation = optax.contrib.schedule_free(
            optax.sgd(lr), lambda t: t, b1=settings.get("beta", 0.9), weight_lr_power=power
        )
        return transformation, optax.contrib.schedule_free_eval_params
    if rule == "gd":
        return optax.sgd(settings.get("lr", 1e-2)), query
    names = {"lr": "learning_rate", "beta1": "b1", "beta2": "b2"}
    given = {names.get(name, name): value for name, value in settings.items()}
    given.setdefault("learning_rate", {"lion": 1e-4, "adam": 1e-3}[rule])
    return getattr(optax, rule)(**given), query


def _optax_walk(rule, settings, gradients, start):
    import jax
    import optax

    rho = settings.pop("sam_rho", None)
    with jax.enable_x64(True):
        transformation, evaluated = _optax_rule(rule, settings)
        if rho is not None:
            ascent = optax.chain(optax.contrib.normalize(), optax.sgd(rho))
            transformation = optax.contrib.sam(transformation, ascent, sync_period=2)

        @jax.jit
        def step(x, state, gradient):
            updates, state = transformation.update(gradient, state, x)
            return optax.apply_updates(x, updates), state

        x = jax.numpy.asarray(start, dtype="float64")
        state = transformation.init(x)
        query, reported = [np.asarray(x)], [np.asarray(x)]
        for i, gradient in enumerate(gradients):
            x, state = step(x, state, jax.numpy.asarray(gradient))
            query.append(np.asarray(x))
            between = rho is not None and i % 2 == 0
            reported.append(reported[-1] if between else np.asarray(evaluated(state, x)))
    return np.array(reported), np.array(query)
