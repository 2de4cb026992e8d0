"""Layers of images by themselves, nets of them, and NumPy's windows."""

import numpy as np

from optbench.nets.layers import (
    Activation,
    AvgPool2d,
    Conv2d,
    Dense,
    Flatten,
    MaxPool2d,
)
from optbench.nets.packing import padded
from optbench.nets.tape.records import D_OUT

from .single import Single

CLOSE = 1e-9


def alone(layer, shape, rows):
    """Return a layer by itself; one without tensors is given a place for dLoss/d(outputs)."""
    single = Single(layer, shape, rows)
    if single.q[single.record + D_OUT] < 0:
        single.q[single.record + D_OUT] = single.size
        single.size += padded(rows * single.output.size)
    return single


def drawn(single, shape, rows, seed=1):
    """Return inputs and dLoss/d(outputs) for a layer, without equal numbers."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, *shape)), rng.standard_normal((rows, *single.output.shape))


NETS = {
    "one register of channels": [
        Conv2d(8, 3, padding=1), Activation("relu"), MaxPool2d(2), Conv2d(16, 2),
        Activation("tanh"), AvgPool2d(2, 1), Flatten(), Dense(3),
    ],
    "odd channels": [
        Conv2d(5, 2, 2, 1, bias=False), Activation("gelu"), AvgPool2d(2, 1), Conv2d(3, 3, 1, 1),
        Activation("relu"), MaxPool2d(3, 1), Flatten(), Dense(4),
    ],
}  # fmt: skip
