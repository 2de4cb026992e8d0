"""Where the checks of problems look, and how they say what is wrong."""

import numpy as np

from optbench.cli.checks.findings import WrongError
from optbench.kernels.sizes import BLOCK
from optbench.lanes.starts import start_points

POINTS = 6
"""Random points of a check."""


def points(problem, count=POINTS, seed=0):
    """Return random points [count, d] of the box, or random weights of a net."""
    if problem.kind == "net":
        return start_points(problem, range(seed, seed + count))
    low, high = problem.box
    return np.random.default_rng(seed).uniform(low, high, (count, problem.dim))


def tensors(problem):
    """Return the numbers of the coordinates of each parameter tensor, padding left out.

    A surface is one tensor.
    """
    layers = problem.tensor_table
    count = (len(layers) - 1) // 3
    first, sizes = layers[:count], layers[count + 1 : 2 * count + 1]
    width = BLOCK if problem.across else 1
    return [np.arange(size) + width * row for row, size in zip(first, sizes, strict=True)]


def size(problem):
    """Return the number of parameters, padding left out."""
    return sum(map(len, tensors(problem)))


def chosen(problem, most, rng):
    """Return at most so many random coordinates that are trained, some of every tensor."""
    drawn = [rng.permutation(np.intersect1d(one, problem.trained)) for one in tensors(problem)]
    turns = sorted((turn, i, at) for i, one in enumerate(drawn) for turn, at in enumerate(one))
    return np.array([at for _, _, at in turns[:most]], np.int64)


def start(problem):
    """Return where seed 0 starts [d]."""
    return start_points(problem, [0])[0]


def wrong(problem, text):
    """Return the error that names the problem and the place of its definition."""
    return WrongError(f"{problem.definition.place}: {problem.name}: {text}")


def scale(problem, x):
    """Return how far coordinates may be moved for differences."""
    if problem.kind == "net":
        return np.full(problem.dim, 0.1)
    low, high = problem.box
    return np.minimum(0.5 * (high - low), 1.0 + np.abs(x))
