"""Matrix rules: against NumPy at every step, and against stored libraries."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

import optbench
from optbench.define.ranges import Flag
from tests.thinning import thinned
from tests.tolerance import rounding

from .matrix_rules import DESCENDANTS, RULES, replayed
from .references import distance, matrices
from .references.matrices import CASES, DIM, LIBRARY_CASES, SHAPES, STORED_STEPS, inputs, walk
from .surfaces import ellipsoid, rosenbrock

ORACLE = Path(__file__).parent.parent / "oracles" / "matrices.npz"
CLOSED = {
    "sm3": dict(lr=0.05),
    "adafactor": dict(lr=0.02),
    "muon": dict(lr=0.003),
    "shampoo": dict(lr=0.3, matrix_eps=1.0),
    "soap": dict(lr=0.005),
    "normuon": dict(lr=0.01),
    "adamuon": dict(lr=0.01),
    "adago": dict(lr=0.3),
    "mars_shampoo": dict(lr=0.003),
    "scion": dict(lr=0.003, constrained=False),
    "caspr": dict(lr=0.3, matrix_eps=1.0),
    "asgo": dict(lr=0.01),
    "psgd_kron": dict(lr=0.003),
    "splus": dict(lr=0.01),
    "conda": dict(lr=0.01),
    "dion": dict(lr=0.003),
}
SIGNED = {"soap", "dion"}
"""Rules whose bases may have other signs than LAPACK's."""


def own_flags(case):
    """Return the conventions of a case that are not the rule's defaults: it is compiled anew."""
    hyper = optbench.optimizers()[case.rule].hyper
    flags = {name for name, allowed in hyper.items() if isinstance(allowed, Flag)}
    return {n for n in flags & set(case.settings) if case.settings[n] != hyper[n].default}


def of_descendants(case):
    """Return the parameter of a case; of descendants it is for conformance if compiled anew."""
    costly = case.rule in DESCENDANTS and own_flags(case) and case.rule != "adamuon"
    return pytest.param(case, id=case.id, marks=[pytest.mark.conformance] * bool(costly))


def test_every_matrix_rule_has_references():
    assert {case.rule for case in CASES} == set(RULES)
    for name in RULES:
        settings = [case.settings for case in CASES if case.rule == name]
        assert set(optbench.optimizers()[name].hyper) <= {k for s in settings for k in s}


@pytest.mark.parametrize("case", [*map(of_descendants, CASES)])
def test_equals_numpy_at_every_step(case):
    gradients, start = inputs()
    iterates, _ = replayed(case.id)
    expected = walk(case.rule, lambda i, x: gradients[i], start, len(gradients), **case.settings)
    assert iterates.shape == expected.shape == (1001, DIM)
    assert distance(iterates, expected) <= min(case.tolerance, 1e-6)


@pytest.mark.parametrize("case", [*map(of_descendants, LIBRARY_CASES)])
def test_equals_stored_library(case):
    expected = np.load(ORACLE)[case.id]
    stored = ~np.isnan(expected[0])
    assert stored.sum() >= 33
    iterates = replayed(case.id)[0][list(STORED_STEPS)]
    assert distance(iterates[:, stored], expected[:, stored]) <= case.tolerance


@pytest.mark.conformance
def test_stored_matrices_are_what_their_script_makes():
    from . import matrix_libraries

    spec = importlib.util.spec_from_file_location("make", ORACLE.with_name("make_matrices.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    live, stored = script.make(matrices, matrix_libraries), np.load(ORACLE)
    assert set(live) == set(stored.files)
    for key in set(live) - {"made_by"}:
        np.testing.assert_allclose(live[key], stored[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("surface", thinned([rosenbrock, ellipsoid]))
@pytest.mark.parametrize("rule", RULES)
def test_equals_numpy_where_gradients_follow_the_point(rule, surface):
    start = np.random.default_rng(4).uniform(-1.0, 1.0, DIM)
    expected = query_walk(rule, surface, start, 300)
    x, state, iterates = start, None, [start]
    for _ in range(300):
        points, state = optbench.replay(
            rule, [surface(x)[1]], start, shape=SHAPES, state=state, return_state=True,
            points="query", **CLOSED[rule],
        )  # fmt: skip
        x = points[-1]
        iterates.append(x)
    assert distance(np.array(iterates), expected) <= max(
        1e-6, 2 * rounded_walk(rule, surface, expected)
    )
    assert surface(x)[0] < 0.5 * surface(start)[0]


def query_walk(rule, surface, start, steps):
    return walk(
        rule, lambda i, x: surface(x)[1], start, steps, points="query", **CLOSED[rule]
    )  # fmt: skip


def rounded_walk(rule, surface, points):
    """Return how far walks go that see every point after sixteen roundings.

    SOAP's first basis is that of one gradient, with eigenvalues down to 1e-10 of the largest, so
    that its walks go apart by 1e-4 and more; those of the others stay below 1e-9.
    """
    rng = np.random.default_rng(0)

    def moved(x):
        return x + rounding(16, x) * rng.choice([-1.0, 1.0], x.shape)

    walks = [
        query_walk(rule, lambda x: surface(moved(x)), points[0], len(points) - 1) for _ in range(3)
    ]
    return max(distance(walked, points) for walked in walks)


@pytest.mark.parametrize("rule", RULES)
def test_states_equal_numpy(rule):
    gradients, start = inputs(40)
    _, state = optbench.replay(rule, gradients, start, shape=SHAPES, return_state=True)
    step, x = matrices.transcription(rule), matrices.split(start)
    memories = matrices.memories()
    for t in range(40):
        tensors = zip(x, matrices.split(gradients[t]), memories, strict=True)
        x = [step(a, g, t + 1, memory) for a, g, memory in tensors]
    compared = 0
    for name, rows in state.state.items():
        for i, memory in enumerate(memories):
            if name in memory:  # every tensor here fits one row of 64
                expected = np.ravel(memory[name])
                assert distance(rows[i, : expected.size], expected) <= 1e-9
                assert not rows[i, expected.size :].any()
                compared += 1
    assert compared >= len(SHAPES) * bool(state.state)
    begin = 0
    for memory, shape in zip(memories, SHAPES, strict=True):
        m, n = shape if len(shape) == 2 else (1, *shape)
        for name, sides in optbench.optimizers()[rule].memory.items():
            end = begin + math.prod(dict(m=m, n=n, k=min(m, n))[side] for side in sides)
            if name in memory and rule not in SIGNED:
                expected = np.ravel(memory[name])
                assert distance(state.memory[begin : begin + expected.size], expected) <= 1e-9
            begin = end
