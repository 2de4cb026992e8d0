"""No two rules are one: each pair parts on fixed gradients by a rate that falls.

What more a rule can be by its settings is in `optbench.rules.containment`, and what other names are
settings of a rule in `optbench.rules.foreign`.
"""

import itertools

import numpy as np

import optbench

from .plain import plain_replay
from .references import distance

STEPS = 20  # twice as long as AdaShift waits
ALIKE = {
    frozenset({"gd", "sgd"}),  # on full batches, on mini-batches
    frozenset({"heavy_ball", "momentum_inside"}),  # the last move is the velocity
}
"""Pairs that make the same steps of the same gradients whatever their settings."""
SETTINGS = {"ftrl": dict(lambda1=0.05)}
"""Of rules that are another one by default."""


def paths():
    """Return the query points [STEPS + 1, 6] of every rule that is not for matrices."""
    rng = np.random.default_rng(12)
    gradients = rng.standard_normal((STEPS, 6)) * 10.0 ** rng.uniform(-1, 1, 6)
    values, start = 1e-3 * (1.0 + rng.random(STEPS)), rng.standard_normal(6)
    points = {}
    for name, rule in optbench.optimizers().items():
        if not rule.matrix:
            optimizer = optbench.optimizer(f"{name}[lr=0.01,schedule=linear]")
            optimizer = optimizer.with_settings(**SETTINGS.get(name, {}))
            with np.errstate(all="ignore"):  # of three sums of squares two are not taken
                points[name] = plain_replay(optimizer, gradients, start, values)
    return points


def test_rules_part_on_fixed_gradients():
    points = paths()
    alike = {
        frozenset({one, other})
        for one, other in itertools.combinations(points, 2)
        if distance(points[one], points[other]) <= 1e-9
    }
    assert alike == ALIKE
    assert len(points) - len(alike) > 75
