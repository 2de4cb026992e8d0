"""torch over all lanes with the gradient by formula, and one lane as in a training script.

Over all lanes the tensor is [d, lanes], the gradient is written in place and the optimizer is the
fused one: the fastest form that eager torch has.
"""

import torch

from .cases import Case, best_peer, timed
from .engine import Work
from .peers_numpy import check
from .torch_gradients import GRADIENTS

REQUIRED_LANES = 9.0
REQUIRED_LOOP, REQUIRED_ADAM_LOOP = 100.0, 10_000.0
STEPS_LANES, STEPS_LOOP = 200, 300

torch.set_num_threads(1)


def _optimizer(rule, lr, x):
    if rule == "adam":
        return torch.optim.Adam([x], lr=lr, fused=x.ndim == 2)
    return torch.optim.SGD(
        [x], lr=lr, momentum=0.9 if rule == "momentum" else 0.0, fused=x.ndim == 2
    )


def run_lanes(rule, lr, starts, steps):
    """Run all lanes in one tensor; return the last points [lanes, d]."""
    x = torch.nn.Parameter(torch.tensor(starts.T.copy()))
    x.grad = torch.empty_like(x)
    optimizer = _optimizer(rule, lr, x)
    room = torch.empty_like(x.data[:-1])
    with torch.no_grad():
        for _ in range(steps):
            GRADIENTS["rosenbrock"](x.data, x.grad, room)
            optimizer.step()
    return x.detach().numpy().T


def run_loop(rule, lr, starts, steps):
    """Run lane 0 as in a training script: autograd, one small tensor, one step at a time."""
    x = torch.tensor(starts[0], requires_grad=True)
    optimizer = _optimizer(rule, lr, x)
    for _ in range(steps):
        optimizer.zero_grad()
        f = (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()
        f.backward()
        optimizer.step()
    return x.detach().numpy()[None]


def _build(work, name, run, steps, lanes):
    def peer(starts, steps):
        return run(work.rule, work.lr, starts, steps)

    check(work, name, peer)
    starts = work.starts()
    return {
        "optbench": work.contender(),
        name: timed(lambda: peer(starts, steps), lanes * steps),
    }


def cases():
    """Three rules on Rosenbrock's function, against all lanes and against the loop."""
    for rule in ("gd", "momentum", "adam"):
        for dim in (2, 10):
            work = Work(rule, "rosenbrock", dim, "float64", 4096, 4000 // dim)
            adam = (rule, dim) == ("adam", 2)
            yield _case(
                work, "torch, fused", run_lanes, STEPS_LANES, 4096, REQUIRED_LANES if adam else None
            )
            required = REQUIRED_ADAM_LOOP if adam else REQUIRED_LOOP
            yield _case(work, "torch, one lane", run_loop, STEPS_LOOP, 1, required)


def _case(work, name, run, steps, lanes, required):
    def build():
        return _build(work, name, run, steps, lanes)

    return Case("torch", f"{name}: {work}", build, best_peer(), required)
