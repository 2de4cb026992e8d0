"""The control of verdicts: a rule against itself."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import binomtest

from optbench.report.comparing.control import (
    ENOUGH,
    MOST,
    Control,
    control_frame,
    controlled,
    tuned_twice,
)
from tests.report.comparing.lanes import drawn, lane_costs, pair_lanes

REPEATS = 220


def rules(seed, paired, **facts):
    """Return rules on problems with grids of their own: steep, shallow, with a cliff.

    Paired lanes of two trials differ by next to nothing but their medians.
    """
    rng = np.random.default_rng(seed)
    for i in range(REPEATS):
        away = np.arange(16) - rng.uniform(4, 11)
        slopes = np.exp(rng.uniform(0.05, 0.8, size=2))
        medians = 100.0 * np.where(away > 0, slopes[0], slopes[1]) ** np.abs(away)
        if i % 3 == 0:
            medians[away > 1.0] = np.inf
        if not paired:
            yield drawn(rng, "a", medians, label=f"problem {i}", **facts)
            continue
        hardness = rng.lognormal(0.0, 1.0, size=(30, 1))
        cost = np.where(np.isinf(medians), np.inf, medians * hardness)
        tuning, scoring = lane_costs(cost[:10], budget=1e5), lane_costs(cost[10:], budget=1e5)
        yield pair_lanes("a", scoring, tuning, label=f"problem {i}")


@pytest.mark.soak
@pytest.mark.parametrize("paired", [False, True])
def test_a_rule_is_not_told_from_itself(paired, seed):
    frame = control_frame(rules(seed, paired))
    control = controlled(frame)
    print(control)
    assert control.pairs == REPEATS >= ENOUGH
    assert control.passes
    if paired:  # the paired test alone would tell nearly all of them apart
        assert (frame["p"] <= 0.05).mean() > 0.5


@pytest.mark.soak
def test_the_luck_of_drawn_trials_alone_tells_no_rule_from_itself(seed):
    rng = np.random.default_rng(seed)
    lanes = []
    for i in range(REPEATS):
        # Good settings are few, and in one order on all lanes.
        medians = 100.0 * rng.lognormal(0.0, 2.0, size=40)
        cost = medians * rng.lognormal(0.0, 1.0, size=(30, 1))
        tuning, scoring = lane_costs(cost[:10], budget=1e9), lane_costs(cost[10:], budget=1e9)
        lanes.append(pair_lanes("a", scoring, tuning, label=f"problem {i}", on_grid=False))
    frame = control_frame(lanes)
    control = controlled(frame)
    print(control)
    assert control.pairs == REPEATS and control.passes
    assert (frame["p"] <= 0.05).all()


def test_halves_have_no_instance_and_no_trial_in_common():
    lanes = drawn(np.random.default_rng(0), "a", 100.0 * np.arange(1.0, 10.0))
    with_default = dataclasses.replace(
        lanes, number=np.append(lanes.number[:-1], -1), scored=np.append(lanes.scored[:-1], -1)
    )
    one, other = tuned_twice(with_default)
    assert one.number.tolist() == [0, 2, 4, 6] and other.number.tolist() == [1, 3, 5, 7]
    assert one.tuning_instance.tolist() == [1, 3, 5, 7, 9]
    assert other.tuning_instance.tolist() == [2, 4, 6, 8, 10]
    assert np.array_equal(other.tuning.cost, lanes.tuning.cost[1::2, [1, 3, 5, 7]])
    assert np.array_equal(one.scoring.cost, lanes.scoring.cost)
    assert (one.scored[one.chosen], other.scored[other.chosen]) == (0, 1)


def test_where_no_verdict_can_err_no_pair_counts():
    rng, facts = np.random.default_rng(1), {"local": False, "failing": 1.0}
    assert control_frame([drawn(rng, "a", [100.0, 200.0, 300.0], **facts)]).empty
    facts["local"] = True
    assert len(control_frame([drawn(rng, "a", [100.0, 200.0, 300.0], **facts)])) == 1


def test_what_cannot_be_tuned_twice_is_left_out():
    lanes = drawn(np.random.default_rng(0), "a", [100.0, 200.0, 300.0])
    assert tuned_twice(pair_lanes("a", lanes.scoring)) is None
    assert tuned_twice(drawn(np.random.default_rng(0), "a", [100.0])) is None
    assert tuned_twice(drawn(np.random.default_rng(0), "a", [100.0, 150.0], tuned=1)) is None
    net = pair_lanes("a", lanes.scoring.at(trials=[0]), lanes.tuning, kind="net", every_trial=False)
    assert control_frame([net]).empty
    assert "nothing controls" in str(controlled(control_frame([net])))


def test_the_control_is_a_binomial_test():
    for decided in (0, 5, 12, 30):
        verdicts = ["a before b"] * decided + ["not separated"] * (250 - decided)
        frame = control_frame([]).reindex(range(250)).assign(verdict=verdicts)
        control = controlled(frame)
        test = binomtest(decided, 250, MOST, alternative="greater")
        assert control.p == pytest.approx(test.pvalue)
        assert control.passes == (test.pvalue > 0.01)
    assert "trust no verdict" in str(control)


def test_few_pairs_say_so():
    assert "control little" in str(Control(pairs=20, decided=0, p=1.0))
    assert "control little" not in str(Control(pairs=ENOUGH, decided=3, p=0.99))
