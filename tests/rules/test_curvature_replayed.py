"""Rules with Hessian estimates, replayed on given ones: against NumPy and pytorch-optimizer."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError

from .references import distance, inputs
from .transcriptions import curvature
from .transcriptions.wrapping import After, Before

REPLAYED = [
    ("adahessian", dict(eps=1e-16, lr=0.1), {}),
    ("adahessian", dict(lr=0.01, beta1=0.5, beta2=0.9, power=0.5, eps=1e-2), {}),
    ("adahessian", dict(beta1=0.0, beta2=0.0), {}),
    ("sophia", dict(), {}),
    ("sophia", dict(lr=0.1, beta1=0.5, beta2=0.9, gamma=0.3, eps=1e-2, hessian_every=3.0), {}),
    ("sophia", dict(beta1=0.0, beta2=0.999, hessian_every=1.0, weight_decay=0.3), {}),
    ("adahessian", dict(lr=0.1, eps=1e-3), dict(decay=0.1, clip_norm=50.0)),
    ("adahessian", dict(hessian_every=7.0), {}),
]
"""Rules, their settings, and those of wrappers."""


def estimates():
    """Return 1,000 fixed gradients, starts and estimates: of both signs, zeros among the first."""
    gradients, values, start = inputs(1000)
    rng = np.random.default_rng(8)
    hessians = rng.standard_normal(gradients.shape) * 10.0 ** np.arange(-2, gradients.shape[1] - 2)
    gradients[:3, 0] = hessians[:3, 0] = 0.0
    return gradients, values, start, hessians


@pytest.mark.parametrize(("rule", "settings", "around"), REPLAYED)
def test_replay_equals_numpy_over_a_thousand_steps(rule, settings, around):
    gradients, values, start, hessians = estimates()
    points, steps = [start], iter(hessians)

    def step(x, g, t, memory, lr, **hyper):
        return getattr(curvature, rule)(x, g, t, memory, lr=lr, hessian=next(steps), **hyper)

    own = dict(settings)
    rate = own.pop("lr", optbench.optimizers()[rule].hyper["lr"].default)
    memory, after, before = {}, After(start, around, 1000, rate), Before(around)
    for t, gradient in enumerate(gradients, 1):
        x, g = points[-1], before.gradient(points[-1], gradient, memory)
        points.append(after.point(x, step(x, g, t, memory, rate, **own), g, rate))
    run = dict(hessians=hessians, return_state=True, **settings, **around)
    iterates, state = optbench.replay(rule, gradients, start, **run)
    assert distance(iterates, np.array(points)) <= 1e-12
    for name in optbench.optimizers()[rule].state:
        assert distance(state.state[name][:, 0], memory[name]) <= 1e-12


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("rule", "settings", "around"),
    [case for case in REPLAYED if case[0] == "sophia" or case[1].get("hessian_every", 1.0) == 1.0],
)
def test_replay_equals_pytorch_optimizer_over_a_thousand_steps(rule, settings, around):
    """Its AdaHessian corrects the second moment for steps, not for estimates: every step here."""
    import torch

    from .corrected import AdaHessian, SophiaH

    gradients, values, start, hessians = estimates()
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    own = {"adahessian": AdaHessian, "sophia": SophiaH}[rule]([x], **settings)
    every = settings.get("hessian_every", {"adahessian": 1, "sophia": 10}[rule])
    points = [start]
    for t, (gradient, hessian) in enumerate(zip(gradients, hessians, strict=True)):
        x.grad = torch.tensor(gradient, dtype=torch.float64)
        if "clip_norm" in around:
            torch.nn.utils.clip_grad_norm_([x], around["clip_norm"])
        shrunk = own.param_groups[0]["lr"] * around.get("decay", 0.0) * x.detach().clone()
        due = [torch.tensor(hessian, dtype=torch.float64)] if t % every == 0 else None
        own.step(hessian=due)
        x.data.sub_(shrunk)
        points.append(x.detach().numpy().copy())
    iterates = optbench.replay(rule, gradients, start, hessians=hessians, **settings, **around)
    assert distance(iterates, np.array(points)) <= 1e-12


def test_hessians_that_do_not_fit_are_refused():
    with pytest.raises(SettingError, match="adam takes no hessian; leave hessians out"):
        optbench.replay("adam", [[1.0]], [0.0], hessians=[[1.0]])
    with pytest.raises(SettingError, match=r"hessians has shape \[1, 2\]; expected \[1, 1\]"):
        optbench.replay("sophia", [[1.0]], [0.0], hessians=[[1.0, 2.0]])
