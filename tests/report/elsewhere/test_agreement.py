"""Orders of optimizers, compared: against SciPy, by hand, and by laws."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from optbench.report.elsewhere import agreement as module
from optbench.report.elsewhere.agreement import agreement, separation, signs, tau_b
from optbench.report.elsewhere.standings import UNREACHED, all_standings
from tests.report.tuning.lanes_by_hand import INF, costs_of, pair

SMALL = st.lists(st.integers(0, 4), min_size=2, max_size=9)


def problem(costs, name="bowl", **options):
    """Return the standings of optimizers a, b, ... that cost these evaluations [D] each."""
    pairs = [
        pair(None, np.array(own, float)[:, None], optimizer=chr(97 + i), problem=name, **options)
        for i, own in enumerate(costs)
    ]
    return all_standings(pairs)[0]


@given(first=SMALL, data=st.data())
def test_tau_is_that_of_scipy(first, data):
    second = data.draw(st.lists(st.integers(0, 4), min_size=len(first), max_size=len(first)))
    own = tau_b(signs(np.array(first, float)), signs(np.array(second, float)))
    np.testing.assert_allclose(own, scipy.stats.kendalltau(first, second).statistic, rtol=1e-12)


def test_tau_of_many_resamples_at_once_is_that_of_each():
    random = np.random.default_rng(3)
    first, second = random.integers(0, 5, (2, 40, 8)).astype(float)
    own = tau_b(signs(first), signs(second))
    expected = [scipy.stats.kendalltau(a, b).statistic for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(own, expected, rtol=1e-12)


def test_failures_tie_with_each_other_and_are_behind_all_else():
    assert signs(np.array([INF, 1.0, INF])).tolist() == [1, 0, -1]


def test_one_swap_of_three_by_hand():
    first = problem([[10] * 4, [20] * 4, [30] * 4])
    second = problem([[20] * 4, [10] * 4, [30] * 4], name="rotated_bowl")
    result = agreement(first, second)
    assert result.tau == result.low == result.high == pytest.approx(1 / 3)
    assert (result.optimizers, result.separated) == (3, 3)
    assert result.flips == (("a", "b"),)
    assert agreement(second, first).flips == (("b", "a"),)
    assert agreement(first, first).tau == 1.0 and not agreement(first, first).flips


def test_a_swap_that_lanes_do_not_separate_is_no_flip():
    noisy = problem([[5, 50, 5, 50], [50, 5, 6, 50]], name="rotated_bowl")
    clear = problem([[20] * 4, [10] * 4])
    assert noisy.standing[0] < noisy.standing[1]
    result = agreement(clear, noisy)
    assert result.tau == -1.0 and result.flips == () and result.separated == 0


def test_two_swap_by_their_means_where_medians_agree():
    """By medians a is before b on both problems; one lane that fails turns the second around."""
    first = problem([[10] * 6, [20] * 6])
    second = problem([[10, 10, 10, 10, INF, INF], [20] * 6], name="rotated_bowl")
    assert np.median([10, 10, 10, 10, 1000, 1000]) < 20
    assert agreement(first, second).tau == -1.0


def test_the_interval_holds_the_estimate_and_narrows_with_more_lanes():
    random = np.random.default_rng(5)

    def interval(draws):
        lanes = [np.exp(random.normal(i / 4, 1.0, draws)) for i in range(6)]
        result = agreement(problem(lanes), problem(lanes[::1], name="rotated_bowl"))
        assert result.low <= result.tau <= result.high
        return result.high - result.low

    assert interval(400) < interval(8)


def test_the_interval_covers_what_many_lanes_say():
    """Two problems with true orders that differ by one swap of four: tau is 2/3."""
    random, held, runs = np.random.default_rng(9), 0, 100
    for _ in range(runs):
        one, other = (
            problem([np.exp(random.normal(m, 0.35, 15)) for m in means], name=name)
            for means, name in (((0, 1, 2, 3), "bowl"), ((1, 0, 2, 3), "rotated_bowl"))
        )
        result = agreement(one, other)
        held += result.low - 1e-9 <= 2 / 3 <= result.high + 1e-9
    assert held >= 90


def test_separation_is_a_percentile_interval_without_0():
    random = np.random.default_rng(1)
    resampled = random.normal([0.0, 0.1, 4.0], 1.0, (1000, 3))
    expected = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        low, high = np.quantile(resampled[:, i] - resampled[:, j], [0.0159, 0.9841])  # of 20 lanes
        expected.append(int(low > 0) - int(high < 0))
    standings = dataclasses.replace(problem([[10] * 20, [20] * 20, [30] * 20]), resampled=resampled)
    assert standings.instances == 20
    assert separation(standings).tolist() == expected == [0, -1, -1]


def test_one_instance_separates_nobody():
    one, other = problem([[10], [20], [40]]), problem([[10], [30], [20]], name="rotated_bowl")
    result = agreement(one, other)
    assert not separation(one).any() and result.separated == 0 and result.flips == ()
    assert result.tau == pytest.approx(1 / 3)
    assert math.isnan(result.low) and math.isnan(result.high)
    assert result.note == module.ONE_INSTANCE


def test_parts_of_resamples_give_what_all_at_once_do(monkeypatch):
    random = np.random.default_rng(2)
    costs = [np.exp(random.normal(i / 3, 1, 10)) for i in range(5)]
    one, other = problem(costs), problem(costs[::-1], name="rotated_bowl")
    whole = agreement(one, other)
    monkeypatch.setattr(module, "AT_ONCE", 70)
    assert agreement(one, other) == whole


def test_optimizers_that_one_problem_lacks_are_left_out():
    result = agreement(problem([[10], [20], [30]]), problem([[10], [20]], name="rotated_bowl"))
    assert result.optimizers == 2 and result.tau == 1.0


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ([[10]], [[10]], module.ONE_OPTIMIZER),
        ([[10], [10]], [[10], [20]], module.ALL_TIE),
    ],
)
def test_an_agreement_that_cannot_be_said_has_a_reason(first, second, note):
    result = agreement(problem(first), problem(second))
    assert math.isnan(result.tau) and result.note == note


def test_who_reaches_the_target_is_before_who_does_not_and_gaps_order_the_rest():
    gaps = costs_of([[INF]] * 3, log_gap=[[-3.0]] * 3), costs_of([[INF]] * 3, log_gap=[[-5.0]] * 3)
    pairs = [
        pair(None, [[900], [INF], [INF]], optimizer="reached"),
        *(pair(None, costs, optimizer=f"gap{i}", basis="gap") for i, costs in enumerate(gaps)),
    ]
    standings = all_standings(pairs)[0]
    assert standings.optimizers == ("gap0", "gap1", "reached")
    assert np.argsort(standings.standing).tolist() == [2, 1, 0]
    assert standings.standing[2] == pytest.approx(math.log(2900))
    assert standings.standing[1] == pytest.approx(UNREACHED - 5 * math.log(10))
    assert standings.reached.tolist() == [0, 0, pytest.approx(1 / 3)]


def test_where_a_gap_names_the_basin_those_that_reached_nothing_tie():
    gaps = costs_of([[INF]], log_gap=[[-3.0]]), costs_of([[INF]], log_gap=[[-5.0]])
    pairs = [
        pair(None, costs, optimizer=name, basis="gap", local=False)
        for name, costs in zip("ab", gaps, strict=True)
    ]
    assert np.ptp(all_standings(pairs)[0].standing) == 0.0


def test_nets_stand_by_the_loss_on_the_validation_part():
    costs = costs_of([[INF], [INF], [INF]], value=[[0.5], [0.2], [0.4]])
    standings = all_standings([pair(None, costs, basis="validation", kind="net")])[0]
    assert standings.standing[0] == pytest.approx(math.log(0.4))


def test_only_draws_that_all_optimizers_have_count():
    standings = all_standings(
        [
            pair(None, [[10], [20], [90]], optimizer="a", instances=[11, 12, 13]),
            pair(None, [[30], [40]], optimizer="b", instances=[12, 11]),
        ]
    )[0]
    np.testing.assert_allclose(np.exp(standings.standing), [15, 35])


def test_without_a_common_draw_nothing_can_be_compared():
    pairs = [
        pair(None, [[10]], optimizer="a", instances=[11]),
        pair(None, [[10]], optimizer="b", instances=[12]),
    ]
    with pytest.raises(ValueError, match=r"bowl .*: a, b have no scoring draw in common"):
        all_standings(pairs)


def test_the_order_of_rows_changes_nothing():
    pairs = [pair(None, [[10.0 + i], [20.0 - i]], optimizer=f"o{i}") for i in range(5)]
    one, other = all_standings(pairs)[0], all_standings(pairs[::-1])[0]
    np.testing.assert_array_equal(one.resampled, other.resampled)
    assert one.optimizers == other.optimizers
