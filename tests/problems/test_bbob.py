"""BBOB f1 - f24: COCO's values, COCO's instances, exact gradients."""

import importlib
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.errors import UserError
from optbench.lanes.targets import success
from tests.thinning import thinned
from tests.tolerance import assert_within, rounding, sensitivity

NUMBERS = range(1, 25)
IN_FEW = [5, *(pytest.param(dim, marks=pytest.mark.conformance) for dim in (2, 3))]
"""Dimensions up to 8, which are compiled one by one: `make test` compiles one of them."""
ORACLES = Path(__file__).parents[1] / "oracles"
LOOSER = {11: 1e-7, 16: 1e-6, 19: 1e-5, 23: 1e-7}
"""Where the rounding of the stored points to ten digits moves f by more than 1e-8."""
WITHOUT_SLOPES = {7: "constant in steps", 23: "kinks every 2^-33"}
STEPS = {16: 2.0**-24, 19: 2.0**-20}
"""Of differences, where f ripples faster than elsewhere: f16 has waves of length 3^-11."""


def bbob(number, dim, instance=1):
    return optbench.problem(f"bbob_f{number:02d}", dim, instance)


def helpers(name):
    """Import a file that the catalog's problem files share."""
    inside = optbench.problems()["bbob_f01"].function.__module__.rpartition(".")[0]
    return importlib.import_module(f"{inside}.{name}")


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


def points(dim, count=10, seed=0, reach=6.0):
    """Random points in the box and a little beyond, where penalties act."""
    return np.random.default_rng([dim, seed]).uniform(-reach, reach, (count, dim))


def roundings(dim):
    """How often a number is rounded: in three sums over the coordinates, and in the formula."""
    return 3 * dim + 10


def through(problem, f, g, x):
    """Sizes that rounding acts on: f, its constant part, and z = M (x - x_opt), as it moves f."""
    moving = np.linalg.norm(g, axis=-1) * reach(problem, x)
    if "no_gradient" in problem.tags:  # f7: 0.1 sum p_i z_i^2 with p from 1 to 100, after rounding
        moving = 20.0 * np.sqrt(problem.dim) * np.abs(f - problem.f_min)
    return f, problem.f_min, 1.0, moving


def reach(problem, x):
    """|x| + |x_opt|: both are rounded before they are subtracted."""
    return np.linalg.norm(x, axis=-1) + np.linalg.norm(problem.minimum)


# -------------------------------------------------------------------------------- COCO's values


@pytest.mark.parametrize("number", NUMBERS)
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


# ------------------------------------------------------------------------------------- instances


def test_without_a_number_the_instance_is_cocos_first():
    unnumbered = optbench.problem("bbob_f10", 5)
    x = points(5)
    assert np.array_equal(unnumbered.value(x), bbob(10, 5).value(x))
    assert unnumbered.instance == 0 and unnumbered.f_min == bbob(10, 5).f_min


def test_starts_and_box_are_the_suites():
    problem = bbob(15, 3, 4)
    assert problem.placement.shift is None and problem.placement.rotation is None
    assert not problem.start.any()
    starts = problem.starts(range(1, 200))
    assert np.abs(starts).max() <= 5.0 and np.abs(starts).max() > 4.9


def test_functions_of_a_family_share_the_starts():
    assert np.array_equal(bbob(2, 5).starts([1, 2]), bbob(10, 5).starts([1, 2]))


def test_some_functions_share_their_random_numbers():
    assert np.array_equal(abs(bbob(4, 5, 3).minimum), abs(bbob(3, 5, 3).minimum))
    assert np.array_equal(bbob(18, 5, 3).minimum, bbob(17, 5, 3).minimum)
    for first, second in ((3, 4), (17, 18)):
        assert bbob(first, 5, 3).f_min == bbob(second, 5, 3).f_min


def test_random_numbers_are_those_of_park_and_miller():
    """Without the shuffle: 10000 steps from seed 1 give 1043618065 (Park and Miller 1988)."""
    drawn = helpers("_bbob_instances")
    state = 1
    for _ in range(10_000):
        state = 16807 * state % drawn._MODULUS
    assert state == 1043618065
    u = drawn.uniforms(20_000, 7)
    assert 0 < u.min() and u.max() < 1
    assert u.mean() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(drawn.uniforms(5, 0), drawn.uniforms(5, 1))
    assert np.array_equal(drawn.uniforms(5, -9), drawn.uniforms(5, 9))


