"""torch on the device: all lanes in one tensor, gradients by formula, the fused optimizer."""

import torch

from .torch_gradients import GRADIENTS


def _device():
    if not torch.cuda.is_available():
        raise RuntimeError("torch sees no CUDA device")
    return "cuda"


def runner(work, device, steps=None):
    """Return a function that takes the steps and returns the last points [lanes, d]."""
    gradient, starts = GRADIENTS[work.problem], torch.tensor(work.starts().T.copy(), device=device)

    def run():
        x = torch.nn.Parameter(starts.clone())
        x.grad = torch.empty_like(x)
        room = torch.empty_like(x[:-1])
        rules = {"adam": torch.optim.Adam, "gd": torch.optim.SGD}
        optimizer = rules[work.rule]([x], lr=work.lr, fused=True)
        with torch.no_grad():
            for _ in range(steps or work.steps):
                gradient(x.data, x.grad, room)
                optimizer.step()
        return x.detach().T

    return run


def timed(run):
    """Return a contender that is timed by events of the device."""

    def contender():
        begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begun.record()
        run()
        ended.record()
        ended.synchronize()
        return begun.elapsed_time(ended) / 1e3

    return contender


def surface(work):
    """Return a contender."""
    return timed(runner(work, _device()))


def net(start, X, y, steps, lr, device=None):
    """Return a contender: `count` nets at once, batched products, autograd and fused Adam.

    Parameters
    ----------
    start : list of ndarray
        W1 [n, 64, 32], b1 [n, 1, 32], W2 [n, 32, 10], b2 [n, 1, 10].
    X, y : ndarray [b, 64], [b]
    """
    torch.backends.cuda.matmul.allow_tf32 = False
    chosen = device or _device()
    X, y = torch.tensor(X, device=chosen), torch.tensor(y, device=chosen)

    def run():
        params = [torch.tensor(v, device=chosen, requires_grad=True) for v in start]
        optimizer = torch.optim.Adam(params, lr=lr, fused=True)
        count = len(start[0])
        targets = y.repeat(count)
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            hidden = torch.relu(torch.baddbmm(params[1], X.expand(count, *X.shape), params[0]))
            out = torch.baddbmm(params[3], hidden, params[2]).flatten(0, 1)
            # The sum over nets of mean losses: each net gets the gradient of its own.
            (torch.nn.functional.cross_entropy(out, targets) * count).backward()
            optimizer.step()
        return [p.detach() for p in params]

    return run if device else timed(run)
