"""Curvatures of quadratics against closed forms; of other functions there are none."""

import numpy as np
import pytest

import optbench
from optbench.catalog.quadratics import LARGEST, curvatures


@pytest.mark.parametrize(
    ("name", "kappa"), [("ellipsoid_1e2", 1e2), ("rotated_ellipsoid_1e6", 1e6)]
)
@pytest.mark.parametrize("instance", [0, 5])
def test_ellipsoids_have_the_curvatures_that_they_are_declared_with(name, kappa, instance):
    """An instance that is a times as large has 1 / a^2 of the curvature."""
    problem = optbench.problem(name, 10, instance)
    scale = problem.placement.scale
    assert (scale == 1.0) == (instance == 0)
    least, largest = curvatures(problem)
    assert largest == pytest.approx(kappa / scale**2, rel=1e-9)
    assert least == pytest.approx(1 / scale**2, rel=1e-9 * kappa)


@pytest.mark.parametrize("dim", [1, 10, 100])
def test_the_chain_has_the_eigenvalues_of_the_second_difference(dim):
    """2 - 2 cos(pi j / (d + 1)), j from 1 to d."""
    expected = 2 - 2 * np.cos(np.pi * np.array([1, dim]) / (dim + 1))
    assert curvatures(optbench.problem("nesterov_chain", dim)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "name",
    ["log_sum_exp", "huber", "quartic", "l1", "zakharov", "rosenbrock", "strict_saddle"],
)
def test_what_is_no_convex_quadratic_has_none(name):
    assert curvatures(optbench.problem(name)) is None


@pytest.mark.parametrize("name", ["noisy_quadratic", "quadratic_deep", "digits_mlp"])
def test_noise_data_and_nets_have_none(name):
    assert curvatures(optbench.problem(name)) is None


def test_a_quadratic_of_many_coordinates_is_left_out():
    assert curvatures(optbench.problem("sphere", LARGEST + 1)) is None
    assert curvatures(optbench.problem("sphere", LARGEST)) == pytest.approx((2.0, 2.0), rel=1e-9)
