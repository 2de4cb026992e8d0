"""A lane never disturbs another, whatever it meets; what is not finite is so in every column."""

import functools
import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench import define
from optbench.catalog.references import reference
from optbench.kernels.cpu.blocking import block_width
from optbench.kernels.driver.events import stands_still, threshold
from optbench.kernels.driver.tasks import Placement
from optbench.kernels.status import rounding_floor
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import diverged, fill_records, final_metrics
from optbench.lanes.simulating import program, simulate
from optbench.lanes.solvers import METHODS, Solver, thresholds_of
from optbench.lanes.targets import TARGETS, Targets, success
from tests.surfaces import bowl, unknown_minimum, wall

from .mines import CLEAN, KINDS, mined, mined_noise

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
NOT_FINITE = 3
PER_LANE = (
    "x", "f_start", "f_final", "f_best", "status", "steps", "hits", "hit", "record_f",
    "record_best", "record_metrics", "record_x",
)  # fmt: skip


def run(definition, optimizer, starts, lr=0.1, steps=30, seeds=None, **options):
    """Run one lane a start."""
    problem = optbench.problem(definition)
    n = len(starts)
    return simulate(
        problem,
        optbench.optimizer(optimizer),
        LaneInputs(
            np.asarray(starts, float),
            problem.keys(range(n) if seeds is None else seeds),
            np.broadcast_to(lr, n),
        ),
        Job(steps=steps, **options),
    )


def assert_same_lanes(ours, theirs, lanes):
    """Compare these lanes byte for byte."""
    assert len(ours.record_x) == len(theirs.record_x)
    for name in PER_LANE if len(ours.record_x) else PER_LANE[:-1]:
        one, other = getattr(ours, name)[lanes], getattr(theirs, name)[lanes]
        assert one.tobytes() == other.tobytes(), name


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


# ------------------------------------------------------------------------- ends, bests and slopes


def test_minus_infinity_is_never_a_best():
    @define.problem(start=[1.0], minimum=0.0, f_min=0.0)
    def abyss(x, g):
        g[0] = 2.0 * x[0]
        return define.where(x[0] < 0.1, -math.inf, x[0] * x[0])

    lanes = run(abyss, "gd", [[1.0], [0.5]])
    assert (lanes.status == NOT_FINITE).all() and (lanes.f_best == math.inf).all()
    assert (lanes.f_final == math.inf).all()


def test_a_gradient_that_is_not_finite_is_never_stationary():
    @define.problem(start=[0.0, 0.0], minimum=0.0, f_min=0.0)
    def cracked(x, g):
        """Its gradient is (x, 0), and (0, NaN) right of 1."""
        g[0] = define.where(x[0] > 1.0, 0.0, x[0])
        g[1] = define.where(x[0] > 1.0, math.nan, 0.0)
        return x[0] * x[0]

    lanes = run(cracked, "gd", [[0.0, 0.0], [0.6, 0.0]], lr=-1.0, steps=1)
    assert lanes.status.tolist() == [1, 2] and np.isfinite(lanes.x).all()
    lanes = run(cracked, "gd", [[0.0, 0.0], [0.6, 0.0]], lr=-1.0, steps=2)
    assert lanes.status.tolist() == [1, NOT_FINITE] and lanes.x[1].tolist() == [1.2, 0.0]


@pytest.mark.parametrize(
    "largest, at_start, still",
    [(0.0, 1.0, True), (math.inf, math.inf, False), (1.0, math.inf, False), (1e-9, 0.0, True),
     (1e-3, 1e6, True), (1e-3, 1.0, False)],
)  # fmt: skip
def test_what_stands_still(largest, at_start, still):
    assert stands_still.py_func(largest, at_start, 1e-8) == still


def test_a_diverged_lane_is_so_in_every_column():
    lanes = run(wall, "gd", [[1.0], [1.0]], lr=[51.0, 0.1], steps=50)
    assert lanes.status[0] == NOT_FINITE and lanes.x[0, 0] == pytest.approx(10201)
    assert lanes.f_final[0] == math.inf and lanes.f_best[0] == 1.0
    f, best, _ = fill_records(lanes)
    assert (f[0, 2:] == math.inf).all() and (best[0, 2:] == math.inf).all()
    assert np.isfinite(f[1]).all()


def test_the_metrics_of_a_diverged_net_are_not_those_of_its_start():
    problem = optbench.problem("xor_sigmoid")
    lanes = run(
        "xor_sigmoid", "gd", problem.starts([0, 1]), lr=[math.inf, 0.1], records=np.array([0, 30])
    )
    assert lanes.status[0] == NOT_FINITE
    metrics = final_metrics(lanes)
    assert (metrics[0, ::2] == math.inf).all() and np.isnan(metrics[0, 1::2]).all()
    np.testing.assert_array_equal(metrics[1], lanes.record_metrics[1, -1])
    filled = fill_records(lanes)[2]
    assert (filled[0, -1, ::2] == math.inf).all() and np.isfinite(filled[0, 0, ::2]).all()


# ----------------------------------------------------------------------------------------- targets


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


# ------------------------------------------------------------------------------ subnormal numbers

TINY = 1e-160
"""Its square is below the normal range: 0 in lanes."""


@define.problem(start=[TINY], minimum=0.0, f_min=0.0)
def faint(x, g):
    """f = x^2, which is below the normal range at the start, and so is its slope here."""
    g[0] = x[0] * x[0]
    return x[0] * x[0]


def test_a_point_has_one_value_whoever_asks():
    problem = optbench.problem(faint)
    assert TINY * TINY > 0.0  # in Python
    lanes = run(faint, "gd", [[TINY]], lr=1e200, steps=1)
    assert lanes.f_start[0] == problem.value([TINY]) == problem.value([[TINY]])[0] == 0.0
    assert problem.grad([TINY]) == 0.0 and lanes.x[0, 0] == TINY
    assert optbench.replay("gd", [[TINY * TINY]], [TINY], lr=1e200)[-1] == TINY


@define.problem(start=[1.0], minimum=0.0, f_min=0.0)
def refusing(x, g):
    """Raise in compiled code."""
    g[0] = 2.0 * x[0]
    if x[0] < 0.5:
        raise ValueError("no further")
    return x[0] * x[0]


def test_a_problem_that_raises_leaves_the_callers_arithmetic_alone():
    problem, half = optbench.problem(refusing), np.array([2e-308])
    for attempt in (
        lambda: optbench.minimize("gd", refusing, steps=50, lr=0.1, threads=1),
        lambda: problem.value([0.1]),
        lambda: problem.value([1.0]),
    ):
        try:
            attempt()
        except ValueError as error:
            assert "no further" in str(error)
        assert half[0] / 4 > 0.0 and (half / 4)[0] > 0.0


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
