"""The frame of containment: which optimizers of a run contain which, and what is said of them."""

import numpy as np
import pytest

from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.comparing.containments import (
    AHEAD,
    COLUMNS,
    UNDER_TUNED,
    contained_in,
    containment_frame,
)
from tests.report.comparing.lanes import drawn

GRID = 100.0 * 1.3 ** np.abs(np.arange(9) - 4)


def framed(*lanes):
    return containment_frame(lanes, comparison_frame(lanes))


def both(first, second, ratio, **facts):
    rng = np.random.default_rng(1)
    return drawn(rng, first, ratio * GRID, **facts), drawn(rng, second, GRID, **facts)


@pytest.mark.parametrize(("ratio", "verdict"), [(10.0, UNDER_TUNED), (0.1, AHEAD)])
@pytest.mark.parametrize("names", [("adamw", "adam"), ("momentum", "sgd"), ("qhm", "nesterov")])
def test_a_container_that_loses_is_under_tuned(names, ratio, verdict):
    (row,) = framed(*both(*names, ratio)).itertuples()
    assert (row.container, row.contained, row.verdict) == (*names, verdict)
    assert row.ratio == pytest.approx(ratio, rel=0.5)


def test_the_setting_is_that_of_the_tuned_trial():
    container, contained = both("adamw", "adam[beta1=0.8]", 1.0)
    ((one, other, setting),) = contained_in([contained, container])
    assert (one, other) == (container, contained)
    tuned = contained.values["lr"][contained.chosen]
    assert setting == {
        "lr": tuned, "beta1": 0.8, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0
    }  # fmt: skip
    (row,) = framed(container, contained).itertuples()
    assert "beta1=0.8" in row.setting


@pytest.mark.parametrize(
    ("container", "contained"),
    [
        ("adamw[weight_decay=0.1]", "adam"),  # fixed where the contained rule is not
        ("adamw", "adam[clip_norm=1]"),  # a wrapper
        ("adamw", "adam[schedule=cosine]"),
        ("qhm", "momentum[dampening=0.5]"),  # a convention that the container lacks
        ("rmsprop", "adam"),
        ("lion", "adam"),
    ],
)
def test_what_does_not_contain_is_in_no_row(container, contained):
    frame = framed(*both(container, contained, 10.0))
    assert frame.empty and list(frame.columns) == COLUMNS


def test_a_fixed_setting_that_agrees_contains():
    assert len(framed(*both("adamw[weight_decay=0]", "adam", 10.0))) == 1


def test_the_full_batch_is_contained_without_noise_alone():
    assert len(framed(*both("momentum", "gd", 10.0))) == 1
    assert framed(*both("momentum", "gd", 10.0, kind="data")).empty
    assert len(framed(*both("momentum", "sgd", 10.0, kind="data"))) == 1
