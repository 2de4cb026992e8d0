"""Every BBOB function, noise-free and noisy, against COCO itself, in all its dimensions."""

import json
import subprocess
import sys

import numpy as np
import pytest

import optbench
from tests.problems.bbob_noise import Noise, noisy_value, settings

pytestmark = pytest.mark.conformance
TOLERANCE = 1e-9
LOOSER = {19: 1e-8}
"""cos(t) with t up to 10^6: what is lost of t's digits is lost of f's."""


def relative(values, expected):
    return np.max(np.abs(np.subtract(values, expected)) / np.maximum(1.0, np.abs(expected)))


@pytest.mark.parametrize("number", range(1, 25))
def test_values_are_cocos(number):
    """Instances 1 to 15 in six dimensions, at three points of the box and a little beyond."""
    cocoex = pytest.importorskip("cocoex")
    suite = cocoex.Suite("bbob", "instances: 1-15", f"function_indices: {number}")
    assert len(suite) == 15 * 6
    for theirs in suite:
        dim, instance = theirs.dimension, theirs.id_instance
        points = np.random.default_rng([number, dim, instance]).uniform(-6.0, 6.0, (3, dim))
        ours = optbench.problem(f"bbob_f{number:02d}", dim, instance)
        found = relative(ours.value(points), [theirs(x) for x in points])
        assert found <= LOOSER.get(number, TOLERANCE), (dim, instance)


NOISY = """
import json, sys
import cocoex, numpy as np
suite = cocoex.Suite("bbob-noisy", "instances: 1-15", "")
for theirs in suite:
    number, dim, instance = theirs.id_function, theirs.dimension, theirs.id_instance
    if instance in (1, 2, 15) or dim == 5:
        x = np.random.default_rng([number, dim, instance]).uniform(-6.0, 6.0, dim)
        print(json.dumps([number, dim, instance, x.tolist(), theirs(x)]))
"""


def test_noisy_values_are_cocos_with_its_own_noise():
    """A fresh process, whose noise is known: f101 to f130, instances 1 to 15."""
    pytest.importorskip("cocoex")
    run = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("[")]
    assert len(rows) == 30 * (15 + 5 * 3)
    noise = Noise()
    for number, dim, instance, x, expected in rows:
        ours = optbench.problem(f"bbob_f{number}", dim, instance)
        found = noisy_value(ours, np.array(x), noise.drawn(settings(ours)))
        assert relative(found, expected) <= TOLERANCE, (number, dim, instance)
