"""Rules and wrappers to be tested, and settings drawn in the ranges of hyperparameters."""

import numpy as np

import optbench
from optbench.define.ranges import Flag
from optbench.rules import compose, registry
from optbench.rules.wrappers_before import WRAPPERS


def rules_and_wrappers(inner):
    """Yield every rule that is not for matrices, and the rule `inner` within every wrapper."""
    for name in optbench.optimizers():
        own = compose.optimizer(name)
        if own.compiled and not own.rule.matrix:
            yield own
    for wrapper in WRAPPERS:
        name, allowed = next(iter(wrapper.hyper.items()))
        switch = True if isinstance(allowed, Flag) else allowed.default
        yield compose.compose(registry.rule(inner), {name: switch})


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
