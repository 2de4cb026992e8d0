"""Axes: which values pixels have, where values lie, and what is refused."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.maps.axes import Axis, with_axis

ROSENBROCK = optbench.problem("rosenbrock")


def axis(optimizer, text, problem=ROSENBROCK):
    return with_axis(optbench.optimizer(optimizer), problem, text)[1]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Axis("a", 1e-2, 1e2, "log", 1.0), [10**-1.5, 10**-0.5, 10**0.5, 10**1.5]),
        (Axis("a", 0.0, 0.9999, "log of 1 - v", 0.9), 1 - 10.0 ** -np.array([0.5, 1.5, 2.5, 3.5])),
        (Axis("a", -1.0, 3.0, "linear", 0.0), [-0.5, 0.5, 1.5, 2.5]),
        (Axis("a", 1.0, 9.0, "linear", 5.0, whole=True), [2.0, 4.0, 6.0, 8.0]),
    ],
)
def test_pixels_lie_in_their_middle_on_the_scale(own, expected):
    values = own.values(4)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    if not own.whole:
        shares = [own.share(value) for value in values]
        np.testing.assert_allclose(shares, [1 / 8, 3 / 8, 5 / 8, 7 / 8], rtol=1e-9)


def test_without_a_range_it_is_the_search_range_or_the_box():
    own = axis("momentum", "momentum")
    assert (own.low, own.high, own.scale, own.default) == (0.5, 0.999, "log of 1 - v", 0.9)
    start = axis("momentum", "x[1]")
    assert (start.low, start.high) == (ROSENBROCK.box[0][1], ROSENBROCK.box[1][1])
    assert (start.scale, start.default, start.coordinate) == ("linear", ROSENBROCK.start[1], 1)
    assert axis("adamw", "weight_decay").scale == "log"  # without the 0


def test_a_range_that_does_not_fit_the_scale_is_linear():
    assert axis("gd", "lr=0.9:1.1").scale == "log"
    assert axis("gd", "lr=0:1").scale == "linear"


def test_a_setting_of_a_wrapper_or_a_schedule_switches_it_on():
    optimizer, own = with_axis(optbench.optimizer("gd"), ROSENBROCK, "clip_norm=0.1:10")
    assert "clip_norm" in optimizer.hyper and own.low == 0.1
    optimizer, _ = with_axis(optbench.optimizer("gd"), ROSENBROCK, "warmup=0:0.5")
    assert optimizer.schedule


@pytest.mark.parametrize(
    ("optimizer", "text", "message"),
    [
        ("gd", "lr=3", "has no range: write NAME"),
        ("gd", "lr=1:a", "has no range: write NAME"),
        ("gd", "lr=1:inf", "must be a finite number"),
        ("gd", "lr=1:0.1", "from a lower to a higher value"),
        ("momentum", "momentun", "did you mean momentum"),
        ("gd", "schedule", "an axis needs a number"),
        ("gd", "x_1=-2:2", "a coordinate of the start is written x[1]"),
        ("gd", "clip_norm", "has no search range: give one, clip_norm=LOW:HIGH"),
        ("gd", "x[2]", "no coordinate x[2] of the start: d = 2"),
    ],
)
def test_what_is_no_axis_is_refused(optimizer, text, message):
    with pytest.raises(SettingError) as refused:
        axis(optimizer, text)
    assert message in str(refused.value)
