"""Criteria of early stopping on curves that can be followed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.practice import stopping

VALIDATION = [10.0, 8.0, 6.0, 5.0, 5.2, 5.1, 5.6, 6.0, 4.0, 7.0]


def test_generalisation_loss_by_hand():
    wanted = [0, 0, 0, 0, 4, 2, 12, 20, 0, 75]
    np.testing.assert_allclose(stopping.generalisation_loss(VALIDATION), wanted, atol=1e-12)


@pytest.mark.parametrize(("alpha", "at"), [(1, 4), (5, 6), (15, 7), (50, 9), (80, None)])
def test_gl(alpha, at):
    assert stopping.gl(VALIDATION, alpha) == at


def test_progress_by_hand():
    train = [5.0, 4.0, 3.0, 2.0, 1.0, 1.0]  # means 3 and 2.2 over least values 1
    wanted = [np.inf] * 4 + [2000, 1200]
    np.testing.assert_allclose(stopping.progress(train), wanted)


def test_pq_waits_for_the_end_of_a_strip_and_for_progress_to_end():
    # GL is 20 % from record 2 on. P_k is 200 at record 4, 0 at record 9: 20 / 200 < 0.5 < 20 / 0.
    validation = [1.0, 1.0] + [1.2] * 8
    train = [1.5, 1.25, 1.25, 1.0, 1.0] + [1.0] * 5
    assert stopping.progress(train)[4] == pytest.approx(200)
    assert stopping.pq(train, validation) == 9
    assert stopping.pq(train, validation, alpha=0.09) == 4
    assert stopping.pq(train, np.ones(10)) is None


def test_up_counts_strips_that_rise_in_a_row():
    ends = [5.0, 4.0, 4.5, 4.2, 4.3, 4.4, 4.5]  # losses at the ends of strips of 2
    validation = np.repeat(ends, 2)
    assert stopping.up(validation, 1, strip=2) == 5
    assert stopping.up(validation, 2, strip=2) == 11
    assert stopping.up(validation, 3, strip=2) == 13
    assert stopping.up(validation, 4, strip=2) is None


def test_patience():
    assert stopping.patience(VALIDATION, 4) == 7
    assert stopping.patience(VALIDATION, 5) is None  # record 8 is better than record 3
    assert stopping.patience(VALIDATION, 4, least=1.5) == 6  # 5.0 is no better than 6.0


def test_the_best_parameters_are_restored():
    trajectory = np.arange(10)[:, None] * np.ones((1, 4))
    at = stopping.gl(VALIDATION)
    assert stopping.stopped(VALIDATION, at) == (6, 3)
    np.testing.assert_array_equal(stopping.restored(trajectory, VALIDATION, at), [3] * 4)
    assert stopping.stopped(VALIDATION, None) == (9, 8)


CURVE = st.lists(st.floats(0.1, 100), min_size=2, max_size=40)


@given(CURVE, st.floats(0.5, 50))
def test_laws(validation, alpha):
    at = stopping.gl(validation, alpha)
    last = len(validation) - 1 if at is None else at
    assert all(v <= (1 + alpha / 100) * min(validation[: i + 1]) * (1 + 1e-12)
               for i, v in enumerate(validation[:last]))  # fmt: skip
    assert stopping.gl(sorted(validation, reverse=True), alpha) is None
    assert stopping.up(sorted(validation, reverse=True), 1, 1) is None
    # The criterion looks at the past alone.
    assert at is None or stopping.gl(validation[: at + 1], alpha) == at
