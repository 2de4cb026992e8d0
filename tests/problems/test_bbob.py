"""BBOB f1 - f24: COCO's values, minima where they are declared, exact gradients."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import optbench
from tests.thinning import thinned
from tests.tolerance import assert_within, rounding

from .bbob import IN_FEW, NUMBERS, bbob, helpers, points, roundings, through

ORACLES = Path(__file__).parents[1] / "oracles"
LOOSER = {11: 1e-7, 16: 1e-6, 19: 1e-5, 23: 1e-7}
"""Where the rounding of the stored points to ten digits moves f by more than 1e-8."""
WITHOUT_SLOPES = {7: "constant in steps", 23: "kinks every 2^-33"}
STEPS = {16: 2.0**-24, 19: 2.0**-20}
"""Of differences, where f ripples faster than elsewhere: f16 has waves of length 3^-11."""


def stored(name):
    """Return {(function, instance, dim): (points [n, dim], values [n])} of an oracle file."""
    found = {}
    for line in (ORACLES / name).read_text().splitlines():
        if not line.startswith("#"):
            number, instance, x, value = line.split()
            x = np.array(x.split(","), dtype=float)
            found.setdefault((int(number), int(instance), x.size), []).append((x, float(value)))
    return {
        key: (np.array([x for x, _ in rows]), np.array([value for _, value in rows]))
        for key, rows in found.items()
    }


TWENTY, DIMENSIONS = stored("bbob_dimension_20.txt"), stored("bbob_dimensions.txt")


def relative(values, expected):
    return np.abs(values - expected) / np.maximum(1.0, np.abs(expected))


# -------------------------------------------------------------------------------- COCO's values


@pytest.mark.parametrize("number", thinned(NUMBERS, 3))
def test_values_in_dimension_20_are_cocos(number):
    rows = {key: value for key, value in TWENTY.items() if key[0] == number}
    assert [key[1] for key in rows] == [1, 2, 3]
    for (_, instance, dim), (x, expected) in rows.items():
        values = bbob(number, dim, instance).value(x)
        assert relative(values, expected).max() <= LOOSER.get(number, 1e-8)


@pytest.mark.parametrize(
    ("number", "of_dim"),
    [
        pytest.param(number, dim, marks=[pytest.mark.conformance] if dim in (2, 3) else [])
        for number, dim in sorted({(number, dim) for number, _, dim in DIMENSIONS})
    ],
)
def test_values_in_other_dimensions_and_instances_are_cocos(number, of_dim):
    """The points are stored with all digits, so f agrees but for rounding, theirs and ours."""
    rows = {k: value for k, value in DIMENSIONS.items() if (k[0], k[2]) == (number, of_dim)}
    for (_, instance, dim), (x, expected) in rows.items():
        problem = bbob(number, dim, instance)
        f, g = problem.value_and_grad(x)
        *sizes, moving = through(problem, f, g, x)
        moving = moving * (1.0 + lost_by_orthogonalising(number, instance, dim))
        assert_within(f, expected, 2 * rounding(roundings(dim), *sizes, moving))


def lost_by_orthogonalising(number, instance, dim):
    """The condition of the columns that become rotations: each program does that in its order."""
    drawn = helpers("_bbob_instances")
    seed = drawn.seed_of(number, instance)
    columns = [drawn.normals(dim * dim, s) for s in (seed, seed + drawn.SECOND_ROTATION)]
    return max(np.linalg.cond(numbers.reshape(dim, dim)) for numbers in columns)


def test_the_oracles_reach_every_dimension_and_late_instances():
    assert {dim for _, _, dim in DIMENSIONS} == {2, 3, 5, 10, 20, 40}
    assert {number for number, _, _ in DIMENSIONS} == {*NUMBERS}
    assert max(instance for _, instance, _ in DIMENSIONS) == 60


# ------------------------------------------------------------------------- minima and gradients


@pytest.mark.parametrize("dim", [*IN_FEW, *thinned([10, 20, 40])])
@pytest.mark.parametrize("number", NUMBERS)
def test_the_minimum_is_where_it_is_declared(number, dim):
    for instance in (1, 15, 100):
        problem = bbob(number, dim, instance)
        f, g = problem.value_and_grad(problem.minimum)
        assert f == pytest.approx(problem.f_min, rel=0, abs=1e-11)
        steep = np.abs(problem.grad(points(dim))).max()
        assert np.abs(g).max() <= 1e-8 * max(1.0, steep)
        least = problem.f_min - rounding(roundings(dim), problem.f_min)
        assert (problem.value(points(dim, 100, instance)) >= least).all()
        near = problem.minimum + 1e-3 * points(dim, 100, instance)
        assert (problem.value(near) >= least).all()
        assert np.abs(problem.minimum).max() <= 5.0 and abs(problem.f_min) <= 1000.0


@pytest.mark.parametrize("dim", [*IN_FEW, 20])
@pytest.mark.parametrize("number", [n for n in NUMBERS if n not in WITHOUT_SLOPES])
def test_gradients_are_the_slopes_of_the_values(number, dim):
    problem = bbob(number, dim, 2)
    x = np.round(points(dim, 8) * 2**20) / 2**20  # so that steps from it are exact
    f, g = problem.value_and_grad(x)
    h = STEPS.get(number, 2.0**-17)
    slopes = np.stack([difference(problem, point, h) for point in x])
    # Differences of order h^8 add up 2.1 times what f may be off, over h.
    lost = 2.1 * rounding(roundings(dim), *through(problem, f, g, x)) / h
    assert (np.abs(g - slopes).max(1) <= lost + 1e-7 * np.abs(g).max(1)).all()


def difference(problem, x, h):
    """Central differences of order h^8 in every coordinate."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    axes = h * np.eye(x.size)
    slopes = 0.0
    for k, weight in weights.items():
        slopes += weight * (problem.value(x + k * axes) - problem.value(x - k * axes))
    return slopes / h


