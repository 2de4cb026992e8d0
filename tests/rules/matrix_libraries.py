"""Trajectories of matrix rules by other libraries, in float64: see `libraries`."""

import numpy as np

from . import libraries
from .references import matrices


def library_walk(case, gradients, start):
    """Return the points [T + 1, d] of a case; NaN where a library does not take a tensor."""
    walk = _optax_walk if case.reference.library.startswith("optax.") else _torch_walk
    with libraries._torch_in_double():
        return walk(case.reference, dict(case.settings), gradients, start)


def _seen(row, tensor):
    """Return a tensor, or NaN for a vector if the row leaves those out."""
    left_out = row.library.endswith(("Muon", "muon")) and tensor.ndim == 1
    return np.full(tensor.shape, np.nan) if left_out else tensor


def _torch_settings(row, settings):
    arguments = dict(settings)
    if row.library == "torch.optim.Adafactor":
        arguments["eps"] = (arguments.pop("eps1", None), arguments.pop("eps2", 1e-3))
    if row.library == "torch.optim.Muon":
        adjust = {False: "original", True: "match_rms_adamw"}
        arguments["adjust_lr_fn"] = adjust[arguments.pop("match_rms_adamw", False)]
        arguments.pop("rows_are_outputs", None)
    if "beta1" in arguments:
        arguments["betas"] = (arguments.pop("beta1"), arguments.pop("beta2"))
    return arguments


def _torch_walk(row, settings, gradients, start):
    import torch

    tensors = [torch.tensor(a, requires_grad=True) for a in matrices.split(start)]
    takes = [a for a in tensors if a.ndim == 2 or row.library != "torch.optim.Muon"]
    optimizer = libraries._imported(row.library)(takes, **_torch_settings(row, settings))
    points = [start]
    for gradient in gradients:
        for tensor, g in zip(tensors, matrices.split(gradient), strict=True):
            tensor.grad = torch.tensor(g)
        optimizer.step()
        points.append(matrices.join([_seen(row, a.detach().numpy()) for a in tensors]))
    return np.array(points)


def _optax_walk(row, settings, gradients, start):
    import jax
    import optax

    with jax.enable_x64(True):
        transformation = libraries._optax_rule(row, settings)

        @jax.jit
        def step(x, state, gradient):
            updates, state = transformation.update(gradient, state, x)
            return optax.apply_updates(x, updates), state

        x = [jax.numpy.asarray(a) for a in matrices.split(start)]
        state = transformation.init(x)
        points = [start]
        for gradient in gradients:
            x, state = step(x, state, [jax.numpy.asarray(a) for a in matrices.split(gradient)])
            points.append(matrices.join([_seen(row, np.asarray(a)) for a in x]))
    return np.array(points)
