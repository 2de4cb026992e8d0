"""Where two optimizers part: what is relative to what, and what counts as the same."""

import numpy as np
import pytest

from optbench.lanes.parting import Parting, shown_steps


def parting(one, other, rounding=1e-10):
    return Parting.of(np.array(one, float), np.array(other, float), rounding)


def test_differences_are_relative_to_the_largest_a_coordinate_has_been():
    own = parting([[4, 1], [2, 1], [0, 1]], [[4, 1], [2, 1], [1e-12, 1.5]])
    np.testing.assert_allclose(own.differences, [[0, 0], [2.5e-13, 0.5 / 1.5]])
    assert not own.same and own.first == (2, 1)
    assert own.largest == pytest.approx(1 / 3)


def test_rounding_is_no_parting():
    own = parting([[1.0], [2.0]], [[1.0], [2.0 + 1e-12]])
    assert own.same and own.first is None


def test_one_that_is_not_finite_parts_from_one_that_is():
    own = parting([[1.0], [np.nan], [np.nan]], [[1.0], [np.nan], [1.0]])
    assert own.first == (2, 0) and own.largest == np.inf


def test_steps_of_a_table():
    assert list(shown_steps(1)) == [1]
    assert list(shown_steps(30)) == [1, 2, 5, 10, 20, 30]
    assert list(shown_steps(200)) == [1, 2, 5, 10, 20, 50, 100, 200]
