"""Figures of merit equal cocopp's, optiprofiler's, rliable's, arch's and scikit-posthocs'."""

import functools

import numpy as np
import pytest
from scipy import stats

from optbench.report.merit import performance, ranks, robust, running_time
from optbench.report.merit.data_profiles import simplex_gradients
from optbench.report.merit.log_ratios import log_ratio_profile
from optbench.report.merit.resampling import bca_interval, percentile_interval
from optbench.report.merit.steps import steps
from tests.report.merit import stored

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@functools.cache
def figures(source):
    return getattr(stored, source)()


@pytest.fixture(params=["stored", pytest.param("live", marks=pytest.mark.conformance)])
def oracle(request):
    return figures(request.param)


@pytest.mark.parametrize("kind", ["perf", "data"])
def test_profiles_jump_where_optiprofilers_do(oracle, kind):
    part = oracle["profiles"]
    work, dims = stored.costs(part["work"]), stored.array(part["dims"])
    if kind == "perf":
        values = performance.performance_ratios(work)
        logs = np.log2(values)
    else:
        values = simplex_gradients(work, dims)
        logs = np.log2(1 + values)
    for own, (x, y) in zip(logs.T, part[kind], strict=True):
        x, y = stored.array(x)[1:-1], stored.array(y)[1:-1]  # without its corners at the ends
        at, height = steps(own)
        highest = [y[np.abs(x - place) < 1e-12].max() for place in at]
        np.testing.assert_allclose(height, highest, **CLOSE)
        assert len(at) == len(np.unique(np.round(x[x <= at.max() + 1e-12], 12)))


def test_the_area_under_a_performance_profile_is_optiprofilers(oracle):
    part = oracle["profiles"]
    ratios = performance.performance_ratios(stored.costs(part["work"]))
    most = np.max(ratios[np.isfinite(ratios)]) ** 1.1  # its axis ends a tenth beyond the largest
    areas = performance.log_areas(ratios, most) * np.log2(most)
    np.testing.assert_allclose(areas, part["perf_area"], **CLOSE)


def test_log_ratio_profiles_are_optiprofilers(oracle):
    part = oracle["log_ratios"]
    work, expected = stored.costs(part["work"]), stored.array(part["profile"])
    np.testing.assert_allclose(log_ratio_profile(work[:, 0], work[:, 1]), expected, **CLOSE)


def test_running_times_are_cocopps(oracle):
    part = oracle["running_times"]
    cost, reached = np.array(part["cost"]), np.array(part["reached"])
    ert = running_time.expected_evaluations(cost, reached)
    runs = running_time.simulated_runs(cost, reached, len(part["runs"]), np.random.default_rng(7))
    np.testing.assert_allclose(ert, part["ert"], **CLOSE)
    np.testing.assert_allclose(runs, part["runs"], **CLOSE)


def test_robust_means_and_improvements_are_rliables(oracle):
    part = oracle["improvements"]
    scores = np.array(part["scores"])
    means = [robust.interquartile_mean(own) for own in scores]
    np.testing.assert_allclose(means, part["iqm"], **CLOSE)
    probability = robust.improvement(*scores)
    assert probability == pytest.approx(part["improvement"], abs=1e-12)
    of_all = robust.improvement_over_others(np.moveaxis(scores, 0, 1))
    np.testing.assert_allclose(of_all, [probability, 1 - probability], **CLOSE)


def test_the_interval_of_the_interquartile_mean_is_rliables_with_its_draws(oracle):
    part = oracle["intervals"]
    scores = np.array(part["scores"])
    draws = np.random.RandomState(part["seed"])
    lanes, problems = scores.shape
    counts = np.zeros((100, lanes, problems), int)
    for own in counts:
        np.add.at(own, (draws.choice(lanes, scores.shape), np.arange(problems)), 1)
    means = robust.weighted_interquartile_means(scores.reshape(-1), counts.reshape(100, -1))
    np.testing.assert_allclose(percentile_interval(means), part["iqm"], **CLOSE)


def test_bca_intervals_are_archs_with_its_draws(oracle):
    part = oracle["intervals"]
    sample, drawn = np.array(part["sample"]), np.array(part["drawn"])
    n = len(sample)
    left_out = [(sample.sum() - sample) / (n - 1)]
    ends = bca_interval(np.array(sample.mean()), sample[drawn].mean(axis=1), left_out)
    np.testing.assert_allclose(ends, part["bca"], **CLOSE)


def test_the_critical_difference_is_where_nemenyis_p_is_five_per_cent(oracle):
    part = oracle["nemenyi"]
    values, p = np.array(part["values"]), np.array(part["p"])
    test = ranks.friedman(values)
    own = ranks.ranks(values).mean(axis=0)
    distance = np.abs(own[:, None] - own[None, :])
    assert ((distance > test.difference) == (p < 0.05)).all() and 0.05 > p.min() < p.max() < 1.01
    n, k = values.shape
    scaled = distance / np.sqrt(k * (k + 1) / (6 * n)) * np.sqrt(2)
    again = stats.studentized_range.sf(scaled, k, np.inf)
    np.testing.assert_allclose(np.where(distance == 0, 1, again), p, rtol=1e-9)
    expected = stats.friedmanchisquare(*values.T)
    np.testing.assert_allclose(test[:2], expected, rtol=1e-12)


@pytest.mark.conformance
def test_stored_values_are_those_that_the_packages_give():
    of_file, now = dict(figures("stored")), dict(figures("live"))
    assert set(of_file.pop("made_by")) == set(now.pop("made_by")) and set(of_file) == set(now)
    for name, parts in now.items():
        assert parts.keys() == of_file[name].keys()
        for part, values in parts.items():
            expected = stored.array(of_file[name][part])
            np.testing.assert_allclose(stored.array(values), expected, rtol=1e-9, err_msg=name)


def test_intervals_are_scipys_with_its_draws():
    rng = np.random.default_rng(0)
    samples = [rng.lognormal(0, 1, n) for n in (12, 7)]

    def both(first, second, axis=-1):
        return (first.mean(axis=axis) + second.mean(axis=axis)) / 2

    for method in ("percentile", "bca"):
        result = stats.bootstrap(
            samples, both, n_resamples=300, method=method, rng=np.random.default_rng(5)
        )
        resampled = result.bootstrap_distribution
        left_out = [
            (samples[0].sum() - samples[0]) / 22 + samples[1].mean() / 2,
            (samples[1].sum() - samples[1]) / 12 + samples[0].mean() / 2,
        ]
        ends = (
            percentile_interval(resampled)
            if method == "percentile"
            else bca_interval(np.array(both(*samples)), resampled, left_out)
        )
        np.testing.assert_allclose(ends, result.confidence_interval, **CLOSE)
