"""Shapes and places of a net's parameter tensors."""

import numpy as np

from optbench.nets.layout import LANES


def tensor_shapes(net):
    """Return the shape of every parameter tensor of an `MLP`, in their order."""
    # The tensors are views, in which each number is its own place.
    numbers = np.arange(int(net.layers[-1]) * LANES)
    views = [view for pair in net.unflatten(numbers) for view in pair]
    views += [view for layer in net.extras(numbers) for view in layer.values()]
    shapes = {}
    for view in views:  # the first is the owner's: layers that are tied to it are transposed
        shapes.setdefault(int(view.flat[0]), view.shape)
    return [shapes[LANES * row] for row in net.layers[:-1]]
