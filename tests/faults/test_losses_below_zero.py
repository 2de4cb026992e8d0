"""Plateaus and early stopping where losses are below 0; right values are by hand."""

import numpy as np
import pytest

import optbench
from optbench.nets import stopping_criteria


@pytest.mark.parametrize(
    ("value", "option", "expected"),
    [
        (-1.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (0.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (2.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (-1.0, 1, [0, -1, -2, -3, -4, -5]),  # torch's: -1 is below -0.9999
    ],
)
def test_a_loss_that_stands_still_is_a_plateau_whatever_its_sign(value, option, expected):
    iterates = optbench.replay(
        "gd[plateau_factor=0.5,plateau_patience=0]", [[1.0]] * 5, [0.0], values=[value] * 5,
        lr=1.0, plateau_as_torch=option,
    )  # fmt: skip
    np.testing.assert_array_equal(iterates.ravel(), expected)


def test_a_plateau_below_0_needs_a_fall_by_a_share_of_the_loss():
    """-1 to -1.05 is no gain with a threshold of 0.1, to -1.15 it is one."""
    run = dict(lr=1.0, plateau_factor=0.5, plateau_patience=0, plateau_threshold=0.1)
    iterates = optbench.replay("gd", [[1.0]] * 3, [0.0], values=[-1.0, -1.05, -1.15], **run)
    np.testing.assert_array_equal(iterates.ravel(), [0, -1, -1.5, -2.0])


@pytest.mark.parametrize("shift", [0.0, -1.0, -5.0])
def test_early_stopping_below_0(shift):
    """By 10 % of the size of the least loss, 2 + shift: at 2.3, or 1.2, or -2.6 of -3."""
    least = 2.0 + shift
    falling = np.array([3.0, 2.5, 2.0]) + shift
    assert (
        stopping_criteria.apply("generalisation_loss:10", [1.0] * 4, [*falling, least + 0.05])[0]
        == 3
    )
    beyond = least + 0.11 * abs(least)
    below = least + 0.09 * abs(least)
    losses = [*falling, below, beyond, beyond, beyond]
    assert stopping_criteria.apply("generalisation_loss:10", np.ones(7), losses) == (4, 2)


def test_early_stopping_at_a_least_loss_of_0():
    assert stopping_criteria.apply("generalisation_loss:10", np.ones(4), [1.0, 0.0, 0.0, 0.1]) == (
        3,
        1,
    )


def test_early_stopping_by_progress_below_0():
    """Progress 1000 (mean - least) / |least| of -1.1 ... -1.5 is 1000 0.2 / 1.5; GL is 50."""
    train = [-1.0, -1.1, -1.2, -1.3, -1.4, -1.5]
    validation = [-1.0, -2.0, -1.9, -1.8, -1.7, -1.0]
    limit = 50.0 / (1000.0 * 0.2 / 1.5)
    assert stopping_criteria.apply(f"quotient:{0.99 * limit}", train, validation)[0] == 5
    more = [*train, -2.0], [*validation, -3.0]
    assert stopping_criteria.apply(f"quotient:{1.01 * limit}", *more)[0] == 6
