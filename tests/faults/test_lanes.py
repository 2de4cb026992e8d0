"""A lane never disturbs another, whatever it meets."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.kernels.cpu.blocking import block_width
from optbench.kernels.driver.tasks import Placement
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import diverged
from optbench.lanes.simulating import program, simulate
from tests.faults.lane_runs import NOT_FINITE, assert_same_lanes, run
from tests.surfaces import bowl

from .mines import CLEAN, KINDS, mined, mined_noise

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


# ---------------------------------------------------------------------------- one bad lane of two


@pytest.mark.parametrize("dtype, bad", [("float64", math.nan), ("float32", 1e39)])
def test_a_start_that_is_not_finite_ends_its_own_lane_alone(dtype, bad):
    lanes = optbench.minimize(
        "gd", "sphere", steps=10, lanes=2, lr=0.1, start=[[1, 1], [bad, 1]], dtype=dtype
    )
    assert lanes.status.tolist() == ["budget", "not finite"] and lanes.steps.tolist() == [10, 0]
    assert lanes.f[0] == pytest.approx(2 * 0.8**20, rel=1e-6)
    assert lanes.x[0] == pytest.approx([0.8**10] * 2, rel=1e-6)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(lanes.x[1], np.array([bad, 1], dtype))
    assert lanes.f[1] == math.inf and math.isnan(lanes.f_start[1])
    assert (lanes.records.f[1] == math.inf).all() and (lanes.hits[1] == -1).all()


@pytest.mark.parametrize("optimizer", ["gd", "schedule_free_sgd", "gd[sam_rho=0.1]"])
def test_a_block_of_bad_lanes_alone_gives_each_its_start(optimizer):
    starts = np.array([[math.nan, 1.0], [2.0, -math.inf], [math.inf, math.nan]])
    lanes = run(bowl, optimizer, starts)
    np.testing.assert_array_equal(lanes.x, starts)
    assert (lanes.status == NOT_FINITE).all() and (lanes.steps == 0).all()
    assert (lanes.f_final == math.inf).all() and (lanes.hit == -1).all()


# -------------------------------------------------------------------------- whatever a lane meets

RULES = ("gd", "adam", "gd[sam_rho=0.05]", "schedule_free_sgd", "dadapt_sgd", "gd[clip_norm=1]")
STARTS = (math.nan, math.inf, -math.inf, 1e30, 1e300)
RATES = (math.nan, math.inf, 1e30, 1e300, 0.0)


@functools.cache
def width_of(optimizer, dtype):
    optimizer = optbench.optimizer(optimizer)
    return block_width(6, program(optbench.problem(mined), optimizer, dtype))


@st.composite
def trouble(draw):
    """A run, and what each of its bad lanes meets."""
    optimizer, dtype = draw(st.sampled_from(RULES)), draw(st.sampled_from(["float64", "float32"]))
    whole = width_of(optimizer, dtype)
    sizes = [2, 7, 8, 9, 16, 17, whole - 1, whole, whole + 1, 2 * whole + 3]
    n = draw(st.sampled_from(sizes))
    bad = draw(st.sets(st.sampled_from(sorted({0, 1, n // 2, n - 2, n - 1})), min_size=1))
    kinds = st.sampled_from(KINDS)
    places = st.floats(0.01, 2.0)  # x0 comes down from 2 to 0, so that this decides the step
    what = st.one_of(
        st.tuples(st.just("start"), st.integers(0, 1), st.sampled_from(STARTS)),
        st.tuples(st.just("rate"), st.just(0), st.sampled_from(RATES)),
        st.tuples(st.just("gradient"), places, kinds),
        st.tuples(st.just("value"), places, kinds),
    )
    return optimizer, dtype, n, {lane: draw(what) for lane in sorted(bad)}


def troubled(n, faults):
    """Starts and rates of n lanes, clean and with faults."""
    starts = np.tile(np.array([2.0, 1.0, *CLEAN]), (n, 1))
    starts[:, :2] *= np.linspace(0.5, 1.0, n)[:, np.newaxis]
    rates = np.linspace(0.05, 0.2, n)
    clean = starts.copy(), rates.copy()
    for lane, (what, where, value) in faults.items():
        if what == "start":
            starts[lane, where] = value
        elif what == "rate":
            rates[lane] = value
        else:
            starts[lane, [2, 3] if what == "gradient" else [4, 5]] = where, value
    return clean, (starts, rates)


@pytest.mark.parametrize("definition", [mined, mined_noise])
@given(case=trouble())
@settings(max_examples=150)
def test_lanes_that_meet_trouble_change_no_other(definition, case):
    optimizer, dtype, n, faults = case
    clean, dirty = troubled(n, faults)
    common = dict(dtype=dtype, store_x=True, seeds=np.arange(n) % 3)
    ours = run(definition, optimizer, *dirty, **common)
    theirs = run(definition, optimizer, *clean, **common)
    others = np.setdiff1d(np.arange(n), list(faults))
    assert_same_lanes(ours, theirs, others)
    lost = diverged(ours)
    assert (ours.f_final[lost] == math.inf).all() and not lost[others].any()
    assert np.isfinite(ours.f_final[~lost]).all() and np.isfinite(ours.x[~lost]).all()
    assert not np.isnan(ours.f_best).any() and (ours.f_best > -math.inf).all()


@pytest.mark.parametrize("optimizer", ["gd", "adam", "gd[sam_rho=0.05]"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_of_lanes_on_data_as_well(optimizer, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 30))
    problem = optbench.problem("logistic_breast_cancer")
    starts, rates = problem.starts(range(n)), np.full(n, 0.1)
    clean, bad = (starts.copy(), rates.copy()), rng.choice(n, int(rng.integers(1, n)), False)
    for lane in bad:
        if rng.random() < 0.5:
            starts[lane, rng.integers(problem.dim)] = rng.choice([math.nan, math.inf, 1e300])
        else:
            rates[lane] = rng.choice([math.nan, math.inf, 1e300])
    common = dict(steps=8, seeds=np.arange(n))
    ours, theirs = (
        run("logistic_breast_cancer", optimizer, *lanes, **common)
        for lanes in ((starts, rates), clean)
    )
    assert_same_lanes(ours, theirs, np.setdiff1d(np.arange(n), bad))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_of_nets_as_well(dtype):
    problem = optbench.problem("xor_sigmoid")
    starts, rates = problem.starts(range(4)), np.array([0.1, 0.1, math.inf, 0.1])
    starts[1, 3] = math.nan
    ours = run("xor_sigmoid", "adam", starts, rates, dtype=dtype)
    theirs = run("xor_sigmoid", "adam", problem.starts(range(4)), dtype=dtype)
    assert_same_lanes(ours, theirs, [0, 3])
    assert ours.status[1:3].tolist() == [NOT_FINITE] * 2
    np.testing.assert_array_equal(ours.x[1], starts[1].astype(dtype))


def test_lanes_that_ended_are_not_looked_for_at_every_step():
    """Parked or beyond the lanes, a column that leaves the finite follows a lane that runs."""
    for faults in ({1: ("start", 0, math.nan)}, {8: ("value", 3.0, 1.0)}):
        calls = _events_of(troubled(9, faults)[1])
        assert calls["end_points"] <= 2 and calls["mend"] <= 2


def _events_of(lanes):
    """Count the events of a block of 9 lanes and 7 columns beyond, run in plain Python."""
    from tests.kernels.plain_driver import PlainDriver

    plain = PlainDriver(mined, "gd")
    plain.run(*lanes, steps=20)
    return plain.calls


# --------------------------------------------------------------- arrays as long as they are read


@pytest.mark.parametrize(
    "shift, centre, rotation",
    [(2, None, (2, 2)), (2, 0, (2, 2)), (2, 2, (1, 2)), (2, 3, (2, 2)), (None, 2, (2, 2))],
)
def test_a_frame_of_more_than_one_dimension_is_refused(shift, centre, rotation):
    parts = (None if size is None else np.zeros(size) for size in (shift, centre, rotation))
    with pytest.raises(ValueError, match="problem of dimension 2 has a .* of shape .*expected"):
        Placement(np.zeros(0), np.zeros(0, np.int64), 0, *parts).check(2)


def test_lanes_of_other_sizes_are_refused():
    problem, gd = optbench.problem("sphere", instance=1), optbench.optimizer("gd")
    sizes = dict(starts=np.ones((2, 2)), keys=problem.keys([0, 1]), lr=np.ones(2))
    for wrong in (
        {"starts": np.ones((2, 3))}, {"keys": problem.keys([0])},
        {"instance": np.zeros(3, np.int64)}, {"draw": np.zeros(3, np.int64)},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="has shape .* expected"):
            simulate(problem, gd, LaneInputs(**{**sizes, **wrong}), Job(steps=3))
