"""The nets' kernels compiled to machine code of sm_90, without a device (`make test-cuda`)."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from optbench.kernels.driver.task_groups import empty_results
from optbench.lanes import simulating
from optbench.nets import bound, operations
from optbench.nets.tape.operations import NAMES
from optbench.rules import compose

from .compiling import DTYPES, FAR_ANGLES, MOST_REGISTERS, doubles, facts, keep
from .nets import LAYERED, NETS, ROWS, SEQUENCES, any_case, task_of, train
from .ptx_block import Module, flat

pytestmark = pytest.mark.cudacompile
RULE = "momentum[clip_norm=1]"
"""Not Adam: it divides rounding by itself where a gradient is 0, before batch normalisation."""
KERNELS = {
    "units": ("dense", "activation", "dropout", "batch_norm", "layer_norm", "add", "take", "put"),
    "images": (
        "dense",
        "convolution",
        "max_pool",
        "average_pool",
        "batch_norm",
        "augment",
        "mix_up",
    ),
    "sequences": (
        "dense",
        "embedding",
        "split_lengths",
        "rnn",
        "gru",
        "lstm",
        "attention",
        "batch_norm",
    ),
}  # fmt: skip
"""Operations of kernels: of one each for all nets of units, of images, and of sequences."""
NETS_OF = {
    "units": (*NETS, *LAYERED), "images": ("images",), "sequences": tuple(SEQUENCES),
}  # fmt: skip
KERNEL_OF = {name: kernel for kernel, names in NETS_OF.items() for name in names}
THREADS = 4
"""Few, since all are run by an interpreter; there are large products and small ones."""
LONG = dict(steps=3, rows=ROWS, record_steps=np.array([0, 1, 3]))
SHORT = dict(steps=1, rows=6, record_steps=np.array([1]))
"""Of nets of layers, whose steps take the interpreter up to a minute."""
MOST_SPILLED, MOST_LOCAL = 2304, 640
"""Bytes: spilled by all functions, which save registers of their callers; of any one's own."""
CLOSE = {"float64": 1e-12, "float32": 2e-5}


@pytest.fixture(autouse=True)
def _no_device(monkeypatch):
    from optbench.kernels.cuda import built, device, net_launch

    monkeypatch.setattr(net_launch, "THREADS", THREADS)
    monkeypatch.setattr(device, "shared_limit", lambda: 227 << 10)
    monkeypatch.setattr(built.Kernel, "code", lambda self, groups: built.NOTHING)


@functools.cache
def compiled(kernel, dtype):
    """Return PTX, what the assembler says of it, and machine code, of one of the `KERNELS`."""
    from optbench.kernels.cuda import compiling, net_launch
    from optbench.kernels.cuda import net as net_kernel

    program, _, groups = prepared(NETS_OF[kernel][0], dtype, **SHORT)
    functions = (*bound.written(KERNELS[kernel])[:2], None)
    written = net_kernel.kernel(functions, program.layout, program.dtype, THREADS)
    ptx = compiling.assembled(written, groups, dtype, registers=net_launch.REGISTERS)
    cubin, said = compiling.linked(ptx, registers=net_launch.REGISTERS)
    return ptx, said, cubin


def prepared(name, dtype, steps, rows, record_steps):
    """Return (program, numbers in shared memory, groups of arrays) of a net."""
    from optbench.kernels.cuda import net_launch
    from optbench.kernels.cuda.arena import hosted
    from optbench.kernels.cuda.load import Load, cut

    net, problem, frame, params = any_case(name, dtype, rows)
    program = simulating.program(problem, compose.optimizer(RULE), net.dtype, "cuda")
    task = task_of([params], RULE, steps, record_steps=record_steps)
    load = Load(program, [frame], task, empty_results(program, task))
    groups = net_launch.prepared(program, task).groups([cut(load, 1)], 1)
    near = net_launch.arranged(program, len(params), 0).near
    return program, near, [hosted(group) for group in groups]


def test_every_operation_is_in_a_kernel():
    modules = {path.stem for path in Path(operations.__file__).parent.glob("*.py")}
    assert set().union(*KERNELS.values()) == modules & set(NAMES)
    for name, kernel in KERNEL_OF.items():
        assert set(any_case(name)[0].operations) <= set(KERNELS[kernel]), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_kernels_of_nets(kernel, dtype):
    ptx, said, cubin = compiled(kernel, dtype)
    row = facts(f"nets of {kernel} under {RULE}", dtype, ptx, said, cubin)
    keep(row)
    assert row["registers"] <= MOST_REGISTERS, row
    assert row["spilled_bytes"] <= MOST_SPILLED, row
    assert row["local_bytes"] <= MOST_LOCAL, row
    assert not re.search(r"\.tf32|wmma|mma\.sync", ptx)
    found = doubles(line.split() for line in ptx.splitlines())
    assert set(found) <= FAR_ANGLES if dtype == "float32" else found, row


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, "float64") for name in KERNEL_OF] + [("norms", "float32"), ("smooth", "float32")],
)
def test_compiled_code_trains_as_the_cpu_does(name, dtype):
    """The compiled code, run for a block of threads that share a net."""
    facts = LONG if name in NETS else SHORT
    _, near, groups = prepared(name, dtype, **facts)
    module = Module(compiled(KERNEL_OF[name], dtype)[0])
    module.run(flat(groups), THREADS, near * np.dtype(dtype).itemsize)
    steps, records = facts["steps"], facts["record_steps"]
    known = any_case(name, rows=facts["rows"])
    cpu = train(name, RULE, "cpu", steps, case_of=known, record_steps=records)
    ours = groups[-1]
    assert cpu.steps[0] == steps
    for field in cpu._fields:
        wanted, found = getattr(cpu, field), getattr(ours, field)
        scale = 1 + np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
        np.testing.assert_allclose(
            found, wanted, rtol=0, atol=CLOSE[dtype] * scale, err_msg=field
        )  # fmt: skip
