"""A compiled problem called step by step, as a block of lanes calls it."""

import numpy as np

from optbench.catalog.finding import problem
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.driver.tasks import Placement
from optbench.kernels.memory.buffers import aligned, spare
from optbench.kernels.sizes import DRAWN

FAR = np.random.default_rng(0).normal(size=6)
"""A point where no coordinate is 0 or at a minimum."""


class Steps:
    """A block of 32 lanes of a problem, with memory that lasts.

    Parameters
    ----------
    name : str
    dim, instance : int
    key : int
        Of the block's draws.
    dtype : str
    """

    def __init__(self, name, dim=6, instance=2, key=5, dtype="float64"):
        self.problem = problem(name, dim, instance)
        self.real = np.dtype(dtype)
        placement = self.problem.placement
        self.block = self.problem.function(dtype)
        self.surface = surface_group(Placement(placement.p, placement.q), self.real, dim)
        self.work = spare(aligned((placement.room(DRAWN),), self.real))
        self.key = np.array([key], np.uint64)

    def __call__(self, x, t, full=False):
        """Return (f, g) at a point [d] of the author's coordinates, the same in all lanes."""
        points = np.repeat(np.asarray(x, self.real)[:, None], DRAWN, axis=1)
        g, f = np.full_like(points, np.nan), np.empty(DRAWN, self.real)
        p, q = self.surface.p, self.surface.q
        self.block(points, g, f, p, q, self.work, self.key, t, int(full))
        assert (f == f[0]).all() or np.isnan(f).all()
        assert np.array_equal(g, np.broadcast_to(g[:, :1], g.shape), equal_nan=True)
        return float(f[0]), g[:, 0].astype(float)


def noise_of(name, count, x=FAR, base="sphere"):
    """Return what a perturbation adds to the gradient at a point [count, d], a step a row."""
    steps, plain = Steps(f"{base}[{name}]", len(x)), Steps(base, len(x))
    g = plain(x, 0)[1]
    return np.array([steps(x, t)[1] - g for t in range(count)])
