"""Launches over instances, with records of some lanes: Numba's simulator equals the CPU."""

from dataclasses import replace

import numpy as np
import pytest

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate

pytestmark = pytest.mark.cudasim
STEPS, CLOSE = 6, 1e-12


@pytest.mark.parametrize("chunk", [1 << 22, 128])
@pytest.mark.parametrize(
    "name", ["rosenbrock", "rotated_ellipsoid_1e2", "noisy_beale", "logistic_breast_cancer"]
)
def test_instances_in_any_order_and_records_of_some_lanes(name, chunk, monkeypatch):
    from optbench.kernels.cuda import running

    monkeypatch.setattr(running, "MOST_LANES", chunk)
    numbers = [0, 2, 1] if name.startswith("logistic") else [0, 2, 1, 2]
    instances = [optbench.problem(name, instance=i or None) for i in range(3)]
    inputs = LaneInputs.crossed(
        np.concatenate([instances[i].starts([i + 1]) for i in numbers]),
        np.concatenate([instances[i].keys([i + 1]) for i in numbers]),
        np.array(numbers), {"lr": np.geomspace(1e-6, 1e-5, 2)},
    )  # fmt: skip
    lane = np.arange(len(inputs))
    job = Job(
        steps=STEPS, records=np.array([0, 2, STEPS]), recorded=lane % 3 != 1, store_x=lane % 2 == 1
    )
    optimizer = optbench.optimizer("momentum")
    ours = simulate(instances, optimizer, inputs, job)
    theirs = simulate(instances, optimizer, inputs, replace(job, device="cuda"))
    assert len(np.unique(ours.f_start)) == len(instances)
    for field in ours._fields:
        cpu, cuda = getattr(ours, field), getattr(theirs, field)
        assert cpu.shape == cuda.shape, field
        scale = 1 + np.nanmax(np.abs(cpu), initial=0)
        np.testing.assert_allclose(cuda / scale, cpu / scale, CLOSE, CLOSE, err_msg=field)