@pytest.mark.parametrize("dim", [2, 40])
def test_rotations_are_orthogonal_and_optima_on_their_grids(dim):
    drawn = helpers("_bbob_instances")
    R = drawn.rotation(1_030_021, dim)
    assert np.allclose(R @ R.T, np.eye(dim), atol=1e-12)
    x = drawn.optimal_point(20_001, dim)
    assert np.allclose((x + 4.0) / 8e-4, np.round((x + 4.0) / 8e-4), atol=1e-9)
    cents = [100 * drawn.optimal_value(n, i) for n in NUMBERS for i in range(1, 30)]
    assert np.allclose(cents, np.round(cents), atol=1e-9)
    assert max(cents) == 1e5 and min(cents) == -1e5


def test_dimensions_from_two_on_exist_and_one_does_not():
    assert bbob(12, 7).value(bbob(12, 7).minimum) == bbob(12, 7).f_min
    with pytest.raises(UserError, match="any dimension from 2"):
        bbob(12, 1)
    assert optbench.problems()["bbob_f12"].dims == (2, 3, 5, 10, 20, 40)


# -------------------------------------------------------------------------- as compiled problems


@pytest.mark.parametrize("number", NUMBERS)
def test_compiled_over_many_lanes_it_equals_plain_python(number):
    dim = 5
    problem = bbob(number, dim, 5)
    definition, p = problem.definition, problem.placement.p
    assert problem.compiled(np.float64)[0].lanes > 1
    x = points(dim, 11)
    values, gradients = problem.value_and_grad(x)

    def plain(point):
        g, z = np.full(dim, np.nan), np.full(dim * definition.scratch, np.nan)
        arguments = {"x": point, "g": g, "p": p, "z": z}
        return definition(*(arguments[name] for name in definition.arguments)), g

    for i, point in enumerate(x):
        f, g = plain(point)
        assert_within(values[i], f, rounding(roundings(dim), *through(problem, f, g, point)))
        bends = sensitivity(lambda point: plain(point)[1], point, reach(problem, point))
        assert_within(gradients[i], g, rounding(roundings(dim), np.abs(g).max(), bends.max()))


@pytest.mark.parametrize("number", [3, 12, 21, 24])
def test_float32_agrees_with_float64(number):
    runs = {
        dtype: optbench.minimize("gd", bbob(number, 5, 2), steps=3, lanes=20, lr=1e-9, dtype=dtype)
        for dtype in ("float64", "float32")
    }
    f = runs["float64"].f_start
    assert np.abs(runs["float32"].f_start - f).max() <= 2e-4 * np.abs(f).max()


def test_many_lanes_do_not_disturb_each_other():
    """Lanes share the room to work in: each must be done with it before the next ones begin."""
    problem = bbob(15, 10, 1)
    x = points(10, 300)
    together = problem.value_and_grad(x)
    for i in (0, 7, 8, 299):
        f, g = problem.value_and_grad(x[i])
        assert f == together[0][i] and np.array_equal(g, together[1][i])


def test_descent_reaches_the_sphere_and_hits_its_absolute_targets():
    problem = bbob(1, 5, 2)
    run = optbench.minimize("gd", problem, steps=200, lanes=4, lr=0.1)
    gap = problem.value(run.x[0]) - problem.f_min
    assert gap < 1e-10
    hits, first = run.hits, run.f_start - problem.f_min
    assert hits.shape == (4, 21) and (run.status == "target").all()
    # |x - x_opt|^2 shrinks by 0.8^2 a step
    tau = 10.0 ** (-np.arange(-4, 17) / 2)
    expected = np.ceil(np.log(tau / first[:, None]) / math.log(0.64) - 1e-9)
    at_start = tau >= first[:, None]
    assert at_start.any() and np.array_equal(hits, np.where(at_start, 0, expected))
    assert success(problem, 1e-3) == (1e-8, "f - f_ref <= 1e-8")


def test_absolute_targets_below_the_rounding_of_f_opt_do_not_count():
    problem = bbob(1, 2, 1)
    floor = 100 * np.finfo(np.float32).eps * abs(problem.f_min)
    run = optbench.minimize("gd", problem, steps=300, lr=0.1, dtype="float32")
    tau = 10.0 ** (-np.arange(-4, 17) / 2)
    assert (run.hits[0, tau < floor] == -1).all()
    reached = (tau >= floor) & (tau < run.f_start[0] - problem.f_min)
    assert (run.hits[0, reached] > 0).all() and reached.any()
    assert run.status[0] == "target"


def test_every_function_is_in_the_catalog_with_its_facts():
    known = finding.problems()
    for number in NUMBERS:
        found = known[f"bbob_f{number:02d}"]
        assert "bbob" in found.tags and found.source.endswith(f"f{number}")
        assert (found.targets, found.scalable) == ("absolute", 2)
    assert [n for n in NUMBERS if "no_gradient" in known[f"bbob_f{n:02d}"].tags] == [7]
