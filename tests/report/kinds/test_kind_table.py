"""The table of kinds against hand calculations."""

import dataclasses
import math

import numpy as np
import pytest

from optbench.report.kinds.common_setting import common_trial
from optbench.report.kinds.kind_table import NO_RATIO, ONE_INSTANCE, kind_table
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from tests.report.statistics.cells import cell

DRAWS = 8
FACTS = {"tags": "convex", "dim": 2}


def pair(optimizer, problem, costs, *, family=None, default=80, tuning=None, **facts):
    """Return the cells of a pair: trials 0 and 1 and the default cost the same on each draw.

    `costs` are of trials 0 and 1 in scoring (0: never), `tuning` the same in tuning; trial 1 is the
    tuned one.
    """
    facts = {
        **FACTS, "optimizer": optimizer, "problem": problem, "label": problem,
        "family": family or problem, **facts,
    }  # fmt: skip
    cells = []
    for phase, own in (("tuning", tuning or costs), ("scoring", costs)):
        hit = np.tile([*own, default], (DRAWS + (phase == "scoring"), 1))
        final = np.where(hit > 0, 1e-6, 1.0)
        cells.append(cell(final, phase=phase, hit=hit, reached=hit > 0, facts=facts))
    return cells


def table(*pairs):
    stored = pair_results([cell for own in pairs for cell in own])
    return kind_table([pair_lanes(each) for each in stored])


def scores(frame, setting="tuned", column="score"):
    rows = frame[frame["setting"] == setting]
    return dict(zip(rows["optimizer"], rows[column], strict=True))


def test_the_score_is_the_geometric_mean_over_families_of_means_over_problems():
    """Ratios of b: 2 and 8 in one family (mean of logs: 4), 1/4 in the other, where a costs 4."""
    frame = table(
        pair("a", "p1", (0, 10), family="f"), pair("b", "p1", (0, 20), family="f"),
        pair("a", "p2", (0, 5), family="f"), pair("b", "p2", (0, 40), family="f"),
        pair("a", "q", (0, 40)), pair("b", "q", (0, 10)),
    )  # fmt: skip
    assert scores(frame) == pytest.approx({"a": math.sqrt(1 * 4), "b": math.sqrt(4 * 1)})
    assert scores(frame, column="worst_family") == {"a": "q", "b": "f"}
    assert scores(frame, column="best_on") == {"a": 1, "b": 1}
    assert set(frame["families"]) == {2} and set(frame["problems"]) == {3}
    assert set(frame["note"]) == {"on these 2 families"}
    low, high = frame["low"].to_numpy(), frame["high"].to_numpy()
    for end in (low, high):  # all draws are alike
        np.testing.assert_allclose(end, frame["score"], rtol=1e-12)


def test_the_default_setting_is_compared_with_default_settings():
    frame = table(pair("a", "p", (0, 10), default=60), pair("b", "p", (0, 20), default=30))
    assert scores(frame, "default") == pytest.approx({"a": 2.0, "b": 1.0})
    assert set(frame["note"]) == {"on p alone"}


def test_without_a_success_the_score_is_the_least_that_it_can_be():
    """Eight lanes of 100 evaluations: one success costs at least 800."""
    frame = table(pair("a", "p", (0, 10)), pair("b", "p", (0, 0)))
    assert scores(frame) == pytest.approx({"a": 1.0, "b": 80.0})
    assert scores(frame, column="at_least") == {"a": False, "b": True}


def test_where_nobody_has_a_success_gaps_are_compared():
    frame = table(pair("a", "p", (0, 0)), pair("b", "p", (0, 0)))
    assert scores(frame) == pytest.approx({"a": 1.0, "b": 1.0})
    assert not frame["at_least"].any()


def test_an_optimizer_that_is_missing_on_a_problem_has_no_score_and_a_note():
    frame = table(pair("a", "p", (0, 10)), pair("b", "p", (0, 20)), pair("a", "q", (0, 10)))
    assert math.isnan(scores(frame)["b"]) and scores(frame)["a"] == 1.0
    (note,) = frame[(frame["optimizer"] == "b") & (frame["setting"] == "tuned")]["note"]
    assert note == "no lanes at this setting on all problems of q"


def test_one_setting_for_the_kind_is_chosen_by_tuning_lanes_alone():
    """Trial 0 is best over both problems in tuning; in scoring it is the worst."""
    one = pair("a", "p", (60, 10), tuning=(10, 20))
    two = pair("a", "q", (60, 10), tuning=(10, 9))
    pairs = [pair_lanes(each) for each in pair_results([*one, *two])]
    assert common_trial(pairs) == 0
    frame = table(one, two, pair("b", "p", (0, 30)), pair("b", "q", (0, 30)))
    assert scores(frame, "one for the kind") == pytest.approx({"a": 2.0, "b": 1.0})
    assert scores(frame)["a"] == pytest.approx(1.0)


def test_optimizers_meet_the_same_resamples_whatever_their_order():
    pairs = [pair("a", "p", (0, 10)), pair("b", "p", (0, 20))]
    first, second = table(*pairs), table(*pairs[::-1])
    assert scores(first) == scores(second) and scores(first, column="low") == scores(
        second, column="low"
    )


def test_a_kind_without_ratios_has_rows_that_say_so():
    frame = table(
        pair("a", "p", (0, 0), default=0, local=False),
        pair("b", "p", (0, 0), default=0, local=False),
    )
    assert len(frame) and frame["score"].isna().all() and set(frame["families"]) == {0}
    assert set(frame["note"]) == {NO_RATIO}


def test_one_instance_has_a_score_and_no_interval():
    lanes = [
        pair_lanes(each)
        for each in pair_results([*pair("a", "p", (0, 10)), *pair("b", "p", (0, 20))])
    ]
    one = [
        dataclasses.replace(
            own, scoring=own.scoring.at(draws=slice(0, 1)), instance=own.instance[:1],
            seed=own.seed[:1],
        )
        for own in lanes
    ]  # fmt: skip
    frame = kind_table(one)
    assert scores(frame) == pytest.approx({"a": 1.0, "b": 2.0})
    assert frame["low"].isna().all() and frame["note"].str.contains(ONE_INSTANCE).all()
    assert (frame["best_on"] == 1).all()
