"""CUDA's kernels compiled to machine code of sm_90: registers, spills, float64 instructions.

No device is needed. Run by `make test-cuda`, which keeps the table as an artefact. Up to eight
problems or rules share a kernel that switches over them: what holds for the kernel holds for each.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from optbench import catalog, lanes
from optbench.rules import compose

from . import cases

pytestmark = pytest.mark.cudacompile
DTYPES = ("float64", "float32")
EIGHT = 8
MOST_REGISTERS = 128
FAR_ANGLES = {"mul.f64", "cvt.rn.f64.s64", "cvt.rn.f32.f64"}
"""What NVIDIA's own sinf and cosf do in float64, for angles beyond 10^5."""
TABLE = Path(os.environ.get("OPTBENCH_CUDA_TABLE", ".benchmarks/cuda_compiled.jsonl"))


def task_of(problem, optimizer, steps=10):
    return lanes.Task(
        start=problem.starts([0]), keys=problem.keys([0]), lr=np.full(1, 0.1),
        values=optimizer.values, uniform=optimizer.uniform_table(steps),
        record_steps=lanes.record_steps(steps), targets=lanes.TARGETS, f_ref=0.0,
        exact=problem.kind == "deterministic", full_batch=optimizer.rule.full_batch,
    )  # fmt: skip


def compiled(problems, optimizers, dtype, rows=None):
    """Compile a kernel for all problems and optimizers; return (PTX, what ptxas says, cubin)."""
    from optbench.kernels import cuda, cuda_launch, surface_kernel

    problem, optimizer = problems[0], optimizers[0]
    program = lanes.program(problem, optimizer, dtype, "cuda")
    task = task_of(problem, optimizer)
    kernel = surface_kernel.kernel(
        [p.definition.function for p in problems],
        [p.definition.metrics_function for p in problems],
        [o.layout() for o in optimizers],
        dtype,
        rows or 128,
        cuda_launch.fixed_of(program, problem.frame, task.exact, task.full_batch),
        sized=rows is not None,
    )
    groups = cuda_launch.chunk_groups(program, problem.frame, task, 0, 1)
    ptx = cuda.assembled(kernel, (surface_kernel.Work(0, 0), *groups), dtype)
    cubin, said = cuda.linked(ptx)
    return ptx, said, cubin


def check(name, problems, optimizers, dtype, rows=None):
    """Compile, put a line into the table, and hold the kernel to its limits."""
    ptx, said, cubin = compiled(problems, optimizers, dtype, rows)
    registers = max(map(int, re.findall(r"Used (\d+) registers", said)))
    spills = sum(map(int, re.findall(r"(\d+) bytes spill stores", said)))
    shared = sum(map(int, re.findall(r"(\d+) bytes smem", said)))
    stack = max(map(int, re.findall(r"(\d+) bytes stack frame", said)))
    code = [line.split() for line in ptx.splitlines() if re.match(r"\s+(@%p\d+ )?[a-z]", line)]
    doubles = [
        word for words in code for word in words[:2]
        if re.search(r"\.f64", word) and not word.startswith((".", "ld.param", "st.param"))
    ]  # fmt: skip
    row = dict(
        kernel=name, dtype=dtype, registers=registers, spilled_bytes=spills, shared_bytes=shared,
        local_bytes=stack, cubin_bytes=len(cubin), ptx_instructions=len(code),
        float64_instructions=len(doubles),
    )  # fmt: skip
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    with TABLE.open("a") as file:
        file.write(json.dumps(row) + "\n")
    assert spills == 0, row
    assert registers <= MOST_REGISTERS, row
    if dtype == "float32":
        assert set(doubles) <= FAR_ANGLES, row
    else:
        assert doubles


def _kind_of_rule(name):
    layout = compose.optimizer(name).layout()
    return layout.evaluations, layout.iterate


def _kind_of_problem(name):
    problem = catalog.problem(name)
    return problem.kind, problem.definition.metrics_function is not None


def groups_of(names, key):
    """Cut names into groups of at most eight that agree in `key`."""
    found = []
    for kind in sorted({key(name) for name in names}):
        alike = [name for name in names if key(name) == kind]
        found += [alike[i : i + EIGHT] for i in range(0, len(alike), EIGHT)]
    return found


def named(group):
    return "+".join(group)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("group", groups_of(cases.rules(), _kind_of_rule), ids=named)
def test_rules_with_sphere(group, dtype):
    optimizers = [compose.optimizer(name) for name in group]
    check(f"sphere under {named(group)}", [catalog.problem("sphere", None, 3)], optimizers, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("group", groups_of(cases.problems(), _kind_of_problem), ids=named)
def test_problems_with_gd(group, dtype):
    problems = [catalog.problem(name, None, 3) for name in group]
    check(f"{named(group)} under gd", problems, [compose.optimizer("gd")], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_eight_problems_under_eight_rules(dtype):
    known = [n for n in cases.problems() if catalog.problem(n).kind == "deterministic"]
    rules = [name for name in cases.rules() if _kind_of_rule(name) == (1, -1)]
    problems = [catalog.problem(name, None, 3) for name in known[:EIGHT]]
    optimizers = [compose.optimizer(name) for name in rules[:EIGHT]]
    check("8 problems x 8 rules", problems, optimizers, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", ["gd", "adam"])
@pytest.mark.parametrize("name", ["rosenbrock", "rastrigin"])
def test_single_pairs_of_two_coordinates(name, rule, dtype):
    problem = catalog.problem(name, 2, 3)
    check(f"{name} d=2 under {rule}", [problem], [compose.optimizer(rule)], dtype, rows=2)
