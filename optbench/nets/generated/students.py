"""Answers of a teacher or of a matrix, and the loss of a student on fresh draws."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.nets.generated.drawing import Examples, draws_of, stream

TEACHER_SIZES = (16, 4, 1)
"""Inputs, hidden tanh units and outputs of the teacher; no biases."""


class Student(Protocol):
    """What `generalisation_loss` needs of a net."""

    def predict(self, params: NDArray[Any], X: NDArray[Any]) -> NDArray[Any]:
        """Return the outputs [n, 1] for inputs [n, 16]."""


def teacher() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the teacher's weights: W [16, 4], v [4, 1], of variance one over their inputs."""
    rng = stream("teacher")
    n_in, hidden, n_out = TEACHER_SIZES
    W = rng.standard_normal((n_in, hidden)) / math.sqrt(n_in)
    return W, rng.standard_normal((hidden, n_out)) / math.sqrt(hidden)


def teacher_outputs(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return the teacher's outputs tanh(X W) v [n, 1] for inputs [n, 16] (Saad, Solla 1995)."""
    W, v = teacher()
    return np.asarray(np.tanh(X @ W) @ v)


def teacher_student(instance: int = 0) -> Examples:
    """1000 standard normal inputs and the teacher's outputs for them."""
    X = draws_of("teacher inputs", instance).standard_normal((1000, TEACHER_SIZES[0]))
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
    rng, total, squares, left = stream("fresh", seed), 0.0, 0.0, draws
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
    rng = stream("linear map")
    X = rng.standard_normal((600, 8))
    left, right = (np.linalg.qr(rng.standard_normal((8, 8)))[0] for _ in range(2))
    if instance:
        X = draws_of("linear map", instance).standard_normal(X.shape)
    return X, X @ (left * np.geomspace(4.0, 0.125, 8)) @ right.T
