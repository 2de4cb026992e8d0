"""Trials in the order of tuning, and curves of the best of k."""

import numpy as np
import pandas as pd
import pytest

from optbench.report.tuning import trial_order, tuning_curves
from optbench.report.tuning.frames import frame_makers
from tests.report.tuning.lanes_by_hand import EIGHT, INF, pair


def test_trials_are_in_the_order_of_tuning_with_scores_of_scoring():
    tuning, scoring = [[30, 10, 20, INF]], [[1, 2, 3, 4]]
    order = trial_order.trial_order(*with_scores(pair(tuning, scoring, chosen=1)))
    assert order.position.tolist() == [1, 2, 0, 3]
    np.testing.assert_allclose(np.exp(order.score), [2, 3, 1, 4])


def with_scores(lanes):
    return lanes, trial_order.scores(lanes)


def test_the_trial_that_ties_made_the_chosen_one_is_first():
    lanes = pair([[100.0, 99.9, 100.0]], [[1, 2, 3]], chosen=2, default=[9])
    order = trial_order.trial_order(*with_scores(lanes))
    assert order.position.tolist() == [2, 1, 0]  # and the default setting is none of them


def test_nets_and_what_has_one_setting_have_no_order():
    net = pair([[1, 2, 3]], [[2, 9]], scored=[1, -1])
    with pytest.raises(ValueError, match=r"adam on bowl .* only the tuned and the default"):
        trial_order.scores(net)
    assert trial_order.why_not(pair(None, [[1]])) == trial_order.ONE_TRIAL
    assert trial_order.tuned_pairs([net, pair(None, [[1]]), pair(EIGHT, EIGHT)])[0].on_grid


def test_a_curve_ends_at_what_the_chosen_trial_scores():
    frame = tuning_curves.tuning_curve_table([pair(EIGHT, EIGHT, chosen=3), pair(None, [[1]])])
    assert frame["trials"].tolist() == list(range(1, 9))
    np.testing.assert_allclose(np.exp(frame["score"].iloc[-1]), 100)
    np.testing.assert_allclose(np.exp(frame["score"].iloc[0]), 400)  # the median of all eight
    assert (frame["low"] <= frame["score"]).all() and (frame["score"] <= frame["high"]).all()
    assert set(frame["note"]) == {tuning_curves.OF_A_GRID}
    assert tuning_curves.tuning_curve_table([pair(EIGHT, EIGHT, on_grid=False)])["note"][0] == ""


def test_frames_of_nothing_have_their_columns():
    for name, make in frame_makers(list).items():
        frame = make()
        assert isinstance(frame, pd.DataFrame) and len(frame.columns) > 3, name
        assert len(frame) == (name == "subset")  # which says why there is none
