"""How often bootstrapped intervals hold the truth, on lanes whose costs are far from normal.

The shares are printed (``pytest -s``). ``make soak`` simulates more, from other seeds.
"""

import os

import numpy as np
import pytest

from optbench.report.merit.coverage import AOCC, COVERAGE, ERT, IQM, level_words
from optbench.report.merit.resampling import counts_by_problem
from optbench.report.merit.running_time import expected_interval
from optbench.report.merit.stratified import mean_over_problems, robust_mean

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
TIMES = 800 if LONG else 250
SEED = None if LONG else 15
BUDGET, FAILURES = 20_000.0, 0.1
POPULATION = 400_000
"""Costs that say what the truth is, to 0.3 %; the intervals of 20 lanes are 30 % wide and more."""
LAWS = {
    "lognormal": lambda rng, size: 1000 * rng.lognormal(0, 1, size),
    "bimodal": lambda rng, size: (
        np.where(rng.random(size) < 0.5, 300, 5000) * rng.lognormal(0, 0.2, size)
    ),
    "heavy-tailed": lambda rng, size: 300 * (1 - rng.random(size)) ** (-1 / 1.1),
}


DRAWN = [(law, problems) for law in LAWS for problems in (1, 8)]
FEW = [*((law, 1) for law in LAWS), ("bimodal", 8)]
"""What `make test` simulates: eight problems take ten times as long as one."""


def lanes(rng, law, size):
    """Return costs and which lanes reached: the others spent the budget."""
    cost = LAWS[law](rng, size)
    reached = (rng.random(size) >= FAILURES) & (cost <= BUDGET)
    return np.where(reached, cost, BUDGET), reached


def areas(cost):
    return 1 - np.log(cost) / np.log(BUDGET)


def truth_of(rng, law):
    """Return figure -> its value over a population of lanes."""
    cost, reached = lanes(rng, law, POPULATION)
    ordered = np.sort(areas(cost))
    return {
        ERT: cost.sum() / reached.sum(),
        AOCC: ordered.mean(),
        IQM: ordered[POPULATION // 4 : -POPULATION // 4].mean(),
    }


def covered(rng, law, n, problems, truth):
    """Return figure -> share of the intervals that hold the truth."""
    counts = counts_by_problem([f"{law} {p}" for p in range(problems)], [np.arange(n)] * problems)
    ends = {figure: [] for figure in truth}
    for _ in range(TIMES):
        cost, reached = lanes(rng, law, (problems, n))
        ends[ERT].append(np.ravel(expected_interval(cost[:1], reached[:1], counts[:, 0])))
        ends[AOCC].append(mean_over_problems(areas(cost), counts)[1:])
        ends[IQM].append(robust_mean(areas(cost), counts)[1:])
    return {
        figure: np.mean([low <= truth[figure] <= high for low, high in own])
        for figure, own in ends.items()
    }


@pytest.mark.soak
@pytest.mark.parametrize("n", [5, 10, 20] if LONG else [20])
def test_intervals_cover_as_often_as_they_say(n):
    entropy = np.random.SeedSequence(SEED).entropy
    rng = np.random.default_rng(entropy)
    truths = {law: truth_of(rng, law) for law in LAWS}
    shares = {
        (law, problems): covered(rng, law, n, problems, truths[law])
        for law, problems in (DRAWN if LONG else FEW)
    }
    for (law, problems), own in shares.items():
        words = ", ".join(f"{figure} {share:.3f}" for figure, share in own.items())
        print(f"{n} lanes, {law}, {problems} problems: {words}")
    for figure, table in COVERAGE.items():
        least = min(own[figure] for own in shares.values())
        error = np.sqrt(table[n] * (1 - table[n]) / TIMES)
        # The least of them is below its mean; an honest label is neither too high nor far too low.
        assert table[n] - 4.5 * error < least < table[n] + 4 * error + 0.03, (figure, entropy)


def test_levels_are_said_in_words():
    assert level_words(ERT, 20) == "about 86 %" == level_words(ERT, 300)
    assert level_words(ERT, 19) == "about 69 %" and level_words(IQM, 20) == "95 %"
    assert level_words(AOCC, 10) == "about 87 %" and level_words(AOCC, 4) == "-"
