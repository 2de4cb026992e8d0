"""Make stacks.npz: losses and gradients of random stacks of layers by torch autograd.

Run ``python -m tests.oracles.make_stacks`` in an environment with torch; all is float64. Nets and
their data are those of `tests.nets.stacks`. Of a gradient the file holds the products with a few
random vectors; of 200 steps of gradient descent those of the last parameters.
"""

import json
from pathlib import Path

import numpy as np
import torch

from tests.nets.stacks import RATE, STEPS, TRAINED, directions, random_data, random_net
from tests.nets.torch_twin import tensors_of, torch_loss_and_grad, trained

FILE = Path(__file__).with_name("stacks.npz")
STACKS = 60


def flat(net, by_key):
    """Return ``params[P]`` of tensors as torch has them."""
    vector = np.zeros(net.dim)
    shown = net.unflatten(vector)
    for layer, name, key in net.probe.names:
        shown[layer - 1][name][...] = by_key[key]
    return vector


def values(seed):
    """Return loss and products of the gradient of a stack."""
    net = random_net(seed)
    X, y, params = random_data(net, seed)
    loss, gradient = torch_loss_and_grad(net, params, X, y)
    return [loss, *(directions(net, seed) @ flat(net, gradient))]


def last(seed):
    """Return products of the parameters after gradient descent."""
    net = random_net(seed)
    X, y, params = random_data(net, seed)
    leaves = trained(net, *tensors_of(net, params), X, y, STEPS, RATE)
    return directions(net, seed) @ flat(net, {k: v.detach().numpy() for k, v in leaves.items()})


if __name__ == "__main__":
    np.savez_compressed(
        FILE,
        values=np.array([values(seed) for seed in range(STACKS)]),
        trained=np.array([last(seed) for seed in TRAINED]),
        versions=json.dumps({"torch": torch.__version__, "numpy": np.__version__}),
    )
