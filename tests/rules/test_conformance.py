"""Live comparison with other libraries at every step, and the stored oracle made again."""

import importlib.util
import json

import numpy as np
import pytest

import optbench

from . import libraries, references
from .references import LIBRARY_CASES, ORACLE, STEPS, STORED_STEPS, distance, inputs
from .replays import replayed_states

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("case", LIBRARY_CASES, ids=lambda case: case.id)
def test_equals_library_at_every_step(case):
    gradients, values, start = inputs(STEPS * case.evaluations)
    *expected, states = libraries.library_walk(case, gradients, values, start, STORED_STEPS)
    for points, wanted in zip(("reported", "query"), expected, strict=True):
        found = optbench.replay(
            case.rule, gradients, start, values=values, points=points, **case.settings
        )
        assert found.shape == wanted.shape
        assert distance(found, wanted) <= case.library_tolerance
    found = replayed_states(case)
    assert set(states) == set(case.reference.states)
    for name, rows in states.items():
        assert distance(found[name], rows) <= case.library_tolerance, name


def test_stored_oracle_is_what_its_script_makes():
    spec = importlib.util.spec_from_file_location("make_rules", ORACLE.with_name("make_rules.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    live, stored = script.make(references, libraries), np.load(ORACLE)
    assert set(live) == set(stored.files)
    for key in set(live) - {"made_by"}:
        np.testing.assert_allclose(live[key], stored[key], rtol=1e-12, atol=1e-14)
    assert set(json.loads(str(live["made_by"]))) == set(json.loads(str(stored["made_by"])))
