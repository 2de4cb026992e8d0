"""Surfaces of matrices: against NumPy's products and decompositions."""

import numpy as np
import pytest

import optbench

FACTORISATIONS = {
    "factorisation_rank_3": [3.0, 2.0, 1.0],
    "factorisation_full": [3.0, 2.5, 2.0, 1.5, 1.0],
    "factorisation_truncated": [3.0, 2.0, 1.0, 0.5, 0.25],
    "factorisation_wide": [2.0, 1.0],
    "factorisation_ill": [1.0, 0.1, 1e-3],
}


def point(problem):
    return np.random.default_rng(3).uniform(-1.0, 1.0, problem.dim)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("kronecker_1e2", 10.0, 10.0),
        ("kronecker_1e4", 100.0, 100.0),
        ("kronecker_1e6", 1e3, 1e3),
        ("multi_output_1e4", 1.0, 1e4),
    ],
)
def test_curvature_is_a_kronecker_product(name, left, right):
    problem = optbench.problem(name)
    hessian = problem.grad(np.eye(problem.dim))
    rows, columns = problem.definition.shapes(problem.dim)[0]
    p = problem.placement.p
    one, other = p[: rows**2].reshape(rows, rows), p[rows**2 :].reshape(columns, columns)
    np.testing.assert_allclose(hessian, np.kron(one, other), atol=1e-15)
    assert np.linalg.cond(one) == pytest.approx(left, rel=1e-9)
    assert np.linalg.cond(other) == pytest.approx(right, rel=1e-9)
    x = point(problem)
    assert problem.value(x) == pytest.approx(0.5 * x @ hessian @ x, rel=1e-12)


def test_half_of_a_wide_linear_map_does_not_matter():
    problem = optbench.problem("wide_linear_map")
    values = np.linalg.eigvalsh(problem.grad(np.eye(problem.dim)))
    assert np.sum(values > 1e-12) == problem.dim // 2
    assert values[-1] / values[problem.dim // 2] == pytest.approx(100.0)
    x, examples = point(problem), problem.placement.p.reshape(6, 12)
    outputs = x.reshape(3, 12) @ examples.T
    assert problem.value(x) == pytest.approx(0.5 * np.sum(outputs**2) / 6, rel=1e-12)


@pytest.mark.parametrize("name", FACTORISATIONS)
def test_factorisations_end_where_eckart_and_young_say(name):
    problem = optbench.problem(name)
    matrix = problem.placement.p.reshape(6, 5)
    values = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(values[values > 1e-12], FACTORISATIONS[name], rtol=1e-12)
    left, right = problem.definition.shapes(problem.dim)
    assert left[1] == right[1]
    assert problem.f_min == pytest.approx(0.5 * np.sum(values[left[1] :] ** 2), abs=1e-15)
    x = point(problem)
    u, v = x[: 6 * left[1]].reshape(left), x[6 * left[1] :].reshape(right)
    error = u @ v.T - matrix
    assert problem.value(x) == pytest.approx(0.5 * np.sum(error**2), rel=1e-12)
    np.testing.assert_allclose(
        problem.grad(x), np.concatenate([(error @ v).ravel(), (error.T @ u).ravel()]), atol=1e-12
    )


def test_deep_linear_and_root_are_products_of_numpy():
    deep, root = optbench.problem("deep_linear"), optbench.problem("matrix_root")
    first, second, third = point(deep).reshape(3, 4, 4)
    error = third @ second @ first - deep.placement.p.reshape(4, 4)
    assert deep.value(point(deep)) == pytest.approx(0.5 * np.sum(error**2), rel=1e-12)
    x = point(root).reshape(4, 4)
    error = x @ x - root.placement.p.reshape(4, 4)
    assert root.value(x.ravel()) == pytest.approx(0.25 * np.sum(error**2), rel=1e-12)
    slope = 0.5 * (error @ x.T + x.T @ error)
    np.testing.assert_allclose(root.grad(x.ravel()), slope.ravel(), atol=1e-12)
    for problem in (deep, root):
        values = np.linalg.eigvalsh(problem.placement.p.reshape(4, 4))
        np.testing.assert_allclose(values[::-1], [2.0, 1.0, 0.5, 0.25], rtol=1e-12)
