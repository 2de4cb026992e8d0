"""The law of each noise, against SciPy's distributions and moments; keys are fixed, so it repeats.

Limits are five standard errors.
"""

import numpy as np
import pytest
import scipy.stats

from optbench.catalog.finding import problem
from tests.perturbations.steps import FAR, Steps, noise_of

COUNT = 4000
SLOPE = 2.0 * np.sqrt(np.mean(problem("sphere", 6).start ** 2))
"""Of the sphere's gradient at its start, worked out by hand: the gradient is 2 x."""


def standardised(name, level=1.0):
    return noise_of(name, COUNT) / (level * SLOPE)


def assert_standard_normal(sample, count=COUNT):
    """Means, variances, and covariances of coordinates and of neighbouring steps."""
    error = 5.0 / np.sqrt(count)
    assert np.abs(sample.mean(0)).max() < error
    np.testing.assert_allclose(np.cov(sample.T), np.eye(sample.shape[1]), atol=2.0 * error)
    assert np.abs((sample[1:] * sample[:-1]).mean(0)).max() < error
    assert scipy.stats.kstest(sample.ravel(), "norm").pvalue > 1e-3


def test_additive_noise_is_standard_normal_in_units_of_the_slope():
    assert_standard_normal(standardised("noise=0.5", 0.5))


def test_relative_noise_is_in_proportion_to_each_coordinate():
    own = noise_of("relative_noise=0.5", COUNT) / (0.5 * Steps("sphere")(FAR, 0)[1])
    assert_standard_normal(own)


def test_students_noise_has_its_distribution():
    sample = standardised("student_noise=2,freedom=3", 2.0)
    assert scipy.stats.kstest(sample.ravel(), scipy.stats.t(3).cdf).pvalue > 1e-3


@pytest.mark.parametrize("index", [1.2, 1.5, 2.0])
def test_stable_noise_has_its_characteristic_function(index):
    """E cos(u X) = exp(-|u|^index) of a symmetric stable variable of scale 1."""
    sample = standardised(f"stable_noise=0.5,stability={index}", 0.5).ravel()
    for u in (0.3, 1.0, 2.0):
        own = np.cos(u * sample)
        assert abs(own.mean() - np.exp(-(u**index))) < 5.0 * own.std() / np.sqrt(own.size)


def test_common_noise_has_one_correlation_between_any_two_coordinates():
    sample = standardised("common_noise=1,correlation=0.7")
    expected = np.full((6, 6), 0.7) + 0.3 * np.eye(6)
    np.testing.assert_allclose(np.cov(sample.T), expected, atol=10.0 / np.sqrt(COUNT))


@pytest.mark.parametrize("coefficient", [0.8, -0.5])
def test_correlated_noise_is_an_autoregression(coefficient):
    """Autocorrelations are powers of the coefficient; innovations are independent."""
    sample = standardised(f"correlated_noise=1,autocorrelation={coefficient}")
    innovations = (sample[1:] - coefficient * sample[:-1]) / np.sqrt(1.0 - coefficient**2)
    assert_standard_normal(innovations, COUNT - 1)
    effective = COUNT * (1.0 - abs(coefficient)) / (1.0 + abs(coefficient))
    np.testing.assert_allclose(sample.var(0), 1.0, atol=7.0 / np.sqrt(effective))


def test_correlated_noise_is_the_same_however_often_a_step_asks():
    once, twice = Steps("sphere[correlated_noise=1]"), Steps("sphere[correlated_noise=1]")
    for t in range(5):
        first = once(FAR, t)[1]
        assert np.array_equal(first, twice(FAR, t)[1])
        assert np.array_equal(first, twice(FAR, t)[1])
        twice(FAR, t, full=True)


def test_outliers_come_in_their_share_of_steps_and_size():
    sample = standardised("outliers=0.1,outlier_size=50", 50.0)
    hit = (sample != 0.0).any(1)
    assert abs(hit.mean() - 0.1) < 5.0 * np.sqrt(0.09 / COUNT)
    assert (sample[hit] != 0.0).all()
    assert_standard_normal(sample[hit], hit.sum())


def test_noise_of_the_value_leaves_the_gradient():
    steps, plain = Steps("sphere[value_noise=0.5]"), Steps("sphere")
    f, g = plain(FAR, 0)
    seen = [steps(FAR, t) for t in range(COUNT)]
    assert all(np.array_equal(own, g) for _, own in seen)
    start = problem("sphere", 6).start
    rise = SLOPE * np.sqrt(np.mean(start**2)) * 6  # the minimum is at 0
    sample = np.array([[value - f] for value, _ in seen]) / (0.5 * rise)
    assert abs(sample.mean()) < 5.0 / np.sqrt(COUNT)
    assert scipy.stats.kstest(sample.ravel(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("rescale", ["true", "false"])
def test_sparse_gradients_have_their_share_of_zeros(rescale):
    steps, g = Steps(f"sphere[sparse=0.75,rescale={rescale}]"), Steps("sphere")(FAR, 0)[1]
    sample = np.array([steps(FAR, t)[1] for t in range(COUNT)]) / g
    kept = 4.0 if rescale == "true" else 1.0
    assert set(np.unique(sample.round(12))) == {0.0, kept}
    assert np.abs((sample == 0.0).mean(0) - 0.75).max() < 5.0 * np.sqrt(0.1875 / COUNT)


def test_gradients_that_are_nan_have_their_share_of_steps():
    steps = Steps("sphere[nan_share=0.2]")
    lost = np.array([np.isnan(steps(FAR, t)[1]) for t in range(COUNT)])
    assert (lost.all(1) == lost.any(1)).all()
    assert abs(lost.any(1).mean() - 0.2) < 5.0 * np.sqrt(0.16 / COUNT)


def test_levels_meet_the_same_draws():
    small, large = (noise_of(f"noise={level}", 3) for level in (0.1, 0.2))
    np.testing.assert_allclose(large, 2.0 * small, rtol=1e-9)


def test_two_noises_are_independent():
    both = noise_of("noise=1,common_noise=1,correlation=0", COUNT) / SLOPE
    one = noise_of("noise=1", COUNT) / SLOPE
    assert abs(np.corrcoef(one.ravel(), (both - one).ravel())[0, 1]) < 5.0 / np.sqrt(6 * COUNT)


def test_the_noise_of_an_author_stays_what_it_was():
    """A perturbation draws from a stream of its own."""
    plain, steps = Steps("noisy_quadratic"), Steps("noisy_quadratic[relative_noise=1e-6]")
    clean = plain(FAR, 0, full=True)[1]
    for t in range(3):
        own = plain(FAR, t)[1]
        assert np.abs(own - clean).max() > 1e-3
        np.testing.assert_allclose(steps(FAR, t)[1], own, rtol=1e-4)


@pytest.mark.parametrize("name", ["noise=1", "student_noise=1", "correlated_noise=1", "sparse=0.9"])
def test_what_is_free_of_noise_is_the_plain_surface(name):
    steps, plain = Steps(f"sphere[{name}]"), Steps("sphere")
    for t in (0, 1):
        f, g = steps(FAR, t, full=True)
        assert f == plain(FAR, t)[0] and np.array_equal(g, plain(FAR, t)[1])
