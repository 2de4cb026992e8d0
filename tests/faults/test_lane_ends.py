"""What is not finite is so in every column; ends, bests, slopes, and numbers below the normal."""

import math

import numpy as np
import pytest

import optbench
from optbench import define
from optbench.kernels.driver.events import stands_still
from optbench.lanes.records import fill_records, final_metrics
from tests.faults.lane_runs import NOT_FINITE, run
from tests.surfaces import wall

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


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
