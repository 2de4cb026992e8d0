"""Update rules for huge and tiny gradients.

Right values are by hand, or those of the same run in other units.
"""

import numpy as np
import pytest

import optbench
from optbench.rules.matrix_algebra import eigenvectors, orthonormal_factor
from tests.faults.every_rule import RULES, shape_of
from tests.thinning import in_both_dtypes

HUGE, TINY = {"float64": 2.0**660, "float32": 2.0**66}, {"float64": 2.0**-660, "float32": 2.0**-100}


@pytest.mark.parametrize(
    ("gradient", "dtype"),
    [(1e200, "float64"), (1.7e308, "float64"), (1e20, "float32"), (3e38, "float32")],
)
def test_clipping_keeps_the_direction_of_huge_gradients(gradient, dtype):
    iterates = optbench.replay("gd[clip_norm=1]", [[gradient]], [0.0], lr=1.0, dtype=dtype)
    assert iterates[1, 0] == -1.0
    pair = [[0.6 * gradient, -0.8 * gradient]]
    iterates = optbench.replay("gd[clip_norm=1]", pair, [0.0, 0.0], lr=1.0, dtype=dtype)
    np.testing.assert_allclose(iterates[1], [-0.6, 0.8], rtol=4 * np.finfo(dtype).eps)


def test_clipping_leaves_gradients_below_the_limit_as_they_are():
    """Also huge ones with tiny coordinates, which would be lost in other units.

    The least are normal numbers: subnormal ones are zero in all compiled code.
    """
    gradient = [1e200, 1e-200, np.finfo(float).tiny]
    iterates = optbench.replay("gd[clip_norm=1e201]", [gradient], np.zeros(3), lr=1.0)
    np.testing.assert_array_equal(-iterates[1], gradient)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sharpness_aware_ascent_has_the_length_rho(dtype):
    for size in (1.0, HUGE[dtype]):
        gradient = [[0.6 * size, -0.8 * size]]
        iterates = optbench.replay(
            "gd[sam_rho=2]", gradient, [0.0, 0.0], points="query", dtype=dtype
        )
        # 1e-12 is added to the norm, here 1
        tolerance = 1.01e-12 / size + 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(iterates[1], [1.2, -1.6], rtol=tolerance)


IN_ANY_UNITS = {
    # rule with its eps at 0 or beside the point, and whether tiny gradients move it as well
    "lars": True,
    "fromage": False,  # gradients are at least as long as min_norm
    "novograd": False,  # eps
    "adam_mini": False,  # eps
    "amos": False,  # eps
    "mars_lion": False,  # what is shorter than 1 is not clipped
    "adagrad_norm[b0=0.001]": False,  # b0
    "dog": False,  # eps
    "dadapt_sgd": True,
    "gd[clip_norm=0.001]": False,  # 1e-6 is added to the norm
    "muon": False,  # eps
}


@pytest.mark.parametrize(("spec", "dtype"), in_both_dtypes(IN_ANY_UNITS))
def test_what_divides_by_a_norm_does_not_see_the_unit_of_gradients(spec, dtype):
    """A power of two changes no digit of a gradient, so nothing but eps makes a difference."""
    rng = np.random.default_rng(0)
    gradients = np.sign(rng.standard_normal((8, 6))) * rng.uniform(1, 2, (8, 6))
    start = rng.standard_normal(6)
    run = dict(shape=shape_of(spec), dtype=dtype)
    ordinary = optbench.replay(spec, gradients, start, **run)
    assert np.ptp(ordinary, axis=0).min() > 0.0
    step = np.abs(ordinary - ordinary[0]).max()
    tolerance = 1e-5 * step + 4 * np.finfo(dtype).eps  # eps is 1e-6 of a gradient of size 1
    sizes = (HUGE, TINY) if IN_ANY_UNITS[spec] else (HUGE,)
    for size in sizes:
        iterates = optbench.replay(spec, size[dtype] * gradients, start, **run)
        np.testing.assert_allclose(iterates, ordinary, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "dtype"), in_both_dtypes([n for n, rule in RULES.items() if not rule.matrix])
)
def test_huge_and_tiny_gradients_leave_points_finite(name, dtype):
    """Where squares overflow, what divides by their root stands still."""
    gradients = np.random.default_rng(0).standard_normal((14, 4))
    run = dict(values=np.ones(14), dtype=dtype, points="query", lr=1e-3)
    for size in (HUGE[dtype], TINY[dtype]):
        iterates = optbench.replay(name, size * gradients, np.ones(4), **run)
        assert np.isfinite(iterates).all()


def test_weighted_distances_over_gradients_for_huge_gradients():
    """DoWG's first step from 0: r^2 g / (r |g|), r = 0.01; |g| = 5e200."""
    iterates = optbench.replay("dowg", [[3e200, 4e200]], [0.0, 0.0])
    np.testing.assert_allclose(iterates[1], [-0.006, -0.008], rtol=1e-12)


@pytest.mark.parametrize("spec", ["polyak", "momo", "polyak_estimate[gamma=55]"])
def test_polyaks_step_for_huge_and_tiny_gradients(spec):
    """5 / |g|^2 times g, |g| = 5e200; of tiny gradients it is the largest step, lr."""
    iterates = optbench.replay(spec, [[3e200, 4e200]], [0.0, 0.0], values=[5.0])
    np.testing.assert_allclose(iterates[1], [-6e-201, -8e-201], rtol=1e-12)
    iterates = optbench.replay(spec, [[3e-200, 4e-200]], [0.0, 0.0], values=[5.0], lr=0.5)
    np.testing.assert_allclose(iterates[1], [-1.5e-200, -2e-200], rtol=1e-12)
    iterates = optbench.replay(spec, [[0.0, 0.0]], [1.0, 1.0], values=[0.0])
    np.testing.assert_array_equal(iterates[1], [1.0, 1.0])


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("size", [1e200, 1.0, 1e-200])
def test_barzilai_and_borwein_solve_a_parabola_of_any_size_in_two_steps(size, short):
    """f = 2 x^2: a step of 0.1 leads from size to 0.6 size, where g = 2.4 size; 1/4 is exact."""
    gradients = [[4.0 * size], [2.4 * size]]
    iterates = optbench.replay("barzilai_borwein", gradients, [size], lr=0.1, short=short)
    np.testing.assert_allclose(iterates.ravel() / size, [1.0, 0.6, 0.0], atol=1e-15)


@pytest.mark.parametrize("size", [2.0**-700, 1.0, 2.0**700])
def test_bases_of_huge_and_tiny_matrices(size):
    a = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
    with np.errstate(all="ignore"):  # of three sums of squares the two that are not taken
        ordinary, q = np.empty((2, 3, 3))
        eigenvectors(a.copy(), ordinary)
        eigenvectors(size * a, q)
        np.testing.assert_array_equal(q, ordinary)
        np.testing.assert_allclose(q.T @ a @ q, np.diag(np.diag(q.T @ a @ q)), atol=1e-12)
        orthonormal_factor(size * a, q, np.empty(3), np.empty(3))
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(np.tril(q.T @ a, -1), 0.0, atol=1e-14)
