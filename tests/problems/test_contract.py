"""What must hold for every problem of the catalog, as it is compiled and as an instance."""

import numpy as np
import pytest

import optbench
from optbench.declared import NetDefinition

CATALOG = optbench.problems()
SURFACES = [
    name
    for name, found in CATALOG.items()
    if not isinstance(found, NetDefinition) and not found.instance_function
]
"""Those with instances of their own have tests of their own."""
SMOOTH_MINIMUM = [n for n in SURFACES if CATALOG[n].minimum is not None]


def points(problem, n=5):
    low, high = problem.box
    return np.random.default_rng(0).uniform(low, high, (n, problem.dim))


@pytest.mark.parametrize("name", SURFACES)
def test_compiled_equals_plain_python(name):
    problem = optbench.problem(name)
    p, q = problem.frame.p, problem.frame.q
    bound = {"p": p, "q": q, "key": np.uint64(0), "stream": np.uint64(0), "t": 0, "full": 1}
    extra = [bound[a] for a in problem.definition.arguments[2:]]
    x = points(problem)
    values, gradients = problem.value_and_grad(x)
    rotation = problem.frame.rotation
    for i in range(len(x)):
        z, g = x[i], np.full(problem.dim, np.nan)
        if rotation is not None:
            z = problem.frame.centre + rotation @ (x[i] - problem.frame.centre)
        with np.errstate(over="ignore"):
            f = problem.definition(z, g, *extra)
        g = g if rotation is None else rotation.T @ g
        assert values[i] == pytest.approx(f, rel=1e-12, abs=1e-13)
        assert np.allclose(gradients[i], g, rtol=1e-11, atol=1e-12 * np.abs(g).max())


@pytest.mark.parametrize("instance", [None, 1, 4])
@pytest.mark.parametrize("name", SMOOTH_MINIMUM)
def test_declared_minimum_and_gradient_hold_in_every_instance(name, instance):
    problem = optbench.problem(name, instance=instance)
    f, g = problem.value_and_grad(problem.minimum)
    assert f == pytest.approx(problem.f_min, abs=1e-10)
    assert np.abs(g).max() <= 1e-8 * max(1, np.abs(problem.grad(problem.start)).max())
    assert (problem.value(points(problem, 200)) >= problem.f_min - 1e-10).all()


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_of_an_instance_agree_with_differences(name):
    problem = optbench.problem(name, instance=2)
    x = points(problem, 1)[0]
    g = problem.grad(x)
    h = 1e-3 * (1 + np.abs(x))
    offsets, weights = np.array([-2, -1, 1, 2]), np.array([1, -8, 8, -1]) / 12
    for i in range(problem.dim):
        stencil = np.tile(x, (4, 1))
        stencil[:, i] += offsets * h[i]
        difference = weights @ problem.value(stencil) / h[i]
        assert g[i] == pytest.approx(difference, rel=2e-5, abs=2e-5 * (1 + np.abs(g).max()))


@pytest.mark.parametrize("name", SURFACES)
def test_float32_agrees_with_float64(name):
    run64, run32 = (
        optbench.minimize("momentum", name, steps=3, lr=1e-5, dtype=dtype)
        for dtype in ("float64", "float32")
    )
    assert run32.x.dtype == np.float32
    assert np.allclose(run32.x, run64.x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dim", [2, 3, 7])
def test_scalable_problems_exist_in_other_dimensions(dim):
    for name in SURFACES:
        if CATALOG[name].scalable:
            problem = optbench.problem(name, dim)
            assert problem.start.shape == (dim,)
            if problem.minimum is not None:
                assert problem.value(problem.minimum) == pytest.approx(problem.f_min, abs=1e-9)


def test_the_solver_supplies_the_reference_of_the_logistic_regression():
    problem = optbench.problem("logistic_breast_cancer", instance=3)
    f_ref, source = problem.reference
    assert source == "solver"
    run = optbench.minimize("gd", problem, steps=3000, lr=1.0)
    assert -1e-14 <= run.f[0] - f_ref < 1e-4
    assert problem.value(run.x[0]) == pytest.approx(run.f[0], rel=1e-12)


def test_metadata_is_complete():
    for name, found in CATALOG.items():
        assert found.name == name and found.source and found.tags and found.family and found.place
