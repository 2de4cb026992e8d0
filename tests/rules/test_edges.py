"""Gradients at the edges: huge, tiny, and 0 in one coordinate at first, against the papers."""

import numpy as np
import pytest

import optbench

from .references import distance
from .transcriptions import (
    adagrad_variants,
    adam_steps,
    delayed,
    layer_moments,
    mars,
    momenta,
    projected,
    switching,
    walk,
)

STEPS, WAITING = 40, 12
FAMILIES = (
    momenta, adagrad_variants, adam_steps, delayed, switching, layer_moments, projected, mars
)  # fmt: skip
RULES = [
    name
    for name in optbench.optimizers()
    if any(getattr(family, name, None) is not None for family in FAMILIES)
]


@pytest.mark.parametrize("size", [2.0**-200, 1.0, 2.0**200])
@pytest.mark.parametrize("rule", RULES)
def test_edges_are_those_of_the_paper(rule, size):
    rng = np.random.default_rng(5)
    gradients = size * rng.standard_normal((STEPS, 5))
    gradients[:WAITING, 0] = 0.0  # longer than AdaShift waits
    start = rng.standard_normal(5)
    transcription = next(getattr(family, rule) for family in FAMILIES if hasattr(family, rule))
    with np.errstate(divide="ignore"):  # the logarithm of 0 is that of no gradient yet
        reported, query = walk(transcription, lambda i, x: (0.0, gradients[i]), start, STEPS)
    for points, expected in (("reported", reported), ("query", query)):
        iterates = optbench.replay(rule, gradients, start, points=points)
        assert distance(iterates, expected) <= 1e-9
    assert np.array_equal(iterates[:WAITING, 0], np.full(WAITING, start[0])) or rule in MOVING


MOVING = {"fadam", "stable_adamw", "amos", "adamp", "sgdp"}
"""What moves a coordinate without a gradient: decay, and steps at right angles to x."""
