"""BBOB's instances: numbers, starts, rotations and optima are COCO's."""

import numpy as np
import pytest

import optbench
from optbench.errors import UserError

from .bbob import NUMBERS, bbob, helpers, points


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
