"""What holds of every claim that is shipped: theorems are judged, experiments measure all pairs."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from optbench.claims import finding
from optbench.claims.draws import draw_of
from optbench.claims.experiment import Scores
from optbench.claims.measuring import measured
from tests.thinning import thinned

SHIPPED = finding.claims()
THEOREMS = [name for name, one in SHIPPED.items() if one.kind == "theorem"]
EXPERIMENTS = [name for name, one in SHIPPED.items() if one.kind == "experiment"]
PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
WRONG = {
    "adagrad_follows_differences", "adams_steps_shrink", "decay_is_an_l2_penalty",
    "descent_needs_convexity", "descent_needs_slopes_everywhere",
    "large_gradient_makes_step_smaller", "penalties_give_mean_and_median",
    "relu_halves_the_variance", "scaling_by_p_keeps_the_mean", "smoothing_is_mixup",
    "sum_or_mean_are_alike", "usual_rates_tame_first_steps", "zero_weights_of_sigmoid",
}  # fmt: skip
"""Theorems of the notes that do not hold."""


@pytest.mark.parametrize("name", thinned(THEOREMS, 4))
def test_theorems_have_the_verdict_that_follows(name):
    result = measured(SHIPPED[name], seed=1)
    assert (result["verdict"] == "supported") == (name not in WRONG), result["detail"]


@functools.cache
def measures(name, arm):
    one = SHIPPED[name]
    setting = next(iter(one.settings.values()))
    scores = one.function(getattr(one, arm), setting, draw_of(study_seed=1, pairs=3))
    return np.atleast_2d(scores.scoring if isinstance(scores, Scores) else scores)


@pytest.mark.conformance
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_measure_every_pair_in_both_arms(name):
    for arm in ("treatment", "control"):
        values = measures(name, arm)
        assert values.shape[-1] == 3
        assert not np.isnan(values).all(axis=1).any()


def test_there_are_claims_enough_and_some_are_known_to_be_true():
    assert len(SHIPPED) >= 70
    assert sum(bool(one.known) for one in SHIPPED.values()) >= 5


def test_no_claim_is_worded_or_asked_twice():
    for what in ("says", "question"):
        texts = [getattr(one, what) for one in SHIPPED.values()]
        assert sorted(texts) == sorted(set(texts))


def test_the_page_of_the_docs_lists_the_claims_that_are_shipped():
    listed = set(re.findall(r"optbench run claims -k (\w+)", PAGE.read_text("utf-8")))
    assert listed == set(SHIPPED), "write docs/claims.md anew: docs/write_claims.py"
