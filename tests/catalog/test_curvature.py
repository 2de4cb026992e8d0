"""Gradients on many instances, and the ends of Hessians' spectra, against closed forms."""

import numpy as np
import pytest
from scipy.optimize import rosen_hess

import optbench
from optbench.catalog.curvature import curvature
from optbench.catalog.gradients import gradients


def instances(name, dim=None, numbers=(0, 1, 2, 3)):
    return tuple(optbench.problem(name, dim, number) for number in numbers)


@pytest.mark.parametrize(
    "name",
    [
        "rosenbrock",  # shifted and scaled
        "rotated_ellipsoid_1e2",  # rotated, instance 0 too
        "noisy_quadratic",  # constants of its own
        "bbob_f10",  # an instance of its author's
    ],
)
def test_gradients_of_many_instances_are_those_of_each(name):
    problems = instances(name, numbers=(1, 2, 3))
    rng = np.random.default_rng(0)
    number = np.array([2, 0, 1, 1, 2])
    points = rng.standard_normal((5, 3, problems[0].dim))
    expected = [problems[i].grad(own) for i, own in zip(number, points, strict=True)]
    np.testing.assert_allclose(gradients(problems, number, points), expected, rtol=1e-9, atol=1e-9)


def at(problems, x):
    number = np.arange(len(x)) % len(problems)
    g = np.stack([problems[i].grad(point) for i, point in zip(number, x, strict=True)])
    return curvature(problems, number, x, g, np.ones(len(x)))


@pytest.mark.parametrize("dim", [2, 5, 80])
def test_the_ends_of_the_spectrum_are_those_of_scipys_hessian(dim):
    x = np.random.default_rng(dim).uniform(-1.5, 1.5, (4, dim))
    values = np.array([np.linalg.eigvalsh(rosen_hess(point)) for point in x])
    bend = at(instances("rosenbrock", dim, (0,)), x)
    tolerance = {"rtol": 1e-5, "atol": 1e-3} if dim < 80 else {"rtol": 2e-2, "atol": 2e-2 * 1500}
    np.testing.assert_allclose(bend.least, values[:, 0], **tolerance)
    np.testing.assert_allclose(bend.largest, values[:, -1], **tolerance)
    np.testing.assert_allclose(bend.strongest, np.abs(values).max(axis=1), **tolerance)


def test_the_quadratic_model_of_a_quadratic_gains_its_gap():
    problems = instances("rotated_ellipsoid_1e2", 5)
    x = np.random.default_rng(1).standard_normal((4, 5))
    gaps = [
        problem.value(point) - problem.f_min for problem, point in zip(problems, x, strict=True)
    ]
    np.testing.assert_allclose(at(problems, x).gain, gaps, rtol=1e-5)


def test_a_saddle_has_no_model_with_a_minimum():
    (saddle,) = problems = instances("strict_saddle", numbers=(0,))
    bend = at(problems, np.zeros((1, 2)))
    assert bend.least[0] == pytest.approx(-1.0) and bend.largest[0] == pytest.approx(1.0)
    assert bend.gain[0] == np.inf and saddle.dim == 2


@pytest.mark.parametrize("dim", [6, 80])
def test_nothing_bends_where_all_is_flat(dim):
    """At the origin of a deep chain all derivatives below the last vanish."""
    bend = at(instances("deep_chain", dim, (0,)), np.zeros((1, dim)))
    assert bend.strongest[0] == 0.0


@pytest.mark.parametrize("dim", [10, 200])
def test_one_direction_down_among_many_is_seen(dim):
    bend = at(instances("strict_saddle_1", dim, (0,)), np.zeros((1, dim)))
    assert bend.least[0] == pytest.approx(-1.0, rel=0.01)
    assert bend.largest[0] == pytest.approx(1.0, rel=0.01)


def test_what_is_not_finite_is_unknown():
    problems = instances("rosenbrock", 2, (0,))
    bend = at(problems, np.array([[1e200, 1.0]]))
    assert np.isnan(bend.least[0]) and np.isnan(bend.strongest[0])
