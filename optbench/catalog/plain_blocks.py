"""The generated function of a problem, run as plain Python: perturbations and dual numbers too."""

import numpy as np

from optbench.catalog.instance import Floats
from optbench.catalog.surface import SurfaceInstance
from optbench.kernels.memory.calls import ProblemCall
from optbench.kernels.sizes import SPARE


def value_and_grad(problem: SurfaceInstance, z: Floats, full: bool = True) -> tuple[float, Floats]:
    """Return value and gradient [d] at a point of the author's coordinates.

    Parameters
    ----------
    problem : SurfaceInstance
    z : ndarray [d]
    full : bool
        Whether they are free of noise; otherwise those of the stream 0 at its first step.

    Raises
    ------
    ArithmeticError
        Where Python refuses what compiled code takes for infinite.
    """
    from optbench.kernels.cuda.onelane import Binder

    placement, d = problem.placement, problem.dim
    block = Binder.of(np.dtype(float), lambda copy: copy, {}).problem(problem.written.problem)
    x, g, f = z.reshape(d, 1), np.full((d, 1), np.nan), np.zeros(1)
    work = np.zeros(placement.room(0) // SPARE + placement.kept + 1)
    call = ProblemCall(x, g, f, placement.p, placement.q, work, np.zeros(1, np.uint64))
    with np.errstate(all="ignore"):
        block(call, 0, int(full))
    return float(f[0]), g[:, 0]
