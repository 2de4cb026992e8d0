"""How steep a surface is at its declared start: the unit of noise, known before it is compiled."""

import functools

import numpy as np

from optbench.catalog import plain_blocks
from optbench.catalog.instance import Floats
from optbench.catalog.surface import SurfaceInstance
from optbench.errors import DefinitionError


@functools.lru_cache(maxsize=4096)
def at_start(problem: SurfaceInstance) -> float:
    """Return the root mean square of the gradient's coordinates at the start of an instance.

    It is free of noise; 1.0 where it is 0.

    Raises
    ------
    DefinitionError
        If it is not finite.
    """
    slope = float(np.sqrt(np.mean(_gradient(problem) ** 2)))
    if not np.isfinite(slope):
        raise DefinitionError(
            f"{problem.definition.place}: {problem.name} has a gradient that is not finite at its "
            "own start, so that no noise has a size"
        )
    return slope or 1.0


def _gradient(problem: SurfaceInstance) -> Floats:
    """Return the gradient [d], by plain Python where that is quicker than to compile it."""
    if problem.kind != "data":
        try:
            return plain_blocks.value_and_grad(problem, problem.start)[1]
        except ArithmeticError:  # where compiled code goes on with infinities
            pass
    return problem.grad(problem.start)
