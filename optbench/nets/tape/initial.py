"""Where the tensors of a tape begin."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.define.draws import mixed
from optbench.nets.checks import check_choice
from optbench.nets.initialisers import SCHEMES, Generator, checked_gain
from optbench.nets.layers.tensor import Tensor
from optbench.nets.tape.values import Placed

TORCH = "torch"
BY_INPUTS = ("he_normal", "he_uniform", "xavier2", "lecun_normal", "uniform")
"""Schemes whose variance goes by the inputs of a unit alone."""


def initial(
    placed: Sequence[Placed],
    size: int,
    key: int | np.uint64,
    *,
    scheme: str,
    gain: float,
    dtype: DTypeLike,
) -> NDArray[Any]:
    """Return ``params[P]``.

    Each tensor draws from a stream of its own, by its layer and its place in it, so that nets which
    differ in some layers start alike in the others; see `initialisers.initial`.
    """
    check_choice("scheme", scheme, (TORCH, *SCHEMES))
    gain = checked_gain(gain)
    params = np.zeros(size, dtype)
    counts: dict[int, int] = {}
    for one in placed:
        count = counts[one.layer] = counts.get(one.layer, 0) + 1
        stream = mixed(mixed(int(key), one.layer), count)
        rng = np.random.Generator(np.random.Philox(key=int(stream)))
        factor = gain if one.tensor.role == "weight" else 1.0
        values = factor * _drawn(one.tensor, scheme, rng)
        params[one.place : one.place + one.tensor.size] = values.ravel()
    return params


def _drawn(tensor: Tensor, scheme: str, rng: Generator) -> NDArray[np.float64]:
    """Return the numbers that a tensor starts at, for a gain of 1."""
    if scheme != TORCH and tensor.role == "weight" and len(tensor.shape) > 1:
        return _by_scheme(tensor, scheme, rng)
    if isinstance(tensor.start, float):
        return np.full(tensor.shape, tensor.start)
    if scheme != TORCH:
        return np.zeros(tensor.shape)
    if tensor.start == "normal":
        return rng.standard_normal(tensor.shape)
    if tensor.start == "xavier_uniform":
        return _by_scheme(tensor, "xavier_uniform", rng)
    bound = 1.0 / math.sqrt(tensor.fan_out if tensor.start == "fan_out" else tensor.fan_in)
    return rng.uniform(-bound, bound, tensor.shape)


def _by_scheme(tensor: Tensor, scheme: str, rng: Generator) -> NDArray[np.float64]:
    """Return weights drawn by a scheme: by fan_in and fan_out, which may not be their sides."""
    rows, columns = tensor.matrix_shape
    weights = SCHEMES[scheme](rng, rows, columns)
    if scheme in ("xavier_normal", "xavier_uniform"):
        weights = weights * math.sqrt((rows + columns) / (tensor.fan_in + tensor.fan_out))
    elif scheme in BY_INPUTS:
        weights = weights * math.sqrt(rows / tensor.fan_in)
    return weights
