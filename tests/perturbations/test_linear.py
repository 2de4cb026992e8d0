"""Linear maps and starts: values at mapped points, spectra, and what rules notice of them."""

import numpy as np
import pytest

import optbench
from tests.perturbations.steps import FAR

D = 6


def both(name, base="rosenbrock", instance=2):
    return optbench.problem(f"{base}[{name}]", D, instance), optbench.problem(base, D, instance)


def into(problem):
    """Return the map from x to the plain surface's coordinates: about the minimum, by hand."""
    return lambda x, matrix: problem.minimum + matrix @ (x - problem.minimum)


@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("scale=100", 100.0 ** np.linspace(-0.5, 0.5, D)),
        ("block_scale=16,blocks=3", np.repeat([0.25, 1.0, 4.0], 2)),
        ("condition=1e4", 1e2 ** np.linspace(0.0, 1.0, D)),
        ("scale=4,condition=4", 4.0 ** np.linspace(-0.5, 0.5, D) * 2.0 ** np.linspace(0, 1, D)),
    ],
)
@pytest.mark.parametrize("base", ["rosenbrock", "ackley"])
def test_the_value_is_the_plain_one_at_the_point_with_factors(name, factors, base):
    problem, plain = both(name, base)
    x = plain.minimum + 0.1 * FAR / factors
    z = into(plain)(x, np.diag(factors))
    assert problem.value(x) == pytest.approx(plain.value(z), rel=1e-10)
    np.testing.assert_allclose(problem.grad(x), factors * plain.grad(z), rtol=1e-8, atol=1e-9)
    assert problem.f_min == plain.f_min and np.array_equal(problem.minimum, plain.minimum)
    assert problem.value(problem.minimum) == pytest.approx(problem.f_min, abs=1e-13)


def test_a_condition_is_that_of_the_hessian():
    problem, _ = both("condition=1e4", "sphere")
    hessian = np.array([problem.grad(problem.minimum + e) for e in np.eye(D)])
    assert np.linalg.cond(hessian) == pytest.approx(1e4)


def test_a_permutation_is_one():
    problem, plain = both("permute=true", "ellipsoid_1e2")
    slopes, own = (np.diag([p.grad(p.minimum + e) for e in np.eye(D)]) for p in (plain, problem))
    assert sorted(own) == pytest.approx(sorted(slopes)) and not np.allclose(own, slopes)


def test_a_rotation_alone_is_the_catalog_s_rotated_problem():
    """To the last bit: values, gradients, starts and whole runs."""
    for instance in (0, 3):
        ours = optbench.problem("ellipsoid_1e2[rotate=true]", D, instance)
        theirs = optbench.problem("rotated_ellipsoid_1e2", D, instance)
        assert ours.family == theirs.family
        runs = [optbench.minimize("adam", p, steps=50, lanes=3, lr=0.1) for p in (ours, theirs)]
        assert np.array_equal(runs[0].x, runs[1].x)
        assert np.array_equal(runs[0].records.f, runs[1].records.f)


def test_rules_that_rotations_do_not_change_keep_their_values():
    """Momentum's values from the rotated start are those from the plain one; Adam's are not.

    By the frame of the instance, and by a stage of its own beside another perturbation.
    """
    _, plain = both("rotate=true")
    rotation = optbench.problem("rosenbrock[rotate=true]", D, 2).placement.rotation
    rotation = rotation / np.linalg.norm(rotation, 2)
    x = plain.minimum + 0.3 * FAR
    z = into(plain)(x, rotation)
    for name in ("rotate=true", "rotate=true,penalty=1e-300"):
        problem, _ = both(name)
        assert problem.value(x) == pytest.approx(plain.value(z), rel=1e-11)
        values = [final("momentum", p, at) for p, at in ((problem, x), (plain, z))]
        assert values[0] == pytest.approx(values[1], rel=1e-8)
        values = [final("adam", p, at) for p, at in ((problem, x), (plain, z))]
        assert values[0] != pytest.approx(values[1], rel=1e-3)


def final(rule, problem, start):
    return optbench.minimize(rule, problem, start=start, steps=40, lr=1e-4).best[0]


def test_units_come_before_the_rotation_and_the_spectrum_after_it():
    """The Hessian of a sphere: S R' C^2 R S, with coordinates' own units at both ends."""
    problem = optbench.problem("sphere[rotate=true,scale=100,condition=100]", D, 2)
    plain = optbench.problem("sphere[rotate=true,condition=100]", D, 2)
    own, inner = (np.array([p.grad(p.minimum + e) for e in np.eye(D)]) for p in (problem, plain))
    units = 100.0 ** np.linspace(-0.5, 0.5, D)
    np.testing.assert_allclose(own, units[:, None] * inner * units, rtol=1e-9)
    assert np.linalg.cond(inner) == pytest.approx(100.0)


TWINS = [
    name for name, one in optbench.problems().items()
    if name.startswith("rotated_") and name.removeprefix("rotated_") in optbench.problems()
]  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_every_rotated_problem_is_a_name_for_the_rotation_of_the_plain_one(name):
    for instance in (0, 3):
        theirs = optbench.problem(name, None, instance)
        ours = optbench.problem(f"{name.removeprefix('rotated_')}[rotate=true]", None, instance)
        assert theirs.written.problem.__code__ is ours.written.problem.__code__
        for field in ("p", "q", "shift", "centre", "rotation"):
            pair = getattr(ours.placement, field), getattr(theirs.placement, field)
            assert np.array_equal(*pair), field
        assert ours.placement.scale == theirs.placement.scale
        assert np.array_equal(ours.start, theirs.start) and ours.f_min == theirs.f_min
        assert np.array_equal(ours.keys([1]), theirs.keys([1]))
        assert set(ours.tags) == set(theirs.tags)


@pytest.mark.parametrize("name", ["sphere", "rosenbrock"])
def test_another_start_is_so_many_times_as_far(name):
    problem, plain = both("start_scale=5", name)
    away, before = problem.start - problem.minimum, plain.start - plain.minimum
    np.testing.assert_allclose(away, 5.0 * before, rtol=1e-12)
    for end, plain_end in zip(problem.box, plain.box, strict=True):
        np.testing.assert_allclose(end - problem.minimum, 5.0 * (plain_end - plain.minimum))
    assert np.array_equal(problem.minimum, plain.minimum)
    assert problem.value(FAR) == plain.value(FAR)
