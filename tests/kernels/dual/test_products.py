"""Products with the Hessian against differences of the author's gradients, and closed forms."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import problem
from optbench.define.definitions import NetDefinition
from optbench.errors import DefinitionError
from optbench.kernels.authors.products import product_block
from optbench.kernels.memory.buffers import spare

SURFACES = [
    name
    for name, found in optbench.problems().items()
    if not isinstance(found, NetDefinition) and optbench.problem(name).has_hessian
]
FEW = ("rosenbrock", "bbob_f15", "softmax_iris", "noisy_quadratic")
"""With a valley, in buffers of duals, on data, with noise."""
RUGGED = ("bbob_f23",)
"""With kinks 2^-32 apart, of which no difference knows anything."""
COLUMNS = 16


def product_at(own, x, v, dtype="float64", t=0):
    """Return the product [d, n] with the Hessian at points x [d, n] in the author's frame."""
    block = product_block(own.definition.function, dtype, own.dim)
    d, n = x.shape
    g = np.full((3 * d, n), np.nan, dtype)
    g[d : 2 * d] = v
    p, q = own.placement.p.astype(dtype), own.placement.q
    work = spare(np.empty(own.placement.work_size, dtype))
    f, key = np.empty(n, dtype), np.array([7], np.uint64)
    block(x.astype(dtype), g, f, p, q, work, key, t, 0)
    return g[:d], g[2 * d :], f


def gradient_at(own, x, t=0):
    """Return gradients [d, n] in the author's frame, by the same draws."""
    block = own.compiled(np.float64).problem
    d, n = x.shape
    width = -(-n // block.lanes) * block.lanes
    x = np.pad(x, ((0, 0), (0, width - n)), "edge")
    g, f = np.zeros_like(x), np.empty(width)
    work = spare(np.empty(own.placement.work_size))
    key = np.array([7], np.uint64)
    block(x, g, f, own.placement.p, own.placement.q, work, key, t, 0)
    return g[:, :n], f[:n]


def check(name):
    """Return how far products at random points are from differences of gradients."""
    own = optbench.problem(name, instance=1)
    rng = np.random.default_rng(1)
    low, high = own.box
    x = (low + (high - low) * rng.uniform(0.2, 0.8, (COLUMNS, own.dim))).T
    v = rng.choice([-1.0, 1.0], (own.dim, COLUMNS))
    product, gradient, f = product_at(own, np.ascontiguousarray(x), v)
    expected, value = gradient_at(own, np.ascontiguousarray(x))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-11 * scale)
    np.testing.assert_allclose(f, value, rtol=1e-9, atol=1e-11 * np.abs(value).max())
    guesses = []
    for step in 1e-4, 1e-5, 1e-6, 1e-8, 1e-9:  # what a difference bears depends on the surface
        h = step * np.maximum(1.0, np.abs(x).max(axis=0))
        after, before = gradient_at(own, x + h * v)[0], gradient_at(own, x - h * v)[0]
        guesses.append((after - before) / (2 * h))
    errors = [np.abs(product - guess) for guess in guesses]
    size = np.abs(product).max(axis=0) + 1e-3 * scale + np.finfo(float).tiny  # some are flat
    return np.min([error.max(axis=0) / size for error in errors], axis=0)


@pytest.mark.parametrize("name", FEW)
def test_products_are_derivatives_of_gradients(name):
    assert np.median(check(name)) < 1e-4


def test_products_in_float32_and_over_one_lane_are_those_of_float64():
    own = optbench.problem("rosenbrock", dim=9)  # more coordinates than loops unroll
    x = np.random.default_rng(0).normal(size=(9, COLUMNS))
    v = np.where(x > 0.0, 1.0, -1.0)
    double, single = (product_at(own, x, v, dtype)[0] for dtype in ("float64", "float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-5 * np.abs(double).max())


@problem(start=[1.0], minimum=[0.0], f_min=0.0, source="of this test")
def branching(x, g):
    if x[0] > 0.0:
        g[0] = 3.0 * x[0] * x[0]
        return x[0] ** 3
    g[0] = -2.0
    return -2.0 * x[0]


@problem(start=[1.0], minimum=[0.0], f_min=0.0, source="of this test")
def no_derivative(x, g):
    g[0] = 2.0 * x[0] + math.gamma(abs(x[0]) + 1.0)
    return x[0] * x[0]


def test_code_that_branches_goes_lane_by_lane():
    x = np.linspace(-1.0, 1.0, COLUMNS).reshape(1, -1)
    product, gradient, f = product_at(optbench.problem(branching), x, np.full_like(x, 2.0))
    np.testing.assert_array_equal(product, np.where(x > 0.0, 12.0 * x, 0.0))
    np.testing.assert_allclose(f, np.where(x > 0.0, x**3, -2.0 * x)[0])
    assert product_block(branching.function, "float64", 1).lanes == 1


def test_what_has_no_derivative_is_refused_with_its_line():
    with pytest.raises(DefinitionError, match=r"test_products.py:\d+"):
        product_block(no_derivative.function, "float64", 1)


@pytest.mark.conformance
@pytest.mark.parametrize("name", [name for name in SURFACES if name not in RUGGED])
def test_products_of_every_surface_are_derivatives_of_gradients(name):
    """At most points: a few may lie within a difference of a kink."""
    assert np.median(check(name)) < 1e-4
