"""Walls, and values that are not those of the gradient, against formulas by hand."""

import numpy as np
import pytest

import optbench

D = 6
POINTS = np.random.default_rng(4).normal(size=(60, D)) * 2.0


def parts_of(name, base="sphere", instance=2):
    problem = optbench.problem(f"{base}[{name}]", D, instance)
    plain = optbench.problem(base, D, instance)
    added = problem.value(POINTS) - plain.value(POINTS)
    slopes = problem.grad(POINTS) - plain.grad(POINTS)
    return problem, plain, added, slopes


def along(problem, slopes):
    """Return the one direction that all slopes have, and how far points are along it."""
    direction = slopes[np.abs(slopes).max(1).argmax()]
    direction = direction / np.linalg.norm(direction)
    across = slopes - np.outer(slopes @ direction, direction)
    assert np.abs(across).max() < 1e-9 * np.abs(slopes).max()
    return direction, (POINTS - problem.minimum) @ direction


@pytest.mark.parametrize("name", ["penalty=10", "barrier=1"])
def test_a_wall_leaves_the_minimum_and_is_above_it_elsewhere(name):
    problem, plain, added, _ = parts_of(name)
    assert problem.f_min == plain.f_min and problem.value(problem.minimum) == 0.0
    assert not problem.grad(problem.minimum).any()
    assert (added > 0.0).all()
    assert problem.kind == "deterministic"


def test_a_penalty_is_the_square_of_the_distance_from_a_plane():
    problem, plain, added, slopes = parts_of("penalty=10")
    _, s = along(problem, slopes)
    start = plain.definition.start * np.ones(D)
    weight = 10.0 * np.sqrt(np.mean((2.0 * start) ** 2)) / np.sqrt(np.mean(start**2))
    # The frame of an instance divides lengths by its scale.
    s = s / problem.placement.scale
    np.testing.assert_allclose(added, 0.5 * weight * s**2, rtol=1e-9, atol=1e-9)


def test_a_barrier_is_the_recentred_logarithm_and_its_polynomial():
    problem, plain, added, slopes = parts_of("barrier=2")
    direction, s = along(problem, slopes)
    start = plain.definition.start * np.ones(D)
    distance = np.sqrt(np.mean(start**2))
    if (problem.start - problem.minimum) @ direction > 0:
        direction, s = -direction, -s
    r = s / problem.placement.scale / (0.1 * distance)
    height = 2.0 * np.sqrt(np.mean((2.0 * start) ** 2)) * distance
    inside = r <= 0.99
    assert 10 < inside.sum() < 50
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithm = -np.log1p(-r) - r
    e = r - 0.99
    beyond = -np.log(0.01) - 0.99 + 99.0 * e + 0.5e4 * e**2
    expected = height * np.where(inside, logarithm, beyond)
    np.testing.assert_allclose(added, expected, rtol=1e-8, atol=1e-9)


def test_a_misreported_value_is_tilted_and_its_gradient_is_not():
    problem, _, added, slopes = parts_of("misreport=0.5")
    assert not slopes.any()
    start = np.ones(D) * problem.definition.base.start
    tilt, *_ = np.linalg.lstsq(POINTS - problem.definition.base.minimum, added, rcond=None)
    design = np.column_stack([POINTS, np.ones(len(POINTS))])
    tilt, residuals, *_ = np.linalg.lstsq(design, added, rcond=None)
    assert residuals[0] < 1e-18 * (added @ added) + 1e-15
    slope = 0.5 * np.sqrt(np.mean((2.0 * start) ** 2)) / problem.placement.scale
    assert np.sqrt(np.mean(tilt[:-1] ** 2)) == pytest.approx(slope, rel=1e-9)


def test_under_a_misreported_value_there_are_no_targets():
    problem = optbench.problem("sphere[misreport=0.5]", D)
    assert problem.f_min is None and problem.minimum is None
    run = optbench.minimize("gd", problem, steps=5, lr=0.1)
    assert run.status[0] == "budget" and np.isfinite(run.best[0])
