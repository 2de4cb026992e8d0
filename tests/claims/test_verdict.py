"""The rule of verdicts on pairs whose truth is known: coverage, nulls, margins, words."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from optbench.claims.verdict import (
    DEPENDS,
    NOT_SHOWN,
    NOT_SUPPORTED,
    SUPPORTED,
    Arm,
    Rule,
    deviation_verdict,
    effects,
    judged,
)

RULE = Rule(margin=0.0, expects="better", statistic="median", factor="the depth")
NOISES = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "cauchy": lambda rng, shape: rng.standard_cauchy(shape),
}


def seeds(rng, effect=0.0, noise=NOISES["normal"], rates=1, tuning=0, pairs=10):
    """Return (treatment, control) of three study seeds; the middle rate is the best."""
    base = np.abs(np.arange(rates) - rates // 2)[:, None]

    def arm(shift):
        own = base - shift
        return Arm(own + noise(rng, (rates, tuning)), own + noise(rng, (rates, pairs)))

    return [(arm(effect), arm(0.0)) for _ in range(3)]


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize(("rates", "tuning"), [(1, 0), (5, 8)])
def test_intervals_cover_the_truth(noise, rates, tuning):
    rng = np.random.default_rng(rates)
    count, effect = (200, 0.5) if rates == 1 else (60, 0.5)
    covered = 0
    for _ in range(count):
        own = judged({"one": seeds(rng, effect, noise, rates, tuning)}, RULE).settings["one"]
        covered += own.low <= effect <= own.high
    assert binom.cdf(covered, count, 0.95) > 1e-3


def test_few_settings_of_nulls_say_yes():
    rng = np.random.default_rng(7)
    names = [f"setting {i}" for i in range(100)]
    verdict = judged({name: seeds(rng) for name in names}, RULE)
    yes = sum(own.answer == "yes" for own in verdict.settings.values())
    assert not verdict.supported and binom.sf(yes - 1, len(names), 0.025) > 1e-3


def test_small_effects_that_are_there_are_seen():
    rng = np.random.default_rng(3)
    small = lambda rng, shape: 0.02 * rng.normal(size=shape)  # noqa: E731
    verdict = judged({name: seeds(rng, 0.05, small) for name in "ab"}, RULE)
    assert verdict.word == SUPPORTED and verdict.stable
    assert verdict.settings["a"].effect == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("effects_by_setting", "margin", "word", "detail"),
    [
        ({"4": 1.0, "16": 1.0}, 0.5, SUPPORTED, "in all settings"),
        ({"4": 1.0, "16": 1.0}, 2.0, NOT_SUPPORTED, "in no setting"),
        ({"4": 1.0, "16": -1.0}, 0.0, DEPENDS, "depends on the depth: yes: 4; no: 16"),
        ({"4": 1.0, "16": 0.0}, 0.0, NOT_SHOWN, "shown: 4; smaller than noise: 16"),
        ({"4": 0.0, "16": 0.0}, 0.0, NOT_SHOWN, "smaller than noise: 4, 16"),
        (
            {"2": 1.0, "4": 1.0, "8": 0.0, "16": -1.0}, 0.0, DEPENDS,
            "depends on the depth: yes: 2, 4; open: 8; no: 16",
        ),
    ],
)  # fmt: skip
def test_the_words_of_verdicts(effects_by_setting, margin, word, detail):
    rng = np.random.default_rng(0)
    small = lambda rng, shape: 0.1 * rng.normal(size=shape)  # noqa: E731
    arms = {name: seeds(rng, effect, small) for name, effect in effects_by_setting.items()}
    verdict = judged(arms, Rule(margin, "better", "median", "the depth"))
    assert (verdict.word, verdict.detail) == (word, detail)


@pytest.mark.parametrize(
    ("effect", "word"), [(0.0, SUPPORTED), (0.5, NOT_SUPPORTED), (0.2, NOT_SHOWN)]
)
def test_equality_is_shown_within_the_margin_and_refuted_beyond(effect, word):
    rng = np.random.default_rng(1)
    small = lambda rng, shape: 0.1 * rng.normal(size=shape)  # noqa: E731
    verdict = judged({"a": seeds(rng, effect, small)}, Rule(0.2, "equal", "median", "the setting"))
    assert verdict.word == word


def test_a_study_seed_that_says_otherwise_makes_it_unstable():
    rng = np.random.default_rng(0)
    small = lambda rng, shape: 0.1 * rng.normal(size=shape)  # noqa: E731
    mixed = [*seeds(rng, 1.0, small)[:2], seeds(rng, -1.0, small)[0]]
    assert judged({"a": seeds(rng, 1.0, small)}, RULE).stable
    assert not judged({"a": mixed}, RULE).stable


def test_the_rate_is_chosen_on_tuning_lanes_alone():
    tuning, scoring = np.array([[2.0] * 8, [1.0] * 8]), np.array([[0.0] * 10, [5.0] * 10])
    control = Arm(np.empty((1, 0)), np.full((1, 10), 7.0))
    assert (effects(Arm(tuning, scoring), control) == 2.0).all()
    assert (effects(Arm(tuning[::-1], scoring), control) == 7.0).all()


def test_rates_that_might_have_been_missing_widen_the_interval():
    rng = np.random.default_rng(0)
    flat = lambda rng, shape: 0.01 * rng.normal(size=shape)  # noqa: E731
    narrow = judged({"a": seeds(rng, 1.0, flat)}, RULE).settings["a"]
    lucky = [
        (Arm(t.tuning - np.eye(5)[:, [0]] * 9.0, t.scoring - np.eye(5)[:, [0]] * 9.0), c)
        for t, c in seeds(rng, 0.0, flat, rates=5, tuning=8)
    ]
    own = judged({"a": lucky}, RULE).settings["a"]
    assert narrow.answer == "yes" and narrow.high - narrow.low < 0.1
    assert own.effect == pytest.approx(7.0, abs=0.1) and own.low < 1.0  # one rate out of five


def test_lanes_that_diverge_count_and_where_both_do_there_is_no_effect():
    lost, fine = np.full((1, 10), np.inf), np.zeros((1, 10))
    none = np.empty((1, 0))
    worse = judged({"a": [(Arm(none, lost), Arm(none, fine))] * 3}, RULE)
    both = judged({"a": [(Arm(none, lost), Arm(none, lost))] * 3}, RULE)
    assert worse.word == NOT_SUPPORTED and worse.settings["a"].effect == -math.inf
    assert both.word == NOT_SHOWN and both.settings["a"].effect == 0.0


def test_shares_are_judged_by_their_mean():
    rng = np.random.default_rng(0)
    none = np.empty((1, 0))
    arms = [
        (Arm(none, (rng.random((1, 40)) < 0.3) * 1.0), Arm(none, (rng.random((1, 40)) < 0.8) * 1.0))
        for _ in range(3)
    ]
    own = judged({"a": arms}, Rule(0.0, "better", "mean", "it")).settings["a"]
    assert own.low < 0.5 < own.high and own.answer == "yes"


@pytest.mark.parametrize(("miss", "word"), [(1e-12, SUPPORTED), (1e-6, NOT_SUPPORTED)])
def test_a_theorem_is_met_or_missed(miss, word):
    assert deviation_verdict({"a": 0.0, "b": miss}, 1e-9).word == word


def test_a_theorem_that_gives_no_number_is_missed():
    verdict = deviation_verdict({"a": math.nan}, 1e-9)
    assert verdict.word == NOT_SUPPORTED and verdict.detail == "missed: a"
