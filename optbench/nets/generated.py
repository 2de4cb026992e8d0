"""Generated data sets, and the loss of a student on fresh draws.

What is drawn is drawn afresh for every instance of a problem, from one law: teachers and maps,
which belong to it, are the same in all. An instance is the same numbers every time.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import stream_key

BITS = 8
"""Length of the words of `parity`."""

TEACHER_SIZES = (16, 4, 1)
"""Inputs, hidden tanh units and outputs of the teacher; no biases."""


Examples: TypeAlias = tuple[NDArray[np.float64], NDArray[Any]]
"""X [n, k], and labels int [n] or answers float [n, m]."""


class Student(Protocol):
    """What `generalisation_loss` needs of a net."""

    def predict(self, params: NDArray[Any], X: NDArray[Any]) -> NDArray[Any]:
        """Return the outputs [n, 1] for inputs [n, 16]."""


def _rng(*parts: str | int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=int(stream_key("data", *parts))))


def _draws(name: str, instance: int) -> np.random.Generator:
    """Return what an instance of a data set is drawn from."""
    return _rng(name, instance) if instance else _rng(name)


def xor(instance: int = 0) -> Examples:
    """400 points around the corners of a square, spread 0.25; the label is whether signs differ."""
    rng = _draws("xor", instance)
    corners = np.tile([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], (100, 1))
    return corners + 0.25 * rng.standard_normal(corners.shape), np.tile([0, 1, 1, 0], 100)


def moons(instance: int = 0) -> Examples:
    """600 points on two interleaved half circles of radius 1, with noise 0.15."""
    t = np.linspace(0.0, math.pi, 300)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1.0 - np.cos(t), 0.5 - np.sin(t)])
    X = np.concatenate([upper, lower]) - [0.5, 0.25]
    noise = _draws("moons", instance).standard_normal(X.shape)
    return X + 0.15 * noise, np.repeat([0, 1], 300)


def two_spirals() -> Examples:
    """Two spirals of three turns, 385 points each (Lang and Witbrock 1988, at density 4).

    With density 1, the 97 points of the paper, spirals are too sparse to split into three parts.
    """
    i = np.arange(4 * 96 + 1) / 4.0
    angle, radius = i * math.pi / 16.0, 6.5 * (104.0 - i) / 104.0
    arm = radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return np.concatenate([arm, -arm]), np.repeat([0, 1], len(arm))


def parity() -> Examples:
    """All 256 words of 8 bits, as -1 and 1; the label is 1 for an odd number of ones."""
    bits = np.arange(2**BITS)[:, None] >> np.arange(BITS) & 1
    return np.where(bits == 1, 1.0, -1.0), bits.sum(axis=1) % 2


def teacher() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the teacher's weights: W [16, 4], v [4, 1], of variance one over their inputs."""
    rng = _rng("teacher")
    n_in, hidden, n_out = TEACHER_SIZES
    W = rng.standard_normal((n_in, hidden)) / math.sqrt(n_in)
    return W, rng.standard_normal((hidden, n_out)) / math.sqrt(hidden)


def teacher_outputs(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return the teacher's outputs tanh(X W) v [n, 1] for inputs [n, 16] (Saad, Solla 1995)."""
    W, v = teacher()
    return np.asarray(np.tanh(X @ W) @ v)


def teacher_student(instance: int = 0) -> Examples:
    """1000 standard normal inputs and the teacher's outputs for them."""
    X = _draws("teacher inputs", instance).standard_normal((1000, TEACHER_SIZES[0]))
    return X, teacher_outputs(X)


def generalisation_loss(
    net: Student, params: NDArray[Any], draws: int = 1_000_000, seed: int = 0
) -> tuple[float, float]:
    """Return the mean squared error of a student on fresh inputs, as mean and standard error.

    Parameters
    ----------
    net : optbench.nets.MLP
        With 16 inputs, 1 output and loss "mse".
    params : array [P]
    draws : int
        Number of inputs, none of which is in `teacher_student`.
    seed : int

    Returns
    -------
    mean, error : float
    """
    rng, total, squares, left = _rng("fresh", seed), 0.0, 0.0, draws
    while left:
        X = rng.standard_normal((min(left, 50_000), TEACHER_SIZES[0]))
        losses = np.square(net.predict(params, X) - teacher_outputs(X), dtype=np.float64)
        total += losses.sum()
        squares += np.square(losses).sum()
        left -= len(X)
    mean = total / draws
    return mean, math.sqrt(max(squares / draws - mean * mean, 0.0) / draws)


def linear_map(instance: int = 0) -> Examples:
    """600 standard normal inputs [8] and their images under a matrix of singular values 4 .. 1/8.

    What deep linear nets learn: one singular direction after the other, the largest first (Saxe,
    McClelland and Ganguli 2014).
    """
    rng = _rng("linear map")
    X = rng.standard_normal((600, 8))
    left, right = (np.linalg.qr(rng.standard_normal((8, 8)))[0] for _ in range(2))
    if instance:
        X = _draws("linear map", instance).standard_normal(X.shape)
    return X, X @ (left * np.geomspace(4.0, 0.125, 8)) @ right.T


DRAWN: dict[str, Callable[[int], Examples]] = {
    "linear_map": linear_map,
    "moons": moons,
    "teacher_student": teacher_student,
    "xor": xor,
}
"""Name -> function of the instance: X [n, k], and labels int [n] or answers float [n, m]."""

COMPLETE: dict[str, Callable[[], Examples]] = {"parity": parity, "two_spirals": two_spirals}
"""Name -> function that returns the same, where nothing is drawn."""
