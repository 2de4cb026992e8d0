"""Products with the Hessian against differences of the author's gradients, and closed forms."""

import numpy as np
import pytest

import optbench
from optbench.define.definitions import NetDefinition
from optbench.kernels.authors.products import product_block
from optbench.kernels.memory.buffers import spare

SURFACES = [n for n, found in optbench.problems().items() if not isinstance(found, NetDefinition)]
FEW = ("rosenbrock", "bbob_f15", "softmax_iris", "noisy_quadratic")
"""With a valley, in buffers of duals, on data, with noise."""
COLUMNS = 16


def product_at(problem, x, v, dtype="float64", t=0):
    """Return the product [d, n] with the Hessian at points x [d, n] in the author's frame."""
    block = product_block(problem.definition.function, dtype, problem.dim)
    d, n = x.shape
    g = np.full((3 * d, n), np.nan, dtype)
    g[d : 2 * d] = v
    p, q = problem.placement.p.astype(dtype), problem.placement.q
    work = spare(np.empty(problem.placement.work_size, dtype))
    f, key = np.empty(n, dtype), np.array([7], np.uint64)
    block(x.astype(dtype), g, f, p, q, work, key, t, 0)
    return g[:d], g[2 * d :], f


def gradient_at(problem, x, t=0):
    """Return gradients [d, n] in the author's frame, by the same draws."""
    block = problem.compiled(np.float64).problem
    d, n = x.shape
    width = -(-n // block.lanes) * block.lanes
    x = np.pad(x, ((0, 0), (0, width - n)), "edge")
    g, f = np.zeros_like(x), np.empty(width)
    work = spare(np.empty(problem.placement.work_size))
    key = np.array([7], np.uint64)
    block(x, g, f, problem.placement.p, problem.placement.q, work, key, t, 0)
    return g[:, :n], f[:n]


def check(name):
    """Return how far products at random points are from differences of gradients."""
    problem = optbench.problem(name, instance=1)
    rng = np.random.default_rng(1)
    low, high = problem.box
    x = (low + (high - low) * rng.uniform(0.2, 0.8, (COLUMNS, problem.dim))).T
    v = rng.choice([-1.0, 1.0], (problem.dim, COLUMNS))
    product, gradient, f = product_at(problem, np.ascontiguousarray(x), v)
    expected, value = gradient_at(problem, np.ascontiguousarray(x))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-11 * scale)
    np.testing.assert_allclose(f, value, rtol=1e-9, atol=1e-11 * np.abs(value).max())
    guesses = []
    for step in 1e-4, 1e-5, 1e-6, 1e-8, 1e-9:  # what a difference bears depends on the surface
        h = step * np.maximum(1.0, np.abs(x).max(axis=0))
        after, before = gradient_at(problem, x + h * v)[0], gradient_at(problem, x - h * v)[0]
        guesses.append((after - before) / (2 * h))
    errors = [np.abs(product - guess) for guess in guesses]
    size = np.abs(product).max(axis=0) + 1e-3 * scale + np.finfo(float).tiny  # some are flat
    return np.min([error.max(axis=0) / size for error in errors], axis=0)


@pytest.mark.parametrize("name", FEW)
def test_products_are_derivatives_of_gradients(name):
    assert np.median(check(name)) < 1e-4


@pytest.mark.conformance
@pytest.mark.parametrize("name", SURFACES)
def test_products_of_every_surface_are_derivatives_of_gradients(name):
    """At most points: a few may lie within a difference of a kink."""
    assert np.median(check(name)) < 1e-4
