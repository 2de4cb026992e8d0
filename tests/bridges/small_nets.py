"""The net that optimizers of torch are tried on, and what is read from it. Needs torch."""

import numpy as np
import torch
from torch import nn

INPUTS, HIDDEN, OUTPUTS = 3, 4, 2


class Training:
    """A net of two layers, its data, and a loss whose every evaluation is written down.

    Attributes
    ----------
    points, gradients : list of array [d]
        Where the loss was evaluated, and its gradient.
    values : list of float
    """

    def __init__(self, dtype=torch.float64, bias=True, seed=1):
        draws = torch.Generator().manual_seed(seed)
        self.net = nn.Sequential(
            nn.Linear(INPUTS, HIDDEN, bias=bias), nn.Tanh(), nn.Linear(HIDDEN, OUTPUTS, bias=bias)
        ).to(dtype)
        with torch.no_grad():
            for p in self.net.parameters():
                p.copy_(torch.randn(p.shape, generator=draws))
        self.x = torch.randn(8, INPUTS, generator=draws).to(dtype)
        self.y = torch.randn(8, OUTPUTS, generator=draws).to(dtype)
        self.points, self.gradients, self.values = [], [], []

    @property
    def params(self):
        return list(self.net.parameters())

    def loss(self):
        """What `step` takes: zero the gradients, compute the loss and its gradients."""
        self.net.zero_grad()
        loss = nn.functional.mse_loss(self.net(self.x), self.y)
        loss.backward()
        self.points.append(flat(self.params))
        self.gradients.append(flat([p.grad for p in self.params]))
        self.values.append(float(loss.detach()))
        return loss

    def copy_from(self, other):
        self.net.load_state_dict(other.net.state_dict())


def flat(tensors):
    """Return a copy of all their numbers, one after the other."""
    return np.concatenate([t.detach().numpy().ravel() for t in tensors])


def same_bytes(one, other):
    """Whether two state_dicts, or parts of them, are the same: keys, types, dtypes and bytes."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.numpy().tobytes() == other.numpy().tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_bytes(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_bytes, one, other))
    return type(one) is type(other) and one == other
