"""The nets' kernels compiled to machine code of sm_90, without a device (`make test-cuda`)."""

import functools
import re

import numpy as np
import pytest

from optbench.kernels.driver.task_groups import empty_results
from optbench.lanes import simulating
from optbench.nets import network
from optbench.rules import compose

from .compiling import DTYPES, FAR_ANGLES, MOST_REGISTERS, doubles, facts, keep
from .nets import NETS, case, task_of, train
from .ptx_block import Module, flat

pytestmark = pytest.mark.cudacompile
RULE = "momentum[clip_norm=1]"
"""Not Adam: it divides rounding by itself where a gradient is 0, before batch normalisation."""
WRITTEN = network.problem, network.metrics, network.adjust
THREADS, STEPS = 4, 3
"""Few, since all are run by an interpreter; products then are by tiles, or by elements."""
CLOSE = {"float64": 1e-12, "float32": 2e-5}


@pytest.fixture(autouse=True)
def _no_device(monkeypatch):
    from optbench.kernels.cuda import built, net_launch

    monkeypatch.setattr(net_launch, "THREADS", THREADS)
    monkeypatch.setattr(built.Kernel, "code", lambda self, groups: built.NOTHING)


@functools.cache
def compiled(dtype):
    """Return PTX, what the assembler says of it, and machine code: of one kernel for all nets."""
    from optbench.kernels.cuda import compiling, net_launch
    from optbench.kernels.cuda import net as net_kernel

    program, _, groups = prepared("plain", dtype)
    kernel = net_kernel.kernel(WRITTEN, program.layout, program.dtype, THREADS)
    ptx = compiling.assembled(kernel, groups, dtype, registers=net_launch.REGISTERS)
    cubin, said = compiling.linked(ptx, registers=net_launch.REGISTERS)
    return ptx, said, cubin


def prepared(name, dtype):
    """Return (program, numbers in shared memory, groups of arrays) of a net."""
    from optbench.kernels.cuda import net_launch
    from optbench.kernels.cuda.arena import hosted
    from optbench.kernels.cuda.load import Load, cut

    net, problem, frame, params = case(name, dtype)
    program = simulating.program(problem, compose.optimizer(RULE), net.dtype, "cuda")
    task = task_of([params], RULE, STEPS)
    load = Load(program, [frame], task, empty_results(program, task))
    groups = net_launch.prepared(program, task).groups([cut(load, 1)], 1)
    near = net_launch.arranged(program, len(params), 0).near
    return program, near, [hosted(group) for group in groups]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_kernel_of_nets(dtype):
    ptx, said, cubin = compiled(dtype)
    row = facts(f"nets under {RULE}", dtype, ptx, said, cubin)
    keep(row)
    assert row["registers"] <= MOST_REGISTERS, row
    # Functions that are called save registers of their callers, which counts as spilling.
    assert row["local_bytes"] < 4096, row
    assert not re.search(r"\.tf32|wmma|mma\.sync", ptx)
    found = doubles(line.split() for line in ptx.splitlines())
    assert set(found) <= FAR_ANGLES if dtype == "float32" else found, row


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, "float64") for name in NETS] + [("norms", "float32"), ("smooth", "float32")],
)
def test_compiled_code_trains_as_the_cpu_does(name, dtype):
    """The compiled code, run for a block of threads that share a net."""
    _, near, groups = prepared(name, dtype)
    Module(compiled(dtype)[0]).run(flat(groups), THREADS, near * np.dtype(dtype).itemsize)
    cpu, ours = train(name, RULE, "cpu", steps=STEPS), groups[-1]
    assert cpu.steps[0] == STEPS
    for field in cpu._fields:
        wanted, found = getattr(cpu, field), getattr(ours, field)
        scale = 1 + np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
        np.testing.assert_allclose(
            found, wanted, rtol=0, atol=CLOSE[dtype] * scale, err_msg=field
        )  # fmt: skip
