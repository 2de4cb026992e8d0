"""Targets are counted exactly, by one formula, and those met at the start are hits there."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench import define
from optbench.catalog.references import reference
from optbench.kernels.driver.events import threshold
from optbench.kernels.status import rounding_floor
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.lanes.solvers import METHODS, Solver, thresholds_of
from optbench.lanes.targets import TARGETS, Targets, success
from tests.faults.lane_runs import run
from tests.surfaces import unknown_minimum

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


@pytest.mark.parametrize("target, steps", [(1e-12, 62), (0.5, 2), (1e-6, 31), (3e-7, 34)])
def test_the_asked_target_is_counted_exactly(target, steps):
    """On the sphere gd[lr=0.1] multiplies the gap by 0.64 a step."""
    assert 0.64**steps <= target < 0.64 ** (steps - 1)
    lanes = run("sphere", "gd", [[1.0, 1.0]], steps=80, target=target)
    assert lanes.hit.tolist() == [steps] and lanes.status[0] == 0
    assert lanes.hits.shape == (1, len(TARGETS))
    grid = np.ceil(np.log(TARGETS) / math.log(0.64) - 1e-9)
    np.testing.assert_array_equal(lanes.hits[0], grid)


@numba.njit(error_model="numpy")
def compiled_thresholds(targets, f_start, f_ref, floor, out):
    for m in range(targets.size):
        out[m] = threshold(targets[m], f_start, f_ref, floor)


@given(
    f_start=st.floats(allow_nan=True),
    f_ref=st.one_of(st.just(math.nan), st.floats(-1e300, 1e300)),
    target=st.floats(1e-12, 0.9),
)
@settings(max_examples=200)
def test_targets_become_values_by_one_formula(f_start, f_ref, target):
    targets = np.sort([*TARGETS, target])[::-1].copy()
    compiled = np.zeros(targets.size)
    compiled_thresholds(targets, f_start, f_ref, rounding_floor(f_ref, float), compiled)
    ours = thresholds_of(Targets(targets, f_ref), f_start, float)
    with np.errstate(all="ignore"):
        gaps = targets * (np.float64(f_start) - f_ref)
        least = 100 * np.finfo(float).eps * max(1.0, abs(f_ref))
        counts = (gaps >= least) & (f_ref + gaps < f_start)
        expected = np.where(counts, f_ref + gaps, math.nan)
    expected = targets if math.isnan(f_ref) else expected
    np.testing.assert_array_equal(ours, expected)
    # Compiled code may round a product and its sum once: half a unit of the product is missing.
    np.testing.assert_array_equal(np.isfinite(compiled), np.isfinite(expected))
    finite = np.isfinite(expected)
    with np.errstate(all="ignore"):
        unit = np.finfo(float).eps * np.fmax(np.abs(expected), np.abs(gaps))
    assert (np.abs(compiled - expected)[finite] <= unit[finite]).all()


def test_without_an_asked_target_the_hit_is_of_the_last_that_counts():
    lanes = run("sphere", "gd", [[1.0, 1.0], [1e-4, 1e-4]], steps=80)
    assert lanes.hit[0] == lanes.hits[0, -1] == 52
    assert lanes.hit[1] == lanes.hits[1].max() > 0 and lanes.hits[1, -1] == -1


def test_an_asked_target_that_rounding_hides_is_no_hit():
    lanes = run("sphere", "gd", [[1e-4, 0.0]], steps=80, target=1e-7)  # gap 1e-15
    assert lanes.hit[0] == -1 and lanes.status[0] == 1 and lanes.hits[0, 0] > 0


def test_without_a_reference_nothing_is_asked():
    lanes = run(unknown_minimum, "gd", [[3.0]], target=1e-3)
    assert lanes.hits.shape == (1, 0) and lanes.hit[0] == -1
    assert np.isnan(reference(optbench.problem(unknown_minimum)).value)


@pytest.mark.parametrize("optimizer", ["gd", "scipy_cg"])
def test_absolute_targets_met_at_the_start_are_hits_there(optimizer):
    @define.problem(
        start=[1.0, 2.0], minimum=0.0, f_min=0.0, box=(-5, 5), targets="absolute", target=10.0
    )
    def nearby(x, g):
        g[0], g[1] = 2.0 * x[0], 2.0 * x[1]
        return x[0] * x[0] + x[1] * x[1]

    problem = optbench.problem(nearby)
    assert success(problem, 1e-6).target == 10.0
    lanes = solve(problem, optimizer, [[1.0, 2.0], [2.0, 3.0]], target=10.0)
    assert lanes.hits[0, :3].tolist() == [0, 0, 0]  # f = 5 at the start: 100, 31.6 and 10
    assert lanes.hit[0] == 0 and lanes.status[0] == 0
    assert lanes.hits[1, :2].tolist() == [0, 0] and lanes.hits[1, 2] == lanes.hit[1] > 0


def solve(problem, optimizer, starts, **options):
    runner = Solver(optimizer) if optimizer in METHODS else optbench.optimizer(optimizer)
    return simulate(
        problem,
        runner,
        LaneInputs(
            np.asarray(starts, float), problem.keys(range(len(starts))), np.full(len(starts), 0.1)
        ),
        Job(steps=40, **options),
    )


def test_a_net_that_meets_its_loss_at_the_start_has_a_hit_there():
    easy = define.net(
        "met_at_once",
        data="wine",
        sizes=(13, 16, 3),
        batch=32,
        loss_target=10.0,
        error_target=0.05,
    )
    lanes = optbench.minimize("adam", easy, steps=10, lr=0.001)
    assert lanes.hits.tolist() == [[0]] and lanes.status[0] == "target"
