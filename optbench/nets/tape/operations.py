"""The numbers of the operations of tapes, and where their functions are."""

import functools
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

NAMES = (
    "dense", "activation", "dropout", "batch_norm", "layer_norm", "add", "split_lengths", "take",
    "put", "convolution", "max_pool", "average_pool", "embedding", "rnn", "lstm", "gru",
    "attention", "augment", "mix_up",
)  # fmt: skip
"""Name by number; an operation is the module of its name in `optbench.nets.operations`."""
NUMBERS = {name: number for number, name in enumerate(NAMES)}


class Operation(NamedTuple):
    """The two functions of an operation, as `optbench.nets.operations` says."""

    forward: Callable[..., None]
    backward: Callable[..., None]


@functools.cache
def operation(number: int) -> Operation:
    """Return the plain functions of an operation."""
    module: Any = importlib.import_module(f"optbench.nets.operations.{NAMES[number]}")
    return Operation(module.forward, module.backward)
