"""Unwritten memory never reaches a result: runs whose memory is filled with telltale numbers."""

from collections import Counter

import numpy as np
import pytest

import optbench
from optbench.define import problem
from optbench.kernels.driver import events
from optbench.kernels.memory import buffers
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from tests.faults.mines import CLEAN, mined
from tests.surfaces import bowl, shaking_bowl
from tests.thinning import thinned

from .plain_driver import PlainDriver, assignments, without

POISONS = (0.0, 1.0, -7.5, np.nan)


@pytest.fixture
def poison(monkeypatch):
    """Return what fills all memory that the engine allocates from here on."""

    def fill(pattern=None):
        monkeypatch.setattr(buffers, "POISONED", True)
        if pattern is not None:
            wide, narrow = (int(np.array(pattern, f"f{n}").view(f"u{n}")) for n in (8, 4))
            monkeypatch.setattr(buffers, "TELLTALE", {8: wide, 4: narrow})

    return fill


def test_the_telltale_numbers_are_signalling_nans_and_no_index(poison):
    poison()
    for dtype, quiet in (("float64", 1 << 51), ("float32", 1 << 22)):
        filled = buffers.empty((2, 3), dtype)
        whole = filled.view(f"u{filled.itemsize}")
        assert np.isnan(filled).all() and not (whole & whole.dtype.type(quiet)).any()
    assert (buffers.empty(3, np.int64) > 1 << 60).all()
    assert np.isnan(buffers.aligned((2, 2), np.dtype("float64"))).all()
    shapes = [((2,), np.dtype("float32")), ((3, 4), np.dtype("float64"))]
    assert all(np.isnan(array).all() for array in buffers.reused.take(shapes))


CASES = [
    ("gd", "sphere"), ("adam", "rosenbrock"), ("adam[sam_rho=0.05]", "rosenbrock"),
    ("schedule_free_sgd", "rosenbrock"), ("sgd", shaking_bowl), ("lamb", "himmelblau"),
    ("gd[ema=0.9]", "rotated_ellipsoid_1e4"), ("sgd", "logistic_breast_cancer"),
    ("adam", "xor_sigmoid"), ("adam[sam_rho=0.05]", "xor_sigmoid"), ("muon", "xor_sigmoid"),
]  # fmt: skip


def outcome(optimizer, definition, dtype):
    """Run 11 lanes, 2 of them beyond all bounds, on an instance."""
    problem = optbench.problem(definition, instance=2)
    starts = problem.starts(range(11))
    starts[4] = 1e200
    rates = np.full(11, 0.01)
    rates[10] = np.inf
    return simulate(
        problem,
        optbench.optimizer(optimizer),
        LaneInputs(starts, problem.keys(range(11)), rates),
        Job(steps=12, dtype=dtype, store_x=True),
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer, definition", CASES)
def test_results_are_the_same_bytes_over_any_memory(optimizer, definition, dtype, poison):
    plain = outcome(optimizer, definition, dtype)
    for pattern in (None, 1.0):
        poison(pattern)
        for name, ours, theirs in zip(
            plain._fields, plain, outcome(optimizer, definition, dtype), strict=True
        ):
            assert ours.tobytes() == theirs.tobytes(), name


@pytest.mark.parametrize("problem", ["sphere", "xor_sigmoid"])
def test_values_and_replays_are_too(problem, poison):
    problem = optbench.problem(problem)
    point, gradients = problem.starts([1])[0], np.ones((4, 3))

    def numbers():
        replayed = optbench.replay("adam", gradients, [1.0, 2.0, 3.0], lr=0.1)
        return *problem.value_and_grad(point), replayed

    plain = numbers()
    poison()
    for ours, theirs in zip(plain, numbers(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# ------------------------------------------------------- every initialisation of a block is needed

MUTANTS = [
    (name, line, text)
    for name in ("to_start", "begin")
    for line, text in assignments(getattr(events, name))
]
ELSEWHERE = "scratch.memory[j]"
"""What only matrix rules read, which run compiled above."""


@problem(start=[2.0, 1.0, *CLEAN], minimum=[0.0, 0.0, *CLEAN], f_min=0.0)
def forgetful(x, g, key, full):
    """A problem that leaves most of its gradient out."""
    g[0] = 2.0 * x[0]
    return x[0] * x[0] + x[1] * x[1]


def blocks_of(mutants=None):
    """Run two blocks of lanes, of which some end early or never begin; return all results."""
    starts = np.tile(np.array([2.0, 1.0, *CLEAN]), (6, 1))
    starts[1, 0], starts[4, [4, 5]] = np.nan, (1.5, 1.0)
    rates = np.array([0.1, 0.1, 0.2, 0.1, 0.1, 1e300])
    results, calls = [], Counter()
    for optimizer in ("momentum", "dog", "adam[sam_rho=0.05]"):
        plain = PlainDriver(mined, optimizer, mutants)
        results += plain.run(starts, rates, steps=6, width=3)
        calls += plain.calls
    # Nothing here is looked at before step 3, not even the start.
    late = PlainDriver(forgetful, "momentum", mutants)
    results += late.run(starts[[0, 2, 3]], rates[:3], steps=6, records=[3, 6])
    return results, calls


def same(ours, theirs):
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(ours, theirs, strict=True)
    )


def test_the_plain_driver_does_what_the_compiled_one_does(poison):
    poison()
    starts = np.tile([[1.0, -2.0]], (3, 1)) * [[1], [2], [3]]
    plain = PlainDriver(bowl, "momentum").run(starts, [0.1] * 3, steps=9)
    problem = optbench.problem(bowl)
    compiled = simulate(
        problem,
        optbench.optimizer("momentum"),
        LaneInputs(starts, problem.keys(range(3)), np.full(3, 0.1)),
        Job(steps=9),
    )
    np.testing.assert_allclose(plain.x, compiled.x, rtol=1e-13)
    np.testing.assert_array_equal(plain.hits, compiled.hits)


@pytest.mark.parametrize("mutant", thinned(MUTANTS, 4), ids=lambda mutant: mutant[-1])
def test_a_block_that_skips_an_initialisation_is_caught(mutant, poison):
    name, line, text = mutant
    clean, calls = blocks_of()
    broken_block = without(getattr(events, name), line)
    caught = False
    for pattern in POISONS:
        poison(pattern)
        assert same(clean, blocks_of()[0])
        try:
            broken, mutant_calls = blocks_of({name: broken_block})
        except (IndexError, OverflowError, ValueError):  # plain Python refuses such numbers
            caught = True
        else:
            caught |= not same(clean, broken) or mutant_calls != calls
    assert caught or text.startswith(ELSEWHERE), text
