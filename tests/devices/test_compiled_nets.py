"""The nets' kernels compiled to machine code of sm_90, without a device (`make test-cuda`)."""

import re

import numpy as np
import pytest

from optbench import lanes
from optbench.nets import network
from optbench.rules import compose

from .compiling import DTYPES, FAR_ANGLES, MOST_REGISTERS, doubles, facts, keep
from .nets import case, task_of

pytestmark = pytest.mark.cudacompile
RULES = {"float64": "adam", "float32": "lamb[clip_norm=1]"}
"""One without sums in its rule, and one with them; a kernel takes half a minute to compile."""
WRITTEN = network.problem, network.metrics, network.adjust


@pytest.fixture(autouse=True)
def _no_device(monkeypatch):
    from optbench.kernels import cuda

    monkeypatch.setattr(cuda, "room", lambda shape, dtype, queue: np.empty(shape, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_net_under_a_rule(dtype):
    from optbench.kernels import cuda, net_kernel, net_launch

    rule = RULES[dtype]
    net, problem, frame, params = case("plain", dtype)
    optimizer = compose.optimizer(rule)
    program = lanes.program(problem, optimizer, net.dtype, "cuda")
    kernel = net_kernel.kernel(WRITTEN, program.layout, net.dtype, net_launch.THREADS)
    groups = net_launch.chunk_groups(program, frame, task_of([params], rule, 10), 0, 1, None)
    ptx = cuda.assembled(kernel, groups, dtype, registers=net_launch.REGISTERS)
    cubin, said = cuda.linked(ptx, registers=net_launch.REGISTERS)
    row = facts(f"nets under {rule}", dtype, ptx, said, cubin)
    keep(row)
    assert row["registers"] <= MOST_REGISTERS, row
    # Functions that are called save registers of their callers, which counts as spilling.
    assert row["local_bytes"] < 4096, row
    assert "bar.sync" in ptx
    assert not re.search(r"\.tf32|wmma|mma\.sync", ptx)
    found = doubles(line.split() for line in ptx.splitlines())
    assert set(found) <= FAR_ANGLES if dtype == "float32" else found, row
