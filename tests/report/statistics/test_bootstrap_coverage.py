"""Bootstrap intervals of ratios of objectives: coverage by simulation, and what narrows them.

`make soak` draws other lanes every time. ``pytest -s`` shows the table of what was covered.
"""

import functools
import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.statistics.intervals import expanded_tail
from optbench.report.statistics.problem_objectives import bounded_logs
from optbench.report.statistics.resampling import draw_counts
from optbench.study.lane_costs import LaneCosts
from tests.report.coverage import REPEATS, Share, generator, share_of

BUDGET = 1000.0
LANES = (10, 20)
FAILURES = (0.0, 0.1, 0.3, 0.6)
RATIO = 1.2
"""By which the second optimizer is slower."""


def lognormal(rng, shape):
    return 100.0 * rng.lognormal(0.0, 0.5, shape)


def bimodal(rng, shape):
    return np.where(rng.random(shape) < 0.5, 50.0, 400.0) * rng.lognormal(0.0, 0.2, shape)


def heavy(rng, shape):
    """Lévy's distribution: many lanes do not get there within the budget."""
    return 40.0 * rng.standard_normal(shape) ** -2.0


KINDS = {"lognormal": lognormal, "bimodal": bimodal, "heavy tail": heavy}


def costs_of(evaluations, failed):
    """Return the `LaneCosts` of lanes [D, T]."""
    reached = (evaluations <= BUDGET) & ~failed
    cost = np.where(reached, np.ceil(evaluations), BUDGET)
    nothing = np.zeros(cost.shape)
    return LaneCosts(
        cost, reached, nothing, nothing, nothing, nothing, nothing, BUDGET, 1.0, 0.0
    )  # fmt: skip


def two(kind, failures, rng, shape):
    """Return the costs of two optimizers on draws of their own."""
    return [
        costs_of(scale * KINDS[kind](rng, shape), rng.random(shape) < failures)
        for scale in (1.0, RATIO)
    ]


@functools.cache
def true_ratio(kind, failures):
    """Return ln(objective / objective) of many lanes, by the definition alone."""
    objectives = []
    for costs in two(kind, failures, generator("truth", 0), (300_000, 1)):
        objectives.append(costs.cost.sum() / costs.reached.sum())
    return math.log(objectives[0] / objectives[1])


def covered(kind, failures, n, seed):
    """Return the shares of samples of n lanes whose plain and expanded interval cover the truth."""
    lanes = two(kind, failures, generator("bootstrap", seed, n), (n, REPEATS // 10))
    weights = draw_counts("coverage", "scoring", np.arange(n))
    first, second = (bounded_logs("evaluations", costs, weights) for costs in lanes)
    truth = true_ratio(kind, failures)
    below = np.mean(first - second < truth, axis=0)  # the rank of the truth among the resamples
    tails = 0.025, expanded_tail(n)
    return [share_of((below > tail) & (below < 1 - tail)) for tail in tails]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.soak
def test_expanded_intervals_cover_nearly_as_often_as_they_say(kind, seed):
    """Of 20 lanes 94 to 95 %, where plain percentiles cover 92 to 93 %; of 10 lanes 92 to 94 %.

    Where a tenth fails it is 91 %: the one or two failures that weigh most are in no lane of many
    resamples.
    """
    for n in LANES:
        shares = []
        for failures in FAILURES:
            plain, wider = covered(kind, failures, n, seed)
            print(f"{kind:10s} {failures:4.0%} fail  n = {n}  percentile {plain}  expanded {wider}")
            assert wider.share >= plain.share and wider.at_least(0.9)
            shares.append(wider)
        assert mean_of(shares).at_least({10: 0.92, 20: 0.935}[n])


def mean_of(shares):
    """Return the mean of independent shares."""
    values, errors = np.transpose(shares)
    return Share(values.mean(), math.hypot(*errors) / len(errors))


@pytest.mark.parametrize("n", LANES)
def test_the_mean_of_normal_values_is_covered_as_often_as_asked(n):
    """There the expanded interval is Student's, but for the randomness of the resamples."""
    values = generator("normal", 0, n).standard_normal((n, REPEATS // 10))
    counts = generator("counts", 0, n).multinomial(n, np.full(n, 1 / n), 4000)
    resampled = counts @ values / n
    tail = expanded_tail(n)
    low, high = np.quantile(resampled, (tail, 1 - tail), axis=0)
    half = stats.t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    assert np.median((high - low) / (2 * half)) == pytest.approx(1.0, abs=0.04)
    share = share_of((low <= 0.0) & (0.0 <= high))
    assert share.at_least(0.945) and share.at_most(0.955)


def test_published_tails():
    """Hesterberg 2015: 95 % of 20 values leave out 1.6 %; many leave out what is asked."""
    assert expanded_tail(20) == pytest.approx(0.0159, abs=1e-4)
    assert expanded_tail(10**6) == pytest.approx(0.025, rel=1e-4)
    assert math.isnan(expanded_tail(1))
