"""Slopes from values: their order, their error estimates, and where they give up."""

import numpy as np
import pytest

from optbench.cli.checks.differences import slopes

X = np.array([0.7, -1.3, 2.0])


@pytest.mark.parametrize("order", [4, 8])
def test_polynomials_of_as_high_a_degree_are_exact(order):
    coefficients = np.arange(1.0, order + 2)
    found, errors = slopes(
        lambda x: np.polyval(coefficients, x[:, 1]), X, [1, 0], np.full(3, 0.5), order=order
    )
    exact = np.polyval(np.polyder(coefficients), X[1])
    assert found == pytest.approx([exact, 0.0], rel=1e-12)
    assert errors[0] < 1e-10 * abs(exact) and errors[1] < 1e-10


@pytest.mark.parametrize("order", [4, 8])
@pytest.mark.parametrize("frequency", [1.0, 100.0, 1e4])
def test_the_error_estimate_holds(frequency, order):
    def wave(x):
        return np.sin(frequency * x).sum(1)

    found, errors = slopes(wave, X, [0, 1, 2], 1.0 + np.abs(X), order=order)
    exact = frequency * np.cos(frequency * X)
    assert (np.abs(found - exact) <= 10 * errors + 1e-12 * frequency).all()
    assert (errors < 1e-5 * frequency).all()


def test_large_values_are_moved_by_what_they_really_move():
    far = np.array([1e9])
    found, errors = slopes(lambda x: 3.0 * (x[:, 0] - 1e9), far, [0], np.ones(1))
    assert found[0] == pytest.approx(3.0, rel=1e-6)


def test_noise_has_no_slope():
    rng = np.random.default_rng(0)
    _, errors = slopes(lambda x: rng.uniform(size=len(x)), X, [0], np.ones(3))
    assert errors[0] > 0.01


def test_infinite_values_give_no_slope():
    _, errors = slopes(lambda x: np.full(len(x), np.inf), X, [0], np.ones(3))
    assert errors[0] == np.inf
