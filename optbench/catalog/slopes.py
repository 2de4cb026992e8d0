"""How steep a surface is at its declared start: the unit of noise, known before it is compiled."""

import functools

import numpy as np

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
    """Return the gradient [d], by the author's function as plain Python where that is quick."""
    if problem.kind != "data":
        try:
            return _plain_gradient(problem)
        except ArithmeticError:  # where compiled code goes on with infinities
            pass
    return problem.grad(problem.start)


def _plain_gradient(problem: SurfaceInstance) -> Floats:
    """Return it by plain Python, exact for functions without a gradient, too: by dual numbers."""
    from optbench.kernels.cuda.onelane import Binder
    from optbench.kernels.memory.calls import ProblemCall

    placement, d = problem.placement, problem.dim
    block = Binder.of(np.dtype(float), lambda copy: copy, {}).problem(problem.written.problem)
    x, g, f = problem.start.reshape(d, 1), np.full((d, 1), np.nan), np.zeros(1)
    work, key = np.zeros(problem.definition.scratch * d + 1), np.zeros(1, np.uint64)
    with np.errstate(all="ignore"):
        block(ProblemCall(x, g, f, placement.p, placement.q, work, key), 0, 1)
    return g[:, 0]
