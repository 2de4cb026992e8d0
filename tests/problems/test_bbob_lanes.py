"""BBOB f1 - f24 on lanes: plain Python, float32, neighbours, absolute targets."""

import math

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.lanes.targets import success
from tests.tolerance import assert_within, rounding, sensitivity

from .bbob import NUMBERS, bbob, points, reach, roundings, through


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
