"""Settings drawn in the ranges of hyperparameters."""

import numpy as np

from optbench.define.ranges import Flag


def settings_in_range(ranges, count, seed=0):
    """Return float64 values [count] of each range but the rate's, the default first."""
    rng = np.random.default_rng(seed)
    return {
        name: np.array([float(allowed.default), *(_draw(allowed, rng) for _ in range(count - 1))])
        for name, allowed in ranges.items()
        if name != "lr"
    }


def _draw(allowed, rng):
    """Return a number in a range: near its default, or somewhere in (0, 1)."""
    if isinstance(allowed, Flag):
        return float(rng.integers(2))
    while True:
        near = allowed.default * rng.uniform(0.3, 1.7) + rng.normal() * 0.01
        value = float(near if rng.random() < 0.7 else rng.uniform())
        value = float(round(value)) if allowed.whole else value
        if value in allowed:
            return value
