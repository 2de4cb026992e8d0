"""Instruments along the training of nets: what is read at a few points of one lane.

The lane is the canonical one, at the tuned and the default setting: it is run again with more
records, see `probing`, so that lanes themselves cost nothing more.
"""

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats
from optbench.catalog.net import NetInstance
from optbench.define import generator
from optbench.nets.instruments import noise_scale, sharpness, step_alpha
from optbench.study.probing import Track, examples, probed
from optbench.study.store_schema import READINGS

CURVED = 256
"""Training examples that the Hessian is of, at most: it takes tens of gradients."""
FEWEST = 4
"""Examples that a noise scale takes at least."""


def readings(problem: NetInstance, dtype: str, lane: Track, rates: Floats) -> Floats:
    """Return `READINGS` [r, 5] at the points of a lane, NaN where it did not get.

    Parameters
    ----------
    problem : NetInstance
    dtype : {"float64", "float32"}
    lane : Track
        With r steps.
    rates : ndarray [steps]
        Of all steps.
    """
    net, trained = probed(problem, dtype), problem.trained
    X, y = _shuffled(*examples(problem))
    start = lane.start.astype(np.float64)
    rows = np.full((len(lane.steps), len(READINGS)), np.nan)
    for row, (step, before, point) in zip(rows, lane.points, strict=False):
        enough = len(X) >= FEWEST
        row[:] = (
            rates[min(step, len(rates) - 1)],
            sharpness(net, point, X[:CURVED], y[:CURVED], trained=trained),
            np.linalg.norm(point - start),
            noise_scale(net, point, X, y, trained=trained) if enough else np.nan,
            np.nan if before is None else step_alpha(net, before, point, X, y),
        )
    return rows


def _shuffled(X: Floats, y: NDArray[np.generic]) -> tuple[Floats, NDArray[np.generic]]:
    """Return examples in an order that says nothing of them: data may be sorted by class."""
    order = generator("instruments", len(X)).permutation(len(X))
    return X[order], y[order]
