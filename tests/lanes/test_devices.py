"""Which device runs, where there may be none."""

import pytest

import optbench
from optbench.errors import UserError
from optbench.lanes import devices


def test_unknown_devices_are_refused():
    with pytest.raises(UserError, match="device 'tpu' is unknown; use one of cpu, cuda, auto"):
        optbench.minimize("gd", "sphere", steps=1, device="tpu")


@pytest.mark.skipif(devices.obstacle() is None, reason="a CUDA device is here")
def test_without_a_device_cuda_says_what_is_missing():
    with pytest.raises(UserError, match=r"optbench\[cuda\]|no CUDA device|driver"):
        optbench.minimize("gd", "sphere", steps=1, device="cuda")


@pytest.mark.skipif(devices.obstacle() is None, reason="a CUDA device is here")
def test_auto_takes_the_cpu_where_no_device_is():
    run = optbench.minimize("gd", "sphere", steps=3, lr=0.1, device="auto")
    assert run.steps[0] == 3
