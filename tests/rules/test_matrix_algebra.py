"""The algebra of matrix rules in plain Python, and first steps by hand."""

import numpy as np
import pytest

import optbench
from optbench.rules.matrix_algebra import eigenvectors, inverse_root, orthonormal_factor


def one_step(rule, g, **settings):
    g = np.array(g)
    shape = [g.shape]
    return optbench.replay(rule, [g.ravel()], np.zeros(g.size), shape=shape, **settings)[1]


def test_first_steps_by_hand():
    # SM3: each element's first sum is its own square, so the momentum is 0.1 sign(g)
    iterates = one_step("sm3", [[1.0, -2.0], [3.0, 4.0]], lr=1.0)
    np.testing.assert_allclose(iterates, [-0.1, 0.1, -0.1, -0.1], rtol=1e-7)
    # Adafactor on rank one: v = g^2 exactly, the update is sign(g); x = 0 has the size eps2
    iterates = one_step("adafactor", np.outer([1.0, -2.0], [3.0, 4.0]), lr=0.5)
    np.testing.assert_allclose(iterates, -0.5e-3 * np.array([1, 1, -1, -1]), rtol=1e-12)
    # Shampoo on diag(a, b): L = R = diag(a^2, b^2), so the step is the identity
    iterates = one_step("shampoo", [[3.0, 0.0], [0.0, 0.2]], lr=0.5, matrix_eps=1e-12)
    np.testing.assert_allclose(iterates, [-0.5, 0.0, 0.0, -0.5], atol=1e-9)
    # Muon on c times an orthogonal matrix: its n singular values 1 / sqrt(n) go through s -> p(s)
    angle, s = 0.3, np.sqrt(0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    iterates = one_step("muon", 7.0 * turn, lr=0.5, weight_decay=0.0)
    np.testing.assert_allclose(iterates, -0.5 * s * turn.ravel(), rtol=1e-12)
    assert not one_step("soap", turn).any()  # the first gradient gives the basis alone


def test_muon_scales_by_outputs_over_inputs():
    g = np.random.default_rng(1).standard_normal((3, 12))
    plain = one_step("muon", g, lr=1.0)
    turned = one_step("muon", g, lr=1.0, rows_are_outputs=True)
    np.testing.assert_allclose(plain, 2.0 * turned, rtol=1e-14)
    matched = one_step("muon", g, lr=1.0, match_rms_adamw=True)
    np.testing.assert_allclose(matched, 0.2 * np.sqrt(12) * turned, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:overflow encountered")  # in sums that are not taken
@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_algebra_in_plain_python(n):
    rng = np.random.default_rng(n)
    b = rng.standard_normal((n, 2 * n))
    a = b @ b.T
    values, vectors = np.linalg.eigh(a)
    root, spare = np.empty((n, n)), [np.empty((n, n)) for _ in range(3)]
    for order in (2, 4):
        inverse_root(a, order, root, *spare)
        expected = (vectors * values ** (-1 / order)) @ vectors.T
        np.testing.assert_allclose(root, expected, atol=1e-11 * np.abs(expected).max())
    turned, q = a.copy(), np.empty((n, n))
    eigenvectors(turned, q)
    np.testing.assert_allclose(np.sort(np.diag(turned)), values, rtol=1e-11)
    np.testing.assert_allclose(q.T @ q, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(q @ np.diag(np.diag(turned)) @ q.T, a, atol=1e-12 * values.max())
    c = rng.standard_normal((n, n))
    factored = c.copy()
    orthonormal_factor(factored, q, np.empty(n), np.empty(n))
    np.testing.assert_allclose(q.T @ q, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(np.tril(q.T @ c, -1), 0.0, atol=1e-13 * np.abs(c).max() * n)


@pytest.mark.filterwarnings("ignore:overflow encountered")  # in sums that are not taken
def test_algebra_of_deficient_matrices():
    a = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    turned, q = a.copy(), np.empty((4, 4))
    eigenvectors(turned, q)
    np.testing.assert_allclose(np.sort(np.diag(turned)), [0.0, 0.0, 0.0, 30.0], atol=1e-13)
    np.testing.assert_allclose(q.T @ q, np.eye(4), atol=1e-14)
    for matrix in (a.copy(), np.zeros((4, 4))):
        orthonormal_factor(matrix, q, np.empty(4), np.empty(4))
        np.testing.assert_allclose(q.T @ q, np.eye(4), atol=1e-14)
