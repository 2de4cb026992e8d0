"""DeepOBS's noisy surfaces of two dimensions: Beale, Branin and Rosenbrock plus u a + v b.

a and b are means of a batch of standard normal numbers. `noisy_*` draw each batch anew; `two_d_*`
take it from the 10,000 numbers that DeepOBS stores, every one once an epoch. The value that is
reported has no noise, like DeepOBS's test loss. Its training loss, tilted by the mean of all stored
numbers, would not do: that of Beale falls without end along y = 1, where Beale is constant.
"""

import functools
import math

import numpy as np

from optbench.define import epoch_order, normal, permuted, problem

from .basins import branin
from .valleys import beale, rosenbrock

BATCH = 128.0
BATCH_SIZE = int(BATCH)
STORED = 10_000
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


def tilted_by_stored(surface):
    """Return a surface tilted by the mean of a batch of stored numbers."""

    def stored(x, g, p, stream, t, full):
        """The surface plus u a + v b, a and b means over a batch of the pairs in p."""
        f = surface(x, g)
        if full == 0:
            a = 0.0
            b = 0.0
            order, seen = epoch_order(stream, t, BATCH_SIZE, STORED)
            for j in range(BATCH_SIZE):
                row = permuted(order, seen + j, STORED)
                a += p[2 * row]
                b += p[2 * row + 1]
            a = a / BATCH
            b = b / BATCH
            g[0] += a
            g[1] += b
            f += a * x[0] + b * x[1]
        return f

    return stored


@functools.cache
def stored_pairs():
    """Return DeepOBS's training data, pair after pair: all a are drawn first, kept in float32."""
    drawn = np.random.RandomState(42).normal(0.0, 1.0, (2, STORED))
    return np.float32(drawn).T.ravel().astype(float)


def declared(name, surface, start):
    """Return the decorator that declares a noisy twin of a surface, at DeepOBS's start."""
    return problem(
        name=name,
        start=start,
        minimum=surface.minimum,
        f_min=surface.f_min,
        box=surface.box,
        tags=[*surface.tags, "stochastic"],
        source=SOURCE + surface.name,
        family=surface.family,
        dim=2,
        target=1e-2,
    )


def noisy(surface, start):
    """Declare a surface whose batches are drawn anew, and one whose batches are stored."""
    fresh = declared(f"noisy_{surface.name}", surface, start)(tilted(surface.function))
    stored = declared(f"two_d_{surface.name}", surface, start)(tilted_by_stored(surface.function))

    @stored.constants
    def pairs(rng, dim):
        """The same data in all instances, which differ in their frame and in the order."""
        return stored_pairs()

    return fresh, stored


noisy_beale, two_d_beale = noisy(beale, [-4.5, 4.5])
noisy_branin, two_d_branin = noisy(branin, [2.5, 12.5])
noisy_rosenbrock, two_d_rosenbrock = noisy(rosenbrock, [-0.5, 1.5])
