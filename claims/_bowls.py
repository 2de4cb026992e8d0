"""Quadratics whose curvatures and noise are known, so that closed forms hold of them."""

import functools
import zlib
from collections.abc import Sequence

from optbench.define import normal, problem
from optbench.define.definitions import ProblemDefinition


@functools.lru_cache(maxsize=64)
def bowl(curvatures: Sequence[float], level: float = 0.0, share: float = 0.0) -> ProblemDefinition:
    """Return the sum of h_i x_i^2 / 2, whose slopes s_i are seen as s_i + (level + share s_i) n_i.

    The n_i are standard normal and new at each step. With a share alone the noise vanishes at the
    minimum, as it does where a net fits every example. All instances are alike but for their noise
    and their starts, uniform from 0.5 to 1.5 in each coordinate.

    Parameters
    ----------
    curvatures : tuple of float
    level, share : float
    """
    dim = len(curvatures)

    @problem(
        name=f"bowl_{zlib.crc32(repr((curvatures, level, share)).encode()):08x}",
        family="claimed_bowl",
        start=1.0,
        minimum=0.0,
        f_min=0.0,
        box=(0.5, 1.5),
        tags=["convex", "stochastic", "separable"],
        source="declared by a claim",
        dim=dim,
    )
    def claimed_bowl(x, g, p, key, full):
        d = len(x)
        f = 0.0
        for i in range(d):
            slope = p[i] * x[i]
            f += 0.5 * slope * x[i]
            g[i] = slope
            if full == 0:  # the same for all lanes
                g[i] = slope + (p[d] + p[d + 1] * slope) * normal(key, i)
        return f

    @claimed_bowl.instance
    def as_it_is(dim, instance):
        return {"p": [*curvatures, level, share], "minimum": [0.0] * dim, "f_min": 0.0}

    return claimed_bowl
