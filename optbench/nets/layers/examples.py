"""What layers ask of the numbers of examples, beyond their shape: tokens and lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.layers.containers import Shared
from optbench.nets.layers.embedding import Embedding
from optbench.nets.layers.layer import Layer


def check_examples(
    layers: Sequence[Layer], time: int, lengths: bool, X: NDArray[Any]
) -> None:  # fmt: skip
    """Refuse examples whose tokens or lengths do not fit.

    Parameters
    ----------
    layers : sequence of Layer
        Of the net.
    time : int
        Steps of an example, whatever its length.
    lengths : bool
        Whether the last number of a row is its length.
    X : array [n, numbers of an example]

    Raises
    ------
    SettingError
        If a length is not a whole number in 1 .. time, or a token not one of the vocabulary; the
        message says which.
    """
    if lengths:
        check_lengths(X[:, -1], time)
    first = layers[0]
    while isinstance(first, Shared):
        first = first.layer
    if isinstance(first, Embedding):
        first.check(X[:, :time])


def check_lengths(lengths: NDArray[Any], time: int) -> None:
    """Refuse numbers of valid time steps [n] that are not whole, or not in 1 .. time."""
    fine = (lengths >= 1) & (lengths <= time) & (lengths == np.floor(lengths))
    if not fine.all():
        example = int(np.argmin(fine))
        raise SettingError(
            f"example {example} has length {gate.shown(lengths[example])}; the last number of an "
            f"example is how many of its time steps are valid, a whole number in 1 .. {time}"
        )
