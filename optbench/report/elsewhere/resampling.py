"""Resampled draws, the same for all optimizers of a problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import stream_key
from optbench.report.statistics.intervals import expanded_tail

RESAMPLES = 1000
"""Resamples of the draws, of which intervals take percentiles."""
TAIL = expanded_tail(20)
"""What a 95 % interval leaves out at each end, of as many draws as a study scores on by default."""


def draw_weights(instance: NDArray[np.integer], label: str) -> NDArray[np.float64]:
    """Return how often each draw counts in `RESAMPLES` resamples of the instances: [B, D].

    Instances are drawn with replacement, all seeds of one together: lanes of one instance are alike
    (a cluster). They depend on the problem's label and its instances alone.

    Parameters
    ----------
    instance : ndarray of int [D]
    label : str
        Of the problem.
    """
    names, member = np.unique(instance, return_inverse=True)
    key = int(stream_key("elsewhere", label, len(names)))
    generator = np.random.Generator(np.random.Philox(key))
    counts = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    return counts[:, member].astype(np.float64)