@pytest.mark.parametrize("dim", [*IN_FEW, 20])
def test_katsuuras_gradient_is_the_slope_between_kinks(dim):
    """A step of 2^-42 crosses few kinks, and leaves f a relative error of about 1e-3."""
    problem = bbob(23, dim, 2)
    h = 2.0**-42
    for x in points(dim, 8):
        g = problem.grad(x)
        axes = h * np.eye(dim)
        slopes = (problem.value(x + axes) - problem.value(x - axes)) / (2 * h)
        assert np.linalg.norm(g - slopes) <= 0.06 * np.linalg.norm(g) + 1.0


def test_katsuuras_ruggedness_and_its_slope_are_exact():
    """The function is piecewise linear: rational differences within a piece are its slope."""
    rugged = helpers("bbob_5_weak_structure").rugged
    h = Fraction(1, 2**70)
    for z in np.random.default_rng(1).uniform(-30, 30, 50):
        total, slope = rugged(z)
        exact = [
            sum(abs(2**k * y - math.floor(2**k * y + Fraction(1, 2))) / 2**k for k in range(1, 33))
            for y in (Fraction(z), Fraction(z) + h)
        ]
        assert total == pytest.approx(float(exact[0]), rel=1e-14)
        assert slope == (exact[1] - exact[0]) / h
    assert rugged(0.0) == (0.0, 0.0)


def test_the_linear_slope_is_flat_beyond_its_corner():
    problem = bbob(5, 5)
    f, g = problem.value_and_grad(problem.minimum * 1.5)
    assert f == pytest.approx(problem.f_min, abs=1e-12) and not g.any()


@pytest.mark.parametrize("dim", IN_FEW)
def test_the_step_ellipsoid_has_no_slope_and_stays_out_of_comparisons(dim):
    problem = bbob(7, dim, 3)
    assert not problem.grad(points(dim, 50)).any()
    reason = optbench.optimizer("gd").wants(problem)
    assert "piecewise constant" in reason
    assert optbench.optimizer("gd").wants(bbob(8, dim)) is None
