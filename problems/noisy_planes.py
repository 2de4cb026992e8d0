"""DeepOBS's noisy surfaces of two dimensions: Beale, Branin and Rosenbrock plus u a + v b.

a and b are means of a batch of standard normal numbers. DeepOBS takes them from 10,000 stored ones
and tests without noise; here each batch is drawn anew, and the value that is reported has none.
"""

import math

from optbench.define import normal, problem

from .basins import branin
from .valleys import beale, rosenbrock

BATCH = 128.0
SOURCE = (
    "Schneider, Balles and Hennig 2019, DeepOBS: a deep learning optimizer benchmark suite, two_d_"
)


def tilted(surface):
    """Return a surface whose slopes, and whose value along with them, are tilted at random."""

    def noisy(x, g, key, full):
        """The surface plus u a + v b, a and b drawn anew at every step."""
        f = surface(x, g)
        if full == 0:
            for i in range(2):
                tilt = normal(key, i) / math.sqrt(BATCH)
                g[i] += tilt
                f += tilt * x[i]
        return f

    return noisy


def noisy(surface, start):
    """Declare the noisy twin of a surface of the catalog, at DeepOBS's start."""
    return problem(
        name=f"noisy_{surface.name}",
        start=start,
        minimum=surface.minimum,
        f_min=surface.f_min,
        box=surface.box,
        tags=[*surface.tags, "stochastic"],
        source=SOURCE + surface.name,
        family=surface.family,
        dim=2,
        target=1e-2,
    )(tilted(surface.function))


noisy_beale = noisy(beale, [-4.5, 4.5])
noisy_branin = noisy(branin, [2.5, 12.5])
noisy_rosenbrock = noisy(rosenbrock, [-0.5, 1.5])
