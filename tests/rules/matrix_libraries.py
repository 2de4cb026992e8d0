"""Trajectories of matrix rules by other libraries, in float64: see `libraries`."""

import contextlib
import sys
from unittest import mock

import numpy as np

from . import libraries
from .references import matrices
from .transcriptions import preconditioned


def library_walk(case, gradients, start):
    """Return the points [T + 1, d] of a case; NaN where a library does not take a tensor."""
    walk = _optax_walk if case.reference.library.startswith("optax.") else _torch_walk
    with libraries._torch_in_double():
        return walk(case.reference, dict(case.settings), gradients, start)


VECTORS_LEFT_OUT = ("torch.optim.Muon", "optax.contrib.muon", "pytorch_optimizer.MARS")
"""They do not take vectors, or move them otherwise (see the rows' notes)."""
TURNED = ("pytorch_optimizer.NorMuon", "pytorch_optimizer.MARS", "pytorch_optimizer.SCION")
"""Their matrices are [outputs, inputs], and ours of the same cases [inputs, outputs]."""


def _seen(row, tensor):
    """Return a tensor as ours, or NaN for a vector if the row leaves those out."""
    if tensor.ndim == 1:
        left_out = row.library in VECTORS_LEFT_OUT
        return np.full(tensor.shape, np.nan) if left_out else tensor
    return tensor.T if row.library in TURNED else tensor


def _handed(row, tensor):
    """Return a tensor of ours as the library's."""
    return np.ascontiguousarray(tensor.T) if row.library in TURNED else tensor


def _torch_settings(row, settings):
    arguments = dict(settings)
    if row.library == "torch.optim.Adafactor":
        arguments["eps"] = (arguments.pop("eps1", None), arguments.pop("eps2", 1e-3))
    if row.library == "torch.optim.Muon":
        adjust = {False: "original", True: "match_rms_adamw"}
        arguments["adjust_lr_fn"] = adjust[arguments.pop("match_rms_adamw", False)]
        arguments.pop("rows_are_outputs", None)
    if "beta1" in arguments and row.library not in OTHER_NAMES:
        arguments["betas"] = (arguments.pop("beta1"), arguments.pop("beta2"))
    return arguments


OTHER_NAMES = {
    "pytorch_optimizer.NorMuon": lambda tensors, **ours: (
        _parted(tensors, ours, beta2=ours.get("neuron_beta", 0.95), eps=ours.get("eps", 1e-10)),
        dict(
            update_scale="match_rms" if ours.get("match_rms_adamw", True) else "preserve_norm",
            nesterov=bool(ours.get("nesterov", True)), ns_steps=int(ours.get("ns_steps", 5)),
        ),
    ),
    "pytorch_optimizer.AdaMuon": lambda tensors, **ours: (
        _parted(
            tensors, ours, eps=ours.get("eps", 1e-8),
            betas=(ours.get("momentum", 0.95), ours.get("step_beta", 0.95)),
        ),
        dict(use_adjusted_lr=True, ns_steps=int(ours.get("ns_steps", 5))),
    ),
    "pytorch_optimizer.MARS": lambda tensors, **ours: (
        tensors,
        dict(
            mars_type="shampoo", lr=ours.get("lr", 3e-3), gamma=ours.get("gamma", 0.025),
            betas=(ours.get("momentum", 0.95), 0.99), weight_decay=ours.get("weight_decay", 0.0),
        ),
    ),
    "pytorch_optimizer.SCION": lambda tensors, **ours: (
        tensors,
        dict(
            lr=ours.get("lr", 1e-3), momentum=1 - ours.get("momentum", 0.9),
            scale=ours.get("radius", 1.0), constraint=bool(ours.get("constrained", True)),
        ),
    ),
    "pytorch_optimizer.Kron": lambda tensors, **ours: (
        [dict(params=tensors, precondition_lr=ours.get("preconditioner_lr", 0.1))],
        dict(
            lr=ours.get("lr", 1e-3), momentum=ours.get("momentum", 0.9), balance_prob=0.0,
            weight_decay=ours.get("weight_decay", 0.0), precondition_dtype=tensors[0].dtype,
            momentum_into_precondition_update=bool(ours.get("of_momentum", True)),
        ),
    ),
    "corrected.SPlus": lambda tensors, **ours: (
        tensors,
        dict(
            lr=ours.get("lr", 0.1), betas=(ours.get("beta1", 0.9), ours.get("beta2", 0.999)),
            weight_decay=ours.get("weight_decay", 0.01), ema_rate=ours.get("average_beta", 0.999),
            inverse_steps=ours.get("inverse_steps", 100),
            nonstandard_constant=ours.get("vector_rate", 1e-3),
        ),
    ),
}  # fmt: skip
"""Of libraries with other names or groups of tensors: tensors and our settings to theirs."""


def _parted(tensors, ours, **of_matrices):
    """Return groups of matrices and of vectors, as the library tells them apart."""
    common = dict(lr=ours.get("lr", 1e-3), weight_decay=ours.get("weight_decay", 0.1))
    own = {"momentum": ours.get("momentum", 0.95)}
    betas = (ours.get("beta1", 0.9), ours.get("beta2", 0.999))
    return [
        dict(params=[a for a in tensors if a.ndim == 2], use_muon=True, **common, **own)
        | of_matrices,
        dict(params=[a for a in tensors if a.ndim == 1], use_muon=False, **common)
        | dict(betas=betas, eps=ours.get("adamw_eps", 1e-8)),
    ]


def _optimizer(row, settings, tensors):
    cls = libraries._imported(row.library)
    if row.library in OTHER_NAMES:
        groups, arguments = OTHER_NAMES[row.library](tensors, **settings)
        return cls(groups, **arguments)
    takes = [a for a in tensors if a.ndim == 2 or row.library != "torch.optim.Muon"]
    return cls(takes, **_torch_settings(row, settings))


@contextlib.contextmanager
def _in_double(draws):
    """Let pytorch_optimizer stay in float64 where it does not, and draw our normals."""
    import torch
    from pytorch_optimizer.optimizer import psgd
    from pytorch_optimizer.optimizer.utils import matrix

    from .corrected import _Double

    double = _Double()
    double.randn_like = lambda tensor, dtype: torch.tensor(next(draws)).reshape(tensor.shape)
    iteration = matrix.zero_power_via_newton_schulz_5
    before = iteration.__defaults__
    iteration.__defaults__ = (*before[:-1], torch.float64)
    try:
        with mock.patch.object(sys.modules[psgd.__name__], "torch", double):
            yield
    finally:
        iteration.__defaults__ = before


def _torch_walk(row, settings, gradients, start):
    import torch

    tensors = [torch.tensor(_handed(row, a), requires_grad=True) for a in matrices.split(start)]
    points = [start]

    def draws():
        while True:  # of this step, tensor by tensor
            for number, shape in enumerate(matrices.SHAPES):
                yield preconditioned.normals(len(points), number, int(np.prod(shape)))

    with _in_double(draws()):
        optimizer = _optimizer(row, settings, tensors)
        for gradient in gradients:
            for tensor, g in zip(tensors, matrices.split(gradient), strict=True):
                tensor.grad = torch.tensor(_handed(row, g))
            optimizer.step()
            points.append(_point(row, optimizer, tensors))
    return np.array(points)


def _point(row, optimizer, tensors):
    """Return the reported point [d]; the optimizer goes on as if nothing had been."""
    averages = hasattr(optimizer, "eval")
    if averages:
        optimizer.eval()
    point = matrices.join([_seen(row, a.detach().numpy()) for a in tensors])
    if averages:
        optimizer.train()
    return point


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
