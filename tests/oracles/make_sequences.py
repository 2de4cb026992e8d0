"""Make sequences.npz: losses and gradients of random stacks of layers of sequences by torch.

Run ``python -m tests.oracles.make_sequences`` in an environment with torch; all is float64. Nets
and their data are those of `tests.nets.sequence_stacks`; the file holds what `make_stacks` holds.
"""

import json
from pathlib import Path

import numpy as np
import torch

from tests.nets.sequence_stacks import STACKS, random_sequence_data, random_sequence_net
from tests.nets.stacks import directions
from tests.nets.torch_twin import torch_loss_and_grad
from tests.oracles.make_stacks import flat

FILE = Path(__file__).with_name("sequences.npz")


def values(seed):
    """Return loss and products of the gradient of a stack."""
    net = random_sequence_net(seed)
    X, y, params = random_sequence_data(net, seed)
    loss, gradient = torch_loss_and_grad(net, params, X, y)
    return [loss, *(directions(net, seed) @ flat(net, gradient))]


if __name__ == "__main__":
    np.savez_compressed(
        FILE,
        values=np.array([values(seed) for seed in range(STACKS)]),
        versions=json.dumps({"torch": torch.__version__, "numpy": np.__version__}),
    )
