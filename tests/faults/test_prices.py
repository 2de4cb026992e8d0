"""Lanes beyond memory or patience are refused with their price, which is near the truth."""

import tracemalloc

import pytest

import optbench
from optbench.errors import SettingError
from optbench.kernels.memory import capacity
from optbench.lanes import cost


@pytest.mark.parametrize("dim", [10**12, 1e12])
@pytest.mark.parametrize("name", ["sphere", "nesterov_chain"])
def test_a_dimension_beyond_memory_is_refused_with_its_price(name, dim):
    with pytest.raises(SettingError, match=r"dim = 1000000000000 would take \d+ TB of memory"):
        optbench.problem(name, dim=dim)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(lanes=10**12), r"1e\+12 lanes, 5e\+12 lane-steps, .* TB .*lower lanes \(1000000"),
        (dict(steps=10**15), r"1e\+15 lane-steps, about 250,000 TB of memory .*steps \(1000000"),
        (dict(lanes=10**7, records=10**9, steps=10**9), "TB of memory"),
    ],
)
def test_lanes_beyond_memory_are_refused_with_their_price(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.minimize("adam", "sphere", **{"steps": 5, **arguments})


def test_lanes_beyond_patience_are_refused(monkeypatch):
    monkeypatch.setattr(cost, "available_memory", lambda: 10**18)
    with pytest.raises(SettingError, match=r"about .* and \d+ years; the limit is 30 days: lower"):
        optbench.minimize("gd", "sphere", steps=10**9, lanes=10**9, threads=1)


def test_the_estimate_of_memory_is_near_the_truth():
    about = dict(steps=20, records=20)
    optbench.minimize("momentum", "sphere", lanes=64, **about)  # compiles
    expected = cost.of_lanes(
        optbench.problem("sphere"), optbench.optimizer("momentum"), lanes=50_000, steps=20,
        records=20, dtype="float64", points=True,
    )  # fmt: skip
    tracemalloc.start()
    optbench.minimize("momentum", "sphere", lanes=50_000, **about)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert expected.lanes == 50_000 and expected.lane_steps == 10**6
    assert peak / 3 < expected.bytes < 3 * peak


def test_prices_are_written_for_people():
    assert capacity.size(1.6e9) == "1.6 GB" and capacity.size(64e12) == "64 TB"
    assert capacity.size(705168) == "705 kB" and capacity.size(999) == "999 bytes"
    assert capacity.duration(86400 * 3) == "3 days" and capacity.duration(7) == "7 s"
    assert str(cost.Cost(2046, 528330, 4_100_000, 90.0)) == (
        "2,046 lanes, 528,330 lane-steps, about 4.1 MB of memory and 90 s"
    )
