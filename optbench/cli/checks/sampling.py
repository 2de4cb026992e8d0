"""Points and coordinates where problems are checked, and the error that names a problem."""

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats, Problem
from optbench.cli.checks.findings import WrongError
from optbench.kernels.sizes import BLOCK
from optbench.lanes.starts import start_points

POINTS = 6
"""Random points of a check."""


def points(problem: Problem, count: int = POINTS, seed: int = 0) -> Floats:
    """Return random points [count, d] of the box, or random weights of a net."""
    if problem.box is None:
        return start_points(problem, range(seed, seed + count))
    low, high = problem.box
    return np.random.default_rng(seed).uniform(low, high, (count, problem.dim))


def tensors(problem: Problem) -> list[NDArray[np.int64]]:
    """Return the numbers of the coordinates of each parameter tensor, padding left out.

    A surface that declares no shape is one tensor.
    """
    layers = problem.tensor_table
    count = (len(layers) - 1) // 3
    first, sizes = layers[:count], layers[count + 1 : 2 * count + 1]
    width = BLOCK if problem.across else 1
    return [np.arange(size) + width * row for row, size in zip(first, sizes, strict=True)]


def size(problem: Problem) -> int:
    """Return the number of parameters, padding left out."""
    return sum(map(len, tensors(problem)))


def coordinates(problem: Problem, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return at most so many random coordinates that are trained, some of every tensor."""
    shuffled = [rng.permutation(np.intersect1d(t, problem.trained)) for t in tensors(problem)]
    turns = sorted((turn, i, at) for i, row in enumerate(shuffled) for turn, at in enumerate(row))
    return np.array([at for _, _, at in turns[:most]], np.int64)


def start(problem: Problem) -> Floats:
    """Return where seed 0 starts [d]."""
    first: Floats = start_points(problem, [0])[0]
    return first


def wrong(problem: Problem, text: str) -> WrongError:
    """Return the error that names the problem and the place of its definition."""
    return WrongError(f"{problem.definition.place}: {problem.name}: {text}")


def scale(problem: Problem, x: Floats) -> Floats:
    """Return how far coordinates may be moved for differences."""
    if problem.box is None:
        return np.full(problem.dim, 0.1)
    low, high = problem.box
    return np.minimum(0.5 * (high - low), 1.0 + np.abs(x))
