"""Compiling kernels for a GPU that need not be there, and the table of what came out."""

import json
import os
import re
from pathlib import Path

import numpy as np

from optbench.kernels.driver.task_groups import empty_results
from optbench.kernels.driver.tasks import Task
from optbench.lanes import simulating
from optbench.lanes.targets import TARGETS

DTYPES = ("float64", "float32")
MOST_REGISTERS = 128
FAR_ANGLES = {"mul.f64", "cvt.rn.f64.s64", "cvt.rn.f32.f64"}
"""What NVIDIA's own sinf and cosf do in float64, for angles beyond 10^5."""
TABLE = Path(os.environ.get("OPTBENCH_CUDA_TABLE", ".benchmarks/cuda_compiled.jsonl"))


def task_of(problem, optimizer, steps=10, lr=0.1):
    """Return the task of one lane."""
    return Task.of_lanes(
        start=problem.starts([0]), keys=problem.keys([0]), lr=np.full(1, lr),
        values=optimizer.values, uniform=optimizer.uniform_table(steps), f_ref=0.0,
        record_steps=np.array([0, steps]), targets=TARGETS, metrics=True,
        exact=problem.kind == "deterministic", full_batch=optimizer.rule.full_batch,
    )  # fmt: skip


def chunk(problem, optimizer, dtype, task, made=None, work=(0, 0)):
    """Return the arrays of one lane; with room for the state of a kernel's largest rule.

    `work` says which problem and which rule of the kernel are the lane's.
    """
    from optbench.kernels.cuda.arena import hosted
    from optbench.kernels.cuda.chunk import chunk_groups
    from optbench.kernels.cuda.load import WARP, Load, cut

    program = simulating.program(problem, optimizer, dtype, "cuda")
    load = Load(program, [problem.placement], task, empty_results(program, task), *work)
    layouts = [o.layout() for o in (made or [optimizer])]
    groups = chunk_groups(
        [cut(load, WARP)],
        WARP,
        max(len(layout.state) for layout in layouts),
        max(len(layout.lane_state) for layout in layouts),
        problem.placement.rotation is not None,
    )
    return [hosted(group) for group in groups]


def compiled(problems, optimizers, dtype, rows=None):
    """Compile a kernel for all problems and optimizers; return (PTX, what ptxas says, cubin)."""
    from optbench.kernels.cuda import compiling, launch, surface

    problem, optimizer = problems[0], optimizers[0]
    program = simulating.program(problem, optimizer, dtype, "cuda")
    task = task_of(problem, optimizer)
    fixed = launch.fixed_of(program, problem.placement, task.exact, task.full_batch)
    kernel = surface.kernel(
        [p.written.problem for p in problems],
        [p.definition.metrics_function for p in problems],
        [o.layout() for o in optimizers],
        dtype,
        rows or 128,
        fixed,
        sized=rows is not None,
    )
    groups = chunk(problem, optimizer, dtype, task)
    ptx = compiling.assembled(kernel, groups, dtype, surface.rolled(rows, dtype))
    cubin, said = compiling.linked(ptx)
    return ptx, said, cubin


def facts(name, dtype, ptx, said, cubin, **more):
    """Return a line of the table."""
    code = [line.split() for line in ptx.splitlines() if re.match(r"\s+(@!?%p\d+ )?[a-z]", line)]
    return dict(
        kernel=name, dtype=dtype,
        registers=max(map(int, re.findall(r"Used (\d+) registers", said))),
        spilled_bytes=sum(map(int, re.findall(r"(\d+) bytes spill stores", said))),
        shared_bytes=sum(map(int, re.findall(r"(\d+) bytes smem", said))),
        local_bytes=max(map(int, re.findall(r"(\d+) bytes stack frame", said))),
        cubin_bytes=len(cubin), ptx_instructions=len(code),
        float64_instructions=len(doubles(code)), **more,
    )  # fmt: skip


def doubles(code):
    """Return the instructions in float64 among lines of words."""
    return [
        word for words in code for word in words[:2]
        if re.search(r"\.f64", word) and not word.startswith((".", "ld.param", "st.param"))
    ]  # fmt: skip


def keep(row):
    """Put a line into the table."""
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    with TABLE.open("a") as file:
        file.write(json.dumps(row) + "\n")


def assert_within_limits(row, ptx):
    """Hold a kernel to what surface kernels may take."""
    assert row["spilled_bytes"] == 0, row
    assert row["registers"] <= MOST_REGISTERS, row
    code = [line.split() for line in ptx.splitlines()]
    found = set(doubles(code))
    if row["dtype"] == "float32":
        assert found <= FAR_ANGLES, (row, found)
    else:
        assert found
