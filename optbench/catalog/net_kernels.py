"""The kernels of a declared net: as they are written, and compiled with all that they call."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from optbench.catalog.instance import Functions
from optbench.errors import UnfitError
from optbench.kernels.memory.calls import Block
from optbench.nets import author_losses, bound, network
from optbench.nets.tape import units

if TYPE_CHECKING:
    from optbench.nets.net_problem import NetProblem


def written(net: "NetProblem", name: str) -> Functions:
    """Return the plain kernels of nets with the operations of a net; `adjust` if it needs it.

    Raises
    ------
    UnfitError
        If the net, which is called `name`, has a loss of its author's.
    """
    loss = net.net.loss
    if not isinstance(loss, str):
        raise UnfitError(
            f"{name} has a loss of its author's, {author_losses.name_of(loss)}: its derivative "
            "comes from dual numbers, which CUDA does not know yet; use --device cpu"
        )
    problem, metrics, adjust = bound.written(net.operations)
    return Functions(problem, metrics, adjust if net.training.adjusts else None)


def compiled(net: "NetProblem", dtype: DTypeLike) -> Functions:
    """Return the compiled kernels of a net."""
    name = np.dtype(dtype).name
    problem = function(net, dtype)
    adjust = network.compiled("adjust", name) if net.training.adjusts else None
    return Functions(problem, network.compiled("metrics", name), adjust)


def function(net: "NetProblem", dtype: DTypeLike) -> Block:
    """Return the compiled function of value and gradient, without the other kernels."""
    name = np.dtype(dtype).name
    units.load(net.operations, name)
    author_losses.load(net.net.loss, name)
    return network.compiled("problem", name)
