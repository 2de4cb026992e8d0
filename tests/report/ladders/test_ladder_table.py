"""Levels that are held, by hand: the definition, both ways to tune, intervals, who calibrated."""

import numpy as np
import pytest

from optbench.report.ladders.climbs import ladder_and_level
from optbench.report.ladders.ladder_table import (
    EACH,
    ONCE,
    ladder_table,
    level_table,
    levels_held,
)
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from tests.report.statistics.cells import cell

DRAWS = 8


@pytest.mark.parametrize(
    ("success", "held"),
    [
        ([1.0, 0.5, 0.5], 3),
        ([1.0, 0.49, 1.0], 1),  # what is beyond a level that is lost does not count
        ([0.4, 1.0, 1.0], 0),
        ([[1.0, 1.0], [1.0, 0.0]], [2, 1]),
    ],
)
def test_a_level_is_held_where_half_of_the_lanes_get_there_and_at_all_before(success, held):
    assert np.array_equal(levels_held(np.array(success)), held)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ladder_kinks[level=3]", ("kinks", 3)),
        ("ladder_net_depth[level=12]", ("net_depth", 12)),
        ("ladder_kinks", None),
        ("ladder_kinks[level=3,noise=0.1]", None),
        ("sphere[noise=0.1]", None),
    ],
)
def test_names_say_ladder_and_level(name, place):
    assert ladder_and_level(name) == place


def level(optimizer, number, *, tuned, trials, ladder="own"):
    """Return the cells of a level: of each trial how many of 8 lanes reached the target, and when.

    `trials` are (reached, evaluations) of trials 0 and 1, of rates 0.1 and 1; `tuned` is one.
    """
    problem = f"ladder_{ladder}[level={number}]"
    facts = {
        "optimizer": optimizer, "problem": problem, "label": f"{problem} (d=2)",
        "family": f"ladder_{ladder}", "tags": "convex", "dim": 2,
    }  # fmt: skip
    cells = []
    for phase in ("tuning", "scoring"):
        extra = phase == "scoring"
        hit = np.zeros((DRAWS + extra, 3), int)
        for trial, (count, spent) in enumerate((*trials, (0, 0))):
            hit[extra : extra + count, trial] = spent
        final = np.where(hit > 0, 1e-6, 1.0)
        kept = {"kept": np.array([tuned, 2], np.int32)} if extra else {}
        cells.append(cell(final, phase=phase, hit=hit, reached=hit > 0, facts=facts, **kept))
    return cells


def table(make, *levels):
    stored = pair_results([each for own in levels for each in own])
    return make([pair_lanes(each) for each in stored])


LEVELS = (
    level("gd", 1, tuned=0, trials=[(8, 10), (8, 20)]),
    level("gd", 2, tuned=1, trials=[(3, 50), (6, 50)]),
    level("gd", 3, tuned=1, trials=[(0, 50), (4, 60)]),
)


def test_one_trial_for_all_levels_is_the_one_that_costs_least_on_their_tuning_lanes():
    """Trial 0 costs 10 + 81.25 + 100 evaluations on average, trial 1 20 + 62.5 + 80."""
    held = table(ladder_table, *LEVELS).set_index("setting")
    assert held.loc[EACH, "held"] == 3 and held.loc[ONCE, "held"] == 3
    own = table(level_table, *LEVELS)
    once = own[own["setting"] == ONCE]
    assert once["success"].tolist() == [1.0, 0.75, 0.5]
    assert once["lr"].nunique() == 1
    each = own[own["setting"] == EACH]
    assert each["lr"].nunique() == 2 and each["lr"].iloc[1] == once["lr"].iloc[0]


def test_intervals_hold_the_level_and_draw_the_same_instances_at_all_levels():
    row = table(ladder_table, *LEVELS).iloc[0]
    assert row["low"] <= row["held"] <= row["high"]
    assert row["instances"] == DRAWS
    sure = table(ladder_table, LEVELS[0], level("gd", 2, tuned=0, trials=[(0, 0), (0, 0)])).iloc[0]
    assert (sure["low"], sure["held"], sure["high"]) == (1, 1, 1)


def test_a_level_that_was_not_run_ends_the_climb():
    rows = table(ladder_table, LEVELS[0], LEVELS[2])
    assert (rows["held"] == 1).all() and (rows["levels"] == 3).all()


def test_the_field_is_marked():
    rows = table(ladder_table, LEVELS[0], level("mine", 1, tuned=0, trials=[(8, 1), (8, 1)]))
    assert rows.groupby("optimizer")["in_field"].all().to_dict() == {"gd": True, "mine": False}


def test_other_problems_have_no_rows():
    plain = level("gd", 1, tuned=0, trials=[(8, 1), (8, 1)])
    for own in plain:
        own[0].update(problem="sphere", label="sphere (d=2)")
    assert len(table(ladder_table, plain)) == 0
