"""Narrower ranges: which trials they hold, what is chosen of them, and whose order flips."""

import numpy as np
import pytest

from optbench.report.elsewhere.standings import all_standings
from optbench.report.tuning import narrowing, trial_order
from tests.report.tuning.lanes_by_hand import EIGHT, pair

SEARCHED = {"lr": [1e-3, 1.0, "log"]}


def test_narrower_ranges_lose_half_a_decade_at_each_end():
    rates = np.array([1e-3, 3e-3, 10**-2.5, 0.1, 10**-0.5, 0.4, 1.0])
    inside = narrowing.within({"lr": rates}, SEARCHED)
    assert inside.tolist() == [False, False, True, True, True, False, False]


def test_every_hyperparameter_is_narrowed_on_its_scale():
    values = {
        "lr": np.full(6, 0.1),
        "beta": np.array([0.9, 1 - 0.6, 0.998, 0.9, 0.9, 0.9]),
        "decay": np.array([0.0, 0.0, 0.0, 1e-6, 1e-3, 0.09]),
        "share": np.linspace(0, 1, 6),
    }
    searched = {
        "beta": [0.0, 0.999, "log of 1 - v"], "decay": [1e-6, 0.1, "log with 0"],
        "share": [0.0, 1.0, "linear"],
    }  # fmt: skip
    inside = narrowing.within(values, searched)
    assert inside.tolist() == [True, False, False, False, True, False]


def narrow_frame(*pairs):
    return narrowing.narrowing_table(pairs, all_standings(pairs)).set_index("optimizer")


def test_an_order_that_hangs_on_an_end_of_the_range_flips():
    """`edge` is best at the largest rate, where it beats `inner`; without that it loses."""
    edge, inner = [[400, 400, 300, 200, 300, 400, 20]] * 4, [[400, 400, 60, 50, 60, 400, 400]] * 4
    frame = narrow_frame(
        pair(edge, edge, chosen=6, optimizer="edge", searched=SEARCHED),
        pair(inner, inner, chosen=3, optimizer="inner", searched=SEARCHED),
    )
    row = frame.loc["edge"]
    assert (row.trials, row.within, row.trial, row.trial_narrow) == (7, 5, 6, 3)
    np.testing.assert_allclose(np.exp([row.score, row.score_narrow]), [20, 200])
    np.testing.assert_allclose([row.lr, row.lr_narrow], [1.0, 10**-1.5])
    assert frame.flips.to_dict() == {"edge": "inner", "inner": "edge"}


@pytest.mark.parametrize(
    ("on_grid", "trial", "within"), [(True, 9, 9), (False, 5, 5)], ids=["grid", "draws"]
)
def test_a_best_rate_at_an_edge_extends_a_narrower_grid_twice(on_grid, trial, within):
    """Half a decade apart, ever better: 1 to 5 lie within, then come two decades of two rates."""
    costs = [[400 - 20 * i for i in range(13)]]
    rates = 10 ** (-3 + 0.5 * np.arange(13))
    lanes = pair(costs, costs, chosen=12, rates=rates, on_grid=on_grid, searched=SEARCHED)
    row = narrow_frame(lanes).iloc[0]
    assert (row.trial_narrow, row.within) == (trial, within)


def test_what_narrower_ranges_leave_alone_flips_nothing():
    inner = [[400, 50, 60, 400]] * 4
    frame = narrow_frame(
        pair(inner, inner, chosen=1, optimizer="a", searched=SEARCHED),
        pair(None, [[70]] * 4, optimizer="solver"),
    )
    assert frame.flips.tolist() == ["", ""]
    assert frame.loc["a", "trial_narrow"] == 1 and frame.loc["a", "note"] == ""
    assert frame.loc["solver", "note"] == trial_order.ONE_TRIAL


@pytest.mark.parametrize(
    ("searched", "note"),
    [
        ({}, narrowing.NO_RANGES),
        ({"lr": [1e-9, 1e-5, "log"]}, narrowing.NONE_WITHIN),
    ],
)
def test_where_nothing_is_chosen_again_the_tuned_trial_stays(searched, note):
    row = narrow_frame(pair(EIGHT, EIGHT, chosen=3, searched=searched)).iloc[0]
    assert row.note == note and row.trial_narrow == row.trial == 3
