"""The driver of surfaces alone gives the bytes of the general one and is asked for no more."""

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.kernels.cpu import driver, launch
from optbench.kernels.status import NOT_FINITE
from optbench.lanes import simulating
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.units import needs_general
from optbench.rules import compose

STEPS, RATES, INSTANCES = 60, 150, 3
"""More lanes than a window has, and than a block of float64 in a hundred dimensions."""


def lanes(name, dim, dtype):
    """Return instances, and lanes on them at rates of which the largest leave the finite."""
    instances = [finding.problem(name, dim=dim, instance=i) for i in range(1, 1 + INSTANCES)]
    draw = np.repeat(np.arange(INSTANCES), RATES)
    inputs = LaneInputs(
        starts=np.concatenate([problem.starts([0]) for problem in instances]),
        keys=np.arange(INSTANCES, dtype=np.uint64),
        instance=np.arange(INSTANCES),
        lr=np.tile([*np.geomspace(1e-5, 1e3, RATES - 20), *[1e200] * 20], INSTANCES),
        draw=draw,
    )
    return instances, inputs


@pytest.fixture
def run(monkeypatch):
    """Return what runs lanes through one of the drivers."""

    def through(general, rule, name, dim, dtype, **more):
        asked = []

        def chosen(real, needed, products):
            assert not products
            asked.append(needed)
            return driver.compiled(real, general)

        monkeypatch.setattr(launch, "driver", chosen)
        instances, inputs = lanes(name, dim, dtype)
        results = simulating.simulate(
            instances, compose.optimizer(rule), inputs, Job(steps=STEPS, dtype=dtype, **more)
        )
        assert asked == [False]
        return results

    return through


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("rule", "name", "dim", "more"),
    [
        ("adam", "rosenbrock", 2, {"store_x": True}),
        ("gd", "rotated_ellipsoid_1e2", 10, {"stop_at_target": True}),
        ("momentum[clip_norm=1]", "rosenbrock", 100, {}),
        ("gd[noise_eta=0.1]", "styblinski_tang", 2, {"records": np.array([0, 7, STEPS])}),
        ("polyak", "rosenbrock", 2, {}),
    ],
)
def test_both_drivers_give_the_same_bytes(run, rule, name, dim, more, dtype):
    general, small = (run(which, rule, name, dim, dtype, **more) for which in (True, False))
    for field, one, other in zip(general._fields, general, small, strict=True):
        assert one.tobytes() == other.tobytes(), field
    assert (general.status != NOT_FINITE).any()
    assert rule == "polyak" or NOT_FINITE in general.status  # its step is no longer for the rate


@pytest.mark.parametrize(
    ("rule", "name", "general"),
    [
        ("adam", "rosenbrock", False),
        ("adam[sam_rho=0.1]", "rosenbrock", True),
        ("schedule_free_sgd", "rosenbrock", True),
        ("adam", "noisy_beale", True),
        ("adam", "logistic_breast_cancer", True),
        ("adam", "xor_sigmoid", True),
    ],
)
def test_what_the_small_driver_cannot_do_goes_to_the_general_one(monkeypatch, rule, name, general):
    asked = []

    def noted(real, needed, products):
        assert not products
        asked.append(needed)
        return driver.compiled(real, True)

    monkeypatch.setattr(launch, "driver", noted)
    optbench.minimize(rule, name, steps=2, lr=0.01)
    problem, optimizer = finding.problem(name), compose.optimizer(rule)
    assert asked == [general] == [needs_general(problem, optimizer)]


def test_a_process_that_has_the_general_driver_needs_no_other(monkeypatch):
    monkeypatch.setattr(driver, "_GENERAL", set())
    real = np.dtype("float64")
    assert driver.driver(real, False) is driver.compiled(real, False)
    assert driver.driver(real, True) is driver.driver(real, False) is driver.compiled(real, True)
