"""Dual numbers give the catalog's gradients from values alone, in every problem's own terms."""

import dataclasses

import numpy as np
import pytest

import optbench
from tests.problems.twins import TWINS

CATALOG = optbench.problems()


def pair(twin, dim=None, instance=None):
    """The catalog's problem, and the same with its gradient taken from the twin."""
    hand = CATALOG[twin.__name__]
    dual = dataclasses.replace(hand, function=twin)
    return optbench.problem(hand, dim, instance), optbench.problem(dual, dim, instance)


def points(problem, count=20):
    low, high = problem.box
    inside = np.random.default_rng(4).uniform(low, high, (count, problem.dim))
    return np.vstack([problem.start, inside])


@pytest.mark.parametrize("instance", [None, 3])
@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_gradients_equal_those_by_hand(twin, instance):
    dims = CATALOG[twin.__name__].dims if instance is None else (None,)
    for dim in dims:
        hand, dual = pair(twin, dim, instance)
        x = points(hand)
        (f, g), (f_dual, g_dual) = hand.value_and_grad(x), dual.value_and_grad(x)
        assert np.allclose(f_dual, f, rtol=1e-12, atol=1e-12)
        assert np.abs(g_dual - g).max() <= 1e-12 * (1 + np.abs(g).max())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["rosenbrock", "ackley", "logistic_breast_cancer"])
def test_runs_take_the_same_path(name, dtype):
    hand, dual = pair({twin.__name__: twin for twin in TWINS}[name])
    first, second = (
        optbench.minimize("sgd", problem, steps=10, lr=1e-4, lanes=3, dtype=dtype)
        for problem in (hand, dual)
    )
    assert first.x.dtype == second.x.dtype == np.dtype(dtype)
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    assert np.allclose(first.x, second.x, rtol=tolerance, atol=tolerance)


@optbench.define.problem(start=[1.0, 2.0], minimum=0.0, f_min=0.0)
def shaken(x, p, key, full):
    f = 0.0
    for i in range(len(x)):
        f += p[i] * x[i] ** 2
        if full == 0:
            f += 0.1 * optbench.define.normal(key, i) * x[i]
    return f


@shaken.constants
def curvatures(rng, dim):
    return rng.uniform(1.0, 2.0, dim)


def test_noise_in_the_value_is_noise_in_the_gradient():
    problem = optbench.problem(shaken, instance=2)
    slopes = 2 * problem.placement.p * (problem.start - problem.placement.shift)
    np.testing.assert_allclose(problem.grad(problem.start), slopes, rtol=1e-14)
    run = optbench.minimize("sgd", problem, steps=1, lr=1.0, lanes=400, start=problem.start)
    noise = (problem.start - run.x) - problem.grad(problem.start)
    assert noise.std() == pytest.approx(0.1, rel=0.1) and abs(noise.mean()) < 0.02
