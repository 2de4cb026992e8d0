"""Launches as on a device: only the driver is faked, and kernels are run by an interpreter."""

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate

from .interpreted import Device

pytestmark = pytest.mark.cudacompile
STEPS = 3


@pytest.fixture
def device(monkeypatch, tmp_path):
    return Device().install(monkeypatch, tmp_path)


def forget_kernels():
    """Let the next launch be as the first of a process."""
    from optbench.kernels.cuda import switch

    switch._pair.cache_clear()


def instances_and_lanes():
    """Return three instances, and two lanes on each of four draws, of which two share one."""
    instances = [optbench.problem("rosenbrock", instance=i or None) for i in range(3)]
    numbers = [0, 2, 2, 1]
    inputs = LaneInputs.crossed(
        np.concatenate([instances[i].starts([k + 1]) for k, i in enumerate(numbers)]),
        np.concatenate([instances[i].keys([k + 1]) for k, i in enumerate(numbers)]),
        np.array(numbers), {"lr": np.array([1e-4, 2e-4])},
    )  # fmt: skip
    return instances, inputs


def assert_equal(ours, theirs):
    for field in ours._fields:
        cpu, cuda = getattr(ours, field), getattr(theirs, field)
        scale = 1 + np.nanmax(np.abs(cpu), initial=0)
        np.testing.assert_allclose(cuda / scale, cpu / scale, rtol=0, atol=1e-12, err_msg=field)


def test_one_launch_has_all_instances_of_a_cell_and_its_code_is_kept(device):
    forget_kernels()
    instances, inputs = instances_and_lanes()
    lane = np.arange(len(inputs))
    job = Job(
        steps=STEPS, records=np.array([0, 2, STEPS]), recorded=lane % 3 != 1, store_x=lane % 2 == 1
    )
    optimizer = optbench.optimizer("momentum")
    cpu = simulate(instances, optimizer, inputs, job)
    on_device = replace(job, device="cuda")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of few blocks, which Numba holds to be a mistake
        cuda = simulate(instances, optimizer, inputs, on_device)
    assert len(np.unique(cpu.f_start)) == 4
    assert_equal(cpu, cuda)
    # One block for the lanes on each instance that follow one another, of one warp.
    assert device.starts == [(3, 32, 0)]
    assert device.assembled == 1
    forget_kernels()
    again = simulate(instances, optimizer, inputs, on_device)
    assert device.assembled == 1, "the machine code comes from the cache"
    for first, second in zip(cuda, again, strict=True):
        np.testing.assert_array_equal(first, second)


KEY = """
from optbench.kernels.cuda import built
from tests.devices import test_launched
seen = []
built.Kernel.code = lambda self, groups: seen.append(self.key(groups, (9, 0))) or built.NOTHING
built.Kernel.known = built.NOTHING
built.Kernel.start = lambda *a, **k: None
from tests.devices.interpreted import Device
import pytest
patch = pytest.MonkeyPatch()
Device().install(patch)
import optbench
for rule, name in {pairs!r}:
    optbench.minimize(rule, name, steps=1, lanes=1, lr=1e-3, device="cuda")
print(*dict.fromkeys(seen))
"""


def keys(pairs, seed):
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", KEY.format(pairs=pairs)], capture_output=True, text=True,
        env=environment, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_keys_are_those_of_the_content():
    """In another process, in another order, and with other hashes, they are the same."""
    pairs = [("gd", "rosenbrock"), ("adam", "rosenbrock"), ("gd", "iris_tanh")]
    first = keys(pairs, 1)
    assert len(first) == 3
    assert keys(pairs[::-1], 2) == first[::-1]


def test_more_shared_memory_than_a_block_has_unasked_is_asked_for(monkeypatch):
    import cuda.core
    from cuda.bindings import driver

    from optbench.kernels.cuda import device as own

    asked, launched = [], []

    def set_attribute(attribute, value, kernel, place):
        asked.append((attribute.name, value, kernel, place))
        return (driver.CUresult.CUDA_SUCCESS,)

    def launch(stream, config, kernel, *words):
        launched.append((config.grid, config.block, config.shmem_size, *words))

    monkeypatch.setattr(driver, "cuKernelSetAttribute", set_attribute)
    monkeypatch.setattr(own.cuda, "get_current_device", lambda: SimpleNamespace(id=3))
    monkeypatch.setattr(cuda.core, "launch", launch)
    kernel = SimpleNamespace(handle="handle")
    for near in (48 << 10, 100_000):
        own.start(kernel, [7], 5, 32, near, 0)
    name = "CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"
    assert asked == [(name, 100_000, "handle", 3)]
    assert launched == [((5, 1, 1), (32, 1, 1), near, 7) for near in (48 << 10, 100_000)]
