"""What trials are judged by, and which is the best: hand calculations and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.kernels.status import BUDGET, NOT_FINITE, rounding_floor
from optbench.lanes.targets import TARGETS
from optbench.study.lane_costs import lane_costs, log_gaps, record_spacing
from optbench.study.objective import (
    basis_of,
    choose,
    log_objectives,
    side_to_extend,
    weighted_medians,
)

DETERMINISTIC = {
    "kind": "deterministic", "absolute_targets": False, "budget": 100, "dtype": "float64"
}  # fmt: skip


def arrays_of(hit, f_final=None, *, reached=None, status=BUDGET, targets=(), hits=None, goal=1e-6):
    """Return the arrays of a cell whose lanes [D, T] start at f = 1, where f_ref is 0."""
    hit = np.asarray(hit, np.int32)
    draws = len(hit)
    return {
        "f_final": np.full(hit.shape, 1e-7) if f_final is None else np.asarray(f_final, float),
        "status": np.broadcast_to(np.asarray(status, np.int8), hit.shape),
        "f_ref": np.zeros(draws), "f_start": np.ones(draws), "goal": np.full(draws, goal),
        "hit": hit, "reached": hit > 0 if reached is None else np.asarray(reached, bool),
        "targets": np.asarray(targets, float),
        "hits": np.zeros((0, *hit.shape), np.int32) if hits is None else np.asarray(hits, np.int32),
    }  # fmt: skip


def costs_of(*args, kind="deterministic", **keywords):
    return lane_costs(arrays_of(*args, **keywords), **{**DETERMINISTIC, "kind": kind})


def best(costs, on_grid=True, kind="deterministic", **keywords):
    number = np.arange(costs.shape[1])
    basis = basis_of(kind, costs, number)
    return int(choose(basis, costs, number, on_grid, **keywords)[0])


def test_a_lane_costs_its_evaluations_if_it_holds_the_target_else_the_budget():
    touched = costs_of([[30, 30, 0]], reached=[[True, False, False]])
    assert touched.cost.tolist() == [[30.0, 100.0, 100.0]]


def test_the_objective_is_what_one_success_costs():
    costs = costs_of([[20, 50], [0, 60], [40, 0]])
    assert np.allclose(np.exp(log_objectives("evaluations", costs)), [160 / 2, 210 / 2])
    assert log_objectives("evaluations", costs_of([[0], [0]]))[0] == math.inf


def test_evaluations_count_from_three_lanes_in_ten_on():
    hit = np.zeros((10, 3), int)
    hit[:2, 0] = 5
    costs = costs_of(hit)
    assert basis_of("deterministic", costs, np.array([0, 1, -1])) == "gap"
    hit[:3, 1] = 90
    assert basis_of("deterministic", costs_of(hit), np.array([0, 1, -1])) == "evaluations"
    assert basis_of("deterministic", costs_of(hit), np.array([0, -1, 1])) == "gap"
    assert basis_of("deterministic", costs_of(hit), np.array([0, 1, -1]), "final") == "gap"


def test_gaps_lie_between_the_floor_and_a_hundred_times_the_start():
    floor = rounding_floor(0.0, "float64")
    logs = log_gaps(np.array([[0.0, 1e9, math.inf, 1e-3]]), np.zeros(1), np.array([2.0]), "float64")
    assert np.allclose(logs, [[math.log10(floor), math.log10(200), math.log10(200), -3.0]])
    assert np.isnan(log_gaps(np.ones((1, 1)), np.array([math.nan]), np.ones(1), "float64")).all()


def test_a_lane_that_is_not_finite_counts_as_the_worst_whatever_its_value():
    costs = costs_of([[0, 0]], f_final=[[1e-9, 1e-9]], status=[[NOT_FINITE, BUDGET]])
    assert costs.log_gap[0, 0] == 2.0 and costs.value[0, 0] == math.inf
    assert np.isclose(costs.log_gap[0, 1], -9.0)


def test_an_unknown_reference_leaves_the_median_value():
    arrays = arrays_of([[0, 0], [0, 0], [0, 0]], f_final=[[-3.0, 1], [-1, 2], [-2, math.nan]])
    arrays["f_ref"][:] = math.nan
    arrays["goal"][:] = math.nan
    costs = lane_costs(arrays, **DETERMINISTIC)
    assert basis_of("deterministic", costs, np.array([0, 1])) == "value"
    assert log_objectives("value", costs).tolist() == [-2.0, 2.0]


def test_nets_are_judged_by_the_validation_loss_and_never_by_the_test_part():
    arrays = arrays_of([[0, 0], [0, 0], [0, 0]])
    arrays = {name: a for name, a in arrays.items() if name not in ("hit", "reached", "goal")}
    arrays["metrics"] = np.arange(36.0).reshape(3, 2, 6)
    changed = arrays | {"metrics": arrays["metrics"].copy()}
    changed["metrics"][..., 4:] = math.nan
    for own in (arrays, changed):
        costs = lane_costs(own, **{**DETERMINISTIC, "kind": "net"})
        assert basis_of("net", costs, np.array([0, 1])) == "validation"
        assert np.allclose(np.exp(log_objectives("validation", costs)), [14, 20])
        assert np.allclose(np.exp(log_objectives("training", costs)), [12, 18])


def test_a_grid_counts_targets_that_exist_on_all_draws_and_unmet_ones_at_the_budget():
    """Twenty targets 10^-1 .. 10^-10; two are met, by one lane each."""
    hits = [[[11, 0]], [[31, 21]]]
    costs = costs_of([[0, 0]], targets=TARGETS[[0, 5]], hits=hits)
    exist = TARGETS[TARGETS >= rounding_floor(0.0, "float64")]
    m = len(exist)
    expected = [(11 + 31 + (m - 2) * 100) / m, (100 + 21 + (m - 2) * 100) / m]
    assert m == len(TARGETS) - 0 and np.allclose(costs.grid_cost, [expected])
    logs = [math.log(11) + math.log(31), math.log(100) + math.log(21)]
    assert np.allclose(costs.grid_log_cost, [[(x + (m - 2) * math.log(100)) / m for x in logs]])


def test_within_one_percent_the_whole_grid_of_targets_decides():
    hits = [[[50, 10, 5]]]
    tied = costs_of([[1000, 1009, 1020]], targets=TARGETS[:1], hits=hits)
    assert best(tied) == 1  # the third is not within 1 % of the first


def test_then_the_middle_of_the_longest_run_of_neighbours():
    hit = [[50, 90, 50, 50, 50, 90, 50]]
    assert best(costs_of(hit)) == 3
    assert best(costs_of(hit), on_grid=False) == 0
    assert best(costs_of([[50, 50, 90, 50, 50]])) == 0  # of equally long runs the first, its lower
    few = np.array([[True, True, True, False, True, True, True]])
    assert best(costs_of(hit), trials=few) == 2  # of 2 and 4, which are neighbours now


def test_off_surfaces_one_record_apart_is_a_tie():
    assert np.isclose(record_spacing(1000, "stochastic"), 1000 ** (1 / 62))
    hit = [[100, 110, 130]]
    assert best(costs_of(hit)) == 0
    assert costs_of(hit, kind="stochastic").tie == pytest.approx(100 ** (1 / 62))


def test_the_default_setting_is_never_chosen():
    costs = costs_of([[50, 1]])
    assert choose("evaluations", costs, np.array([0, -1]), True).tolist() == [0]


@given(
    values=st.lists(st.floats(-5, 5), min_size=1, max_size=8),
    counts=st.lists(st.integers(0, 4), min_size=8, max_size=8),
)
def test_weighted_medians_are_medians_of_repeated_values(values, counts):
    counts = np.array(counts[: len(values)])
    if not counts.sum():
        counts[0] = 1
    own = weighted_medians(np.array(values)[:, None], counts[None].astype(float))
    assert own[0, 0] == pytest.approx(np.median(np.repeat(values, counts)), rel=1e-12, abs=0)


def drawn_cell(seed, draws=10, trials=9):
    """Return the arrays of a cell with ties, failures, and gaps far below the floor."""
    rng = np.random.default_rng(seed)
    hit = rng.choice([0, 20, 20, 21, 40, 90], (draws, trials))
    f_final = np.where(hit > 0, 10.0 ** rng.uniform(-40, -7, hit.shape), 10.0 ** rng.uniform(-4, 3))
    hits = np.where(hit > 0, np.maximum(hit - 5, 1), 0)[None]
    return arrays_of(hit, f_final, targets=TARGETS[3:4], hits=hits)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("objective", ["evaluations", "final", "anytime"])
def test_gaps_below_the_floor_change_nothing(seed, objective):
    arrays = drawn_cell(seed)
    rng = np.random.default_rng(1000 + seed)
    floor = rounding_floor(0.0, "float64")
    below = arrays["f_final"] < floor
    changed = arrays | {
        "f_final": np.where(below, floor * rng.random(below.shape), arrays["f_final"])
    }
    number = np.arange(9)
    results = []
    for own in (arrays, changed):
        costs = lane_costs(own, **DETERMINISTIC)
        basis = basis_of("deterministic", costs, number, objective)
        results.append((choose(basis, costs, number, True)[0], *log_objectives(basis, costs)))
    assert below.any() and results[0] == results[1]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_lanes_changes_nothing(seed):
    costs = lane_costs(drawn_cell(seed), **DETERMINISTIC)
    order = np.random.default_rng(seed).permutation(10)
    assert best(costs) == best(costs.at(draws=order))


@pytest.mark.parametrize("seed", range(20))
def test_counting_a_draw_twice_is_having_it_twice(seed):
    costs = lane_costs(drawn_cell(seed), **DETERMINISTIC)
    weights = np.random.default_rng(seed).integers(0, 3, (4, 10)).astype(float)
    number = np.arange(9)
    for basis in ("evaluations", "gap", "anytime", "value"):
        together = choose(basis, costs, number, True, weights)
        for own, chosen in zip(weights, together, strict=True):
            drawn = costs.at(draws=np.repeat(np.arange(10), own.astype(int)))
            assert choose(basis, drawn, number, True)[0] == chosen


def test_a_grid_goes_on_beyond_an_edge_and_below_where_everything_diverges():
    rates, of_grid = np.array([0.1, 1.0, 10.0, 5.0]), np.array([True, True, True, False])
    costs = costs_of([[50, 50, 50, 50]])
    assert [side_to_extend(costs, rates, best, of_grid) for best in range(3)] == [-1, 0, 1]
    lost = costs_of([[0, 0, 0, 0]], f_final=[[math.inf, math.inf, math.inf, 1.0]])
    assert side_to_extend(lost, rates, 1, of_grid) == -1
