"""What lanes on nets need compiled: see `units`."""

import functools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import DTypeLike

from optbench.lanes.pool import Unit
from optbench.nets import diagnosis, network
from optbench.nets.tape import units as operations

SECONDS = {"problem": 2.0, "operation": 1.0, "metrics": 1.7, "adjust": 1.5, "slopes": 0.3}
"""About what units take, in seconds of one processor."""


def kernel_unit(kernel: network.Kernel, dtype: DTypeLike) -> Unit:
    """Return a kernel of all nets in a dtype."""
    real = np.dtype(dtype).name
    name = f"{network.TITLES[kernel]} ({real})"
    make = functools.partial(network.compiled, kernel, real)
    return Unit(name, SECONDS[kernel], (kernel, real), make)


def operation_units(names: Iterable[str], dtype: DTypeLike) -> Iterator[Unit]:
    """Yield the operations of a net in a dtype, forward and back."""
    real = np.dtype(dtype).name
    for name in names:
        for way in operations.WAYS:
            key = (name, way, real)
            make = functools.partial(operations.compiled, name, way, real)
            what = f"{name.replace('_', ' ')} of nets, {way} ({real})"
            yield Unit(what, SECONDS["operation"], key, make)


def slopes_unit(dtype: DTypeLike) -> Unit:
    """Return what statistics of a net's layers need in a dtype."""
    real = np.dtype(dtype).name
    make = functools.partial(diagnosis.compiled, real)
    return Unit(f"slopes of activations ({real})", SECONDS["slopes"], ("slopes", real), make)
