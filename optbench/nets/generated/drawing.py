"""What generated data are drawn from: streams of numbers that depend on names alone."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import stream_key

Examples: TypeAlias = tuple[NDArray[np.float64], NDArray[Any]]
"""X [n, k], and labels int [n] or [n, time], or answers float [n, m]."""


def stream(*parts: str | int) -> np.random.Generator:
    """Return what a part of the data's law, or a sample of it, is drawn from."""
    return np.random.Generator(np.random.Philox(key=int(stream_key("data", *parts))))


def draws_of(name: str, instance: int) -> np.random.Generator:
    """Return what an instance of a data set is drawn from."""
    return stream(name, instance) if instance else stream(name)
