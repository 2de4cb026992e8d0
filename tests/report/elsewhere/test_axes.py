"""Axes inside of a run and between runs, slopes, what a problem tells, and subsets of problems."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from optbench.report.elsewhere import slopes as module
from optbench.report.elsewhere.agreement import ONE_INSTANCE
from optbench.report.elsewhere.axes import axes_table, between_runs, slopes_table
from optbench.report.elsewhere.discrimination import discrimination_table
from optbench.report.elsewhere.slopes import slopes
from optbench.report.elsewhere.standings import all_standings
from optbench.report.elsewhere.subset import greedy_subset, places_of, subset_table
from tests.report.tuning.lanes_by_hand import INF, pair


def run_of(*problems, draws=4):
    """Return standings on problems: (name, dim, budget, {optimizer: cost of every lane})."""
    return all_standings(
        pair(None, np.full((draws, 1), float(cost)), optimizer=name, problem=problem, dim=dim,
             budget=budget)
        for problem, dim, budget, costs in problems
        for name, cost in costs.items()
    )  # fmt: skip


ONE, OTHER = {"a": 10, "b": 20, "c": 30}, {"a": 20, "b": 10, "c": 30}


@pytest.mark.parametrize(
    ("axis", "first", "second", "levels"),
    [
        ("dimension", ("bowl", 2, 1000), ("bowl", 10, 1000), (2, 10)),
        ("budget", ("bowl", 2, 500), ("bowl", 2, 1000), (500, 1000)),
        ("conditioning", ("bowl_1e2", 2, 1000), ("bowl_1e6", 2, 1000), (1e2, 1e6)),
        ("conditioning", ("bowl_1e2_x", 2, 1000), ("bowl_1e3_x", 2, 1000), (1e2, 1e3)),
        ("rotation", ("bowl", 2, 1000), ("rotated_bowl", 2, 1000), (0, 1)),
        ("noise", ("bowl", 2, 1000), ("noisy_bowl", 2, 1000), (0, 1)),
    ],
)
def test_each_axis_has_its_pairs_of_problems(axis, first, second, levels):
    frame = axes_table(run_of((*second, OTHER), (*first, ONE), ("well", 3, 1000, ONE)))
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row.axis, row.level, row.other_level) == (axis, *levels)
    assert row.tau == pytest.approx(1 / 3) and (row.flips, row.flipping) == (1, "a < b")
    assert row.separated == 3 and row.note == ""


def test_three_levels_are_three_pairs_of_problems():
    frame = axes_table(run_of(*(("bowl", dim, 1000, ONE) for dim in (100, 2, 10))))
    assert list(zip(frame.level, frame.other_level, strict=True)) == [(2, 10), (2, 100), (10, 100)]


def test_a_problem_that_differs_in_two_things_is_on_no_axis():
    assert axes_table(run_of(("bowl", 2, 1000, ONE), ("rotated_bowl", 3, 1000, ONE))).empty


def test_between_runs_every_common_problem_has_a_row():
    first = run_of(("bowl", 2, 1000, ONE), ("well", 2, 1000, ONE))
    second = run_of(("bowl", 2, 1000, OTHER), ("hill", 2, 1000, ONE))
    frame = between_runs(first, second, "dtype")
    assert frame[["axis", "label", "flipping"]].to_numpy().tolist() == [
        ["dtype", "bowl (d=2)", "a < b"]
    ]
    with pytest.raises(ValueError, match=r"no problem in common: the first has bowl .*hill"):
        between_runs(first[:1], second[1:], "dtype")


def test_a_cost_that_grows_with_the_root_of_the_dimension_has_that_slope():
    frame = slopes_table(run_of(*(("bowl", d, 1000, {"a": 7 * d**0.5}) for d in (2, 10, 100))))
    row = frame.iloc[0]
    assert (row.axis, row.optimizer, row.levels, row.note) == ("dimension", "a", 3, "")
    assert [row.slope, row.low, row.high] == pytest.approx([math.log(10) / 2] * 3)


@given(st.lists(st.floats(0, 20), min_size=3, max_size=3))
def test_the_slope_is_that_of_least_squares(costs):
    decades = [0.3, 1.0, 2.0]
    own = slopes(decades, costs, [np.full(8, cost) for cost in costs], 20)["slope"]
    expected = scipy.stats.linregress(decades, costs).slope
    np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-9)


def test_levels_without_a_success_have_no_cost():
    frame = slopes_table(
        run_of(*(("bowl", d, 1000, {"a": 10 * d if d < 100 else INF, "b": INF})
                 for d in (1, 10, 100)))
    ).set_index("optimizer")  # fmt: skip
    assert frame.slope["a"] == pytest.approx(math.log(10)) and frame.levels["a"] == 2
    assert frame.note["a"] == "the target is not reached at 1 levels"
    assert math.isnan(frame.slope["b"]) and frame.note["b"] == module.TOO_FEW


def test_a_slope_has_the_spread_of_its_lanes():
    random = np.random.default_rng(4)
    resampled = [random.normal(mean, 0.1, 4000) for mean in (1.0, 2.0)]
    result = slopes([0.0, 1.0], [1.0, 2.0], resampled, 20)
    half = 2.147 * 0.1 * math.sqrt(2)  # Student's t of 19 degrees, times sqrt(20 / 19)
    assert (result["low"], result["high"]) == pytest.approx((1 - half, 1 + half), abs=0.03)
    alone = slopes([0.0, 1.0], [1.0, 2.0], resampled, 1)
    assert alone["slope"] == 1.0 and np.isnan([alone["low"], alone["high"]]).all()
    assert alone["note"] == ONE_INSTANCE


def test_what_a_problem_tells_by_hand():
    frame = discrimination_table(
        run_of(
            ("bowl", 2, 1000, {"a": 10, "b": 20, "c": 20, "d": INF}),
            ("easy", 2, 1000, {"a": 10, "b": 10}),
            ("hard", 2, 1000, {"a": INF, "b": INF}),
            ("one", 2, 1000, {"a": 10}),
            ("ordered", 2, 1000, {"a": 10, "b": 11}),
        )
    ).set_index("problem")
    assert frame.share["bowl"] == pytest.approx(5 / 6) and frame.note["bowl"] == ""
    assert (frame.all_reach["bowl"], frame.none_reach["bowl"]) == (3, 1)
    assert frame.note["easy"] == "says nothing: all win" and frame.share["easy"] == 0.0
    assert frame.note["hard"] == "says nothing: all lose"
    assert math.isnan(frame.share["one"]) and frame.note["one"] == "one optimizer"
    assert frame.share["ordered"] == 1.0 and frame.note["ordered"] == "all win"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_places_are_ranks_of_scipy(values):
    np.testing.assert_array_equal(places_of(np.array(values, float)), scipy.stats.rankdata(values))


def test_the_subset_is_the_one_problem_that_orders_as_all_do():
    places = np.array([[1, 2, 3, 4], [2, 1, 3, 4], [1, 2, 4, 3], [1, 3, 2, 4.0]])
    steps = greedy_subset(places, places)
    assert [(step.problem, step.tau) for step in steps] == [(0, 1.0)]


def test_a_second_problem_joins_where_it_brings_the_order_nearer():
    """Each of them leaves two optimizers tied."""
    places = np.array([[1, 2, 3.5, 3.5], [1.5, 1.5, 3, 4]])
    steps = greedy_subset(places, places[:, ::-1])
    assert [step.problem for step in steps] == [0, 1]
    tied = 5 / math.sqrt(5 * 6)
    assert [step.tau for step in steps] == pytest.approx([tied, 1.0])
    assert steps[-1].tau_elsewhere == pytest.approx(1.0)


def test_each_step_is_the_best_one_and_none_is_wasted():
    places = scipy.stats.rankdata(np.random.default_rng(8).normal(size=(9, 7)), axis=1)
    steps = greedy_subset(places, places)
    goal = places.mean(axis=0)
    taus = [scipy.stats.kendalltau(own, goal).statistic for own in places]
    assert steps[0].tau == pytest.approx(max(taus))
    assert (np.diff([step.tau for step in steps]) > 0).all()
    total = places[[step.problem for step in steps]].sum(axis=0)
    assert steps[-1].tau == pytest.approx(scipy.stats.kendalltau(total, goal).statistic)
    assert len(greedy_subset(places, places, most=1)) == 1


def test_the_subset_is_chosen_on_one_half_and_checked_on_the_other():
    """On instances 11 and 13 a is first on `odd`; on 12 and 14 b is."""
    halves = {"a": [[10], [30]] * 2, "b": [[20], [20]] * 2, "c": [[40], [40]] * 2}
    pairs = [pair(None, costs, optimizer=name, problem=problem)
             for problem in ("odd", "strange") for name, costs in halves.items()]  # fmt: skip
    frame = subset_table(all_standings(pairs))
    assert frame[["label", "tau", "tau_elsewhere"]].to_numpy().tolist() == [["odd (d=2)", 1.0, 1.0]]
    swapped = [pair(None, np.roll(costs, problem == "strange", axis=0), optimizer=name,
                    problem=problem)
               for problem in ("odd", "strange") for name, costs in halves.items()]  # fmt: skip
    assert subset_table(all_standings(swapped))["tau_elsewhere"].iloc[0] < 1.0


@pytest.mark.parametrize(
    ("standings", "note"),
    [
        (run_of(("bowl", 2, 1000, ONE)), "fewer than two problems"),
        (run_of(("bowl", 2, 1000, {"a": 1}), ("well", 2, 1000, {"b": 1})), "fewer than two optimi"),
        (run_of(("bowl", 2, 1000, ONE), ("well", 2, 1000, ONE), draws=1), "one scoring instance"),
    ],
)
def test_without_a_subset_a_row_says_why(standings, note):
    frame = subset_table(standings)
    assert len(frame) == 1 and note in frame.note[0] and math.isnan(frame.tau[0])


def test_optimizers_that_lack_a_problem_are_counted():
    frame = subset_table(run_of(("bowl", 2, 1000, ONE), ("well", 2, 1000, {"a": 1, "b": 2})))
    assert frame.optimizers[0] == 2 and frame.note[0].startswith("1 optimizers lack a problem")
