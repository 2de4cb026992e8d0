"""The same trajectories by other libraries, in float64: what the oracle file is made of.

The libraries are heavy and only needed by the conformance tests, so the functions import them.
"""

import contextlib
import importlib
import inspect
import types

import numpy as np

AROUND = (
    "centralise", "clip_value", "clip_norm", "grokfast_lamb", "grokfast_alpha", "ema", "ema_start",
    "tail",
)  # fmt: skip
"""Settings of wrappers that are functions of their own in torch."""
OPTAX_NAMES = {"lr": "learning_rate", "beta1": "b1", "beta2": "b2"}
LIBRARIES = ("torch", "optax", "jax", "pytorch_optimizer", "schedulefree", "numpy")


def library_walk(case, gradients, values, start, stored_steps=()):
    """Return what a library makes of a case.

    Returns
    -------
    reported, query : ndarray [T + 1, d]
    states : dict of str to ndarray [len(stored_steps), d]
        What the row compares, after these steps.
    """
    dotted = case.reference.base or case.reference.library
    walk = _optax_walk if dotted.startswith("optax.") else _torch_walk
    with _torch_in_double():
        return walk(case.reference, dict(case.settings), gradients, values, start, stored_steps)


@contextlib.contextmanager
def _torch_in_double():
    """Make float64 torch's default: some rules keep scalars in the default dtype."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _imported(dotted):
    module, _, name = dotted.rpartition(".")
    if module == "corrected":
        return getattr(importlib.import_module(".corrected", __package__), name)
    return getattr(importlib.import_module(module), name)


def _split(settings, prefix):
    """Take the settings with a prefix out, and return them without it."""
    names = [name for name in settings if name.startswith(prefix)]
    return {name.removeprefix(prefix): settings.pop(name) for name in names}


def _torch_optimizer(row, settings, x):
    """Make the optimizer; a name with an index, as in "betas[1]", is one element of a tuple."""
    cls = _imported(row.base or row.library)
    taken = inspect.signature(cls).parameters
    pairs = {f"beta{i + 1}": f"betas[{i}]" for i in range(3)} if "betas" in taken else {}
    names, arguments = {**pairs, **row.names}, dict(row.always)
    for ours, value in settings.items():
        name, _, index = names.get(ours, ours).partition("[")
        if index:
            elements = list(arguments.get(name, taken[name].default))
            elements[int(index[:-1])] = value
            value = tuple(elements)
        elif name in taken and isinstance(taken[name].default, bool):
            value = bool(value)
        arguments[name] = value
    return cls([x], **arguments)


def _torch_walk(row, settings, gradients, values, start, stored_steps):
    import torch

    plateau = _split(settings, "plateau_")
    assert plateau.pop("as_torch", True)
    around = {name: settings.pop(name) for name in AROUND if name in settings}
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    average = _torch_average(around, x)
    optimizer = _torch_optimizer(row, settings, x)
    scheduler = None
    if plateau:
        # eps = 0: torch would stop to lower rates that are almost 0
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, eps=0.0, **plateau)
    filtering = _torch_gradient_filter(around, x)
    first = len(gradients) * max(around.get("ema_start", 0.0), 1.0 - around.get("tail", 1.0))
    reported, query, states = [start], [start], []
    for t, (gradient, value) in enumerate(zip(gradients, values, strict=True), 1):
        x.grad = torch.tensor(gradient, dtype=torch.float64)
        _torch_gradient(around, x)
        filtering()
        if scheduler is not None:
            scheduler.step(value)
        if hasattr(optimizer, "train"):
            optimizer.train()
        optimizer.step()
        query.append(x.detach().numpy().copy())
        reported.append(_reported_by_torch(row, optimizer, x))
        if average is not None and t > first:
            average.update_parameters(torch.nn.ParameterList([x]))
            reported[-1] = average.module[0].detach().numpy().copy()
        if t in stored_steps:
            states.append(_torch_states(row, optimizer, x))
    return np.array(reported), np.array(query), _stacked(states)


def _torch_gradient(around, x):
    """Apply what is done to a gradient, in the order of optbench."""
    import torch
    from pytorch_optimizer.optimizer.gradient_centralization import centralize_gradient

    if "centralise" in around:
        centralize_gradient(x.grad.view(1, -1))
    if "clip_value" in around:
        torch.nn.utils.clip_grad_value_([x], around["clip_value"])
    if "clip_norm" in around:
        torch.nn.utils.clip_grad_norm_([x], around["clip_norm"])


def _torch_gradient_filter(around, x):
    """Return what adds the running mean of gradients to the gradient, if that is asked for."""
    from pytorch_optimizer.optimizer.grokfast import gradfilter_ema

    grokfast = _split(around, "grokfast_")
    if not grokfast:
        return lambda: None
    model = types.SimpleNamespace(named_parameters=lambda: [("x", x)])
    means = None

    def add():
        nonlocal means
        means = gradfilter_ema(model, means, **grokfast)

    return add


def _torch_average(around, x):
    import torch

    parameters = torch.nn.ParameterList([x])
    if "ema" in around:
        how = torch.optim.swa_utils.get_ema_multi_avg_fn(around["ema"])
        return torch.optim.swa_utils.AveragedModel(parameters, multi_avg_fn=how)
    return torch.optim.swa_utils.AveragedModel(parameters) if "tail" in around else None


def _reported_by_torch(row, optimizer, x):
    """Return the point to evaluate at; the optimizer is left as it was."""
    if row.evaluated is not None:
        return np.array(row.evaluated(optimizer.state[x], x.detach().numpy()))
    if not hasattr(optimizer, "eval"):
        return x.detach().numpy().copy()
    before = x.detach().clone()
    optimizer.eval()
    point = x.detach().numpy().copy()
    optimizer.train()
    x.data.copy_(before)
    return point


def _torch_states(row, optimizer, x):
    state, group = optimizer.state[x], optimizer.param_groups[0]
    states = {
        ours: theirs(state, group) if callable(theirs) else state[theirs]
        for ours, theirs in row.states.items()
    }
    return {name: np.array(value, np.float64) for name, value in states.items()}


def _stacked(states):
    """Turn a list of dicts into a dict of arrays [steps, d] (d = 1 for a lane's state)."""
    names = states[0] if states else ()
    return {name: np.array([np.atleast_1d(one[name]) for one in states]) for name in names}


def _optax_rule(row, settings):
    if row.build is not None:
        return row.build(settings)
    names = {**OPTAX_NAMES, **row.names}
    arguments = {names.get(name, name): value for name, value in settings.items()}
    return _imported(row.base or row.library)(**{**row.always, **arguments})


def _optax_walk(row, settings, gradients, values, start, stored_steps):
    import jax
    import optax

    rho = settings.pop("sam_rho", None)
    each = 1 if rho is None else 2
    evaluated = row.evaluated or (lambda state, x: x)
    with jax.enable_x64(True):
        transformation = _optax_rule(row, settings)
        if rho is not None:
            ascent = optax.chain(optax.contrib.normalize(), optax.sgd(rho))
            transformation = optax.contrib.sam(transformation, ascent, sync_period=2)
        transformation = optax.with_extra_args_support(transformation)

        @jax.jit
        def step(x, state, gradient, value):
            extra = {"value": value} if rho is None else {}  # SAM hands nothing on
            updates, state = transformation.update(gradient, state, x, **extra)
            return optax.apply_updates(x, updates), state

        x = jax.numpy.asarray(start, dtype="float64")
        state = transformation.init(x)
        query, reported, states = [np.asarray(x)], [np.asarray(x)], []
        for i, (gradient, value) in enumerate(zip(gradients, values, strict=True)):
            x, state = step(x, state, jax.numpy.asarray(gradient), jax.numpy.asarray(value))
            query.append(np.asarray(x))
            between = (i + 1) % each
            reported.append(reported[-1] if between else np.asarray(evaluated(state, x)))
            if not between and (i + 1) // each in stored_steps:
                states.append(_optax_states(row, state))
    return np.array(reported), np.array(query), _stacked(states)


def _optax_states(row, state):
    import optax

    return {
        ours: np.asarray(theirs(state) if callable(theirs) else optax.tree.get(state, theirs))
        for ours, theirs in row.states.items()
    }
