"""CUDA's kernels compiled to machine code of sm_90: registers, spills, float64 instructions.

No device is needed. Run by `make test-cuda`, which keeps the table as an artefact. Up to eight
problems or rules share a kernel that switches over them: what holds for the kernel holds for each.
"""

import numpy as np
import pytest

from optbench.catalog import finding
from optbench.kernels.status import NOT_FINITE
from optbench.lanes import simulating
from optbench.lanes.job import Job, LaneInputs
from optbench.rules import compose

from . import cases
from .compiling import DTYPES, assert_within_limits, chunk, compiled, facts, keep, task_of
from .ptx import Kernel

pytestmark = pytest.mark.cudacompile
EIGHT = 8
FEW, MORE = 10, 20
"""Steps: what the further ones take tells what a step takes."""


def _kind_of_rule(name):
    layout = compose.optimizer(name).layout()
    return layout.evaluations, layout.iterate


def _kind_of_problem(name):
    problem = finding.problem(name)
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


def check_all(name, group, compiled_of, dtype):
    """Compile a group as one kernel; where it takes too many registers, each half of it."""
    ptx, said, cubin = compiled_of(group)
    row = facts(name.format(named(group)), dtype, ptx, said, cubin)
    if row["spilled_bytes"] and len(group) > 1:
        half = len(group) // 2
        check_all(name, group[:half], compiled_of, dtype)
        check_all(name, group[half:], compiled_of, dtype)
        return
    keep(row)
    assert_within_limits(row, ptx)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("group", groups_of(cases.rules(), _kind_of_rule), ids=named)
def test_rules_with_sphere(group, dtype):
    def compiled_of(names):
        optimizers = [compose.optimizer(name) for name in names]
        return compiled([finding.problem("sphere", None, 3)], optimizers, dtype)

    check_all("sphere under {}", group, compiled_of, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("group", groups_of(cases.problems(), _kind_of_problem), ids=named)
def test_problems_with_gd(group, dtype):
    def compiled_of(names):
        problems = [finding.problem(name, None, 3) for name in names]
        return compiled(problems, [compose.optimizer("gd")], dtype)

    check_all("{} under gd", group, compiled_of, dtype)


PERTURBED = (
    "rosenbrock[scale=10,permute=true,noise=0.1,stale=2]",
    "ackley[drift=0.01,rotate=true,barrier=1,correlated_noise=0.1]",
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PERTURBED)
def test_perturbed_problems(name, dtype):
    """Room, memory, draws, a rotation and duals in one kernel of a lane each."""
    ptx, said, cubin = compiled([finding.problem(name)], [compose.optimizer("sgd")], dtype)
    row = facts(f"{name} under sgd", dtype, ptx, said, cubin)
    keep(row)
    assert_within_limits(row, ptx)


@pytest.mark.parametrize("dtype", DTYPES)
def test_eight_problems_under_eight_rules(dtype):
    """One kernel; its code, run for a lane of each pair, gives what the CPU gives."""
    known = [n for n in cases.problems() if finding.problem(n).kind == "deterministic"]
    rules = [name for name in cases.rules() if _kind_of_rule(name) == (1, -1)]
    problems = [finding.problem(name, None, 3) for name in known[:EIGHT]]
    optimizers = [compose.optimizer(name) for name in rules[:EIGHT]]
    ptx, said, cubin = compiled(problems, optimizers, dtype)
    row = facts("8 problems x 8 rules", dtype, ptx, said, cubin)
    keep(row)
    assert_within_limits(row, ptx)
    kernel = Kernel(ptx)
    for i, problem in enumerate(problems):
        for j, optimizer in enumerate(optimizers):
            assert_runs_as_on_cpu(kernel, problem, optimizer, dtype, 3, 1e-3, (i, j), optimizers)


CLOSE = {"float64": 1e-12, "float32": 2e-5}


def assert_runs_as_on_cpu(kernel, problem, optimizer, dtype, steps, lr, work=(0, 0), made=None):
    """Run the compiled code for one lane, compare it with the CPU, return how much it executed."""
    task = task_of(problem, optimizer, steps, lr)
    groups = chunk(problem, optimizer, dtype, task, made, work)
    counted = kernel.run([value for group in groups for value in group])
    ours = groups[-1]
    cpu = simulating.simulate(
        problem,
        optimizer,
        LaneInputs(task.start, task.keys, task.values["lr"]),
        Job(steps=steps, dtype=dtype, records=task.record_steps, f_ref=0.0),
    )
    scale = 1 + np.abs(cpu.x).max()
    np.testing.assert_allclose(ours.x / scale, cpu.x / scale, rtol=0, atol=CLOSE[dtype])
    np.testing.assert_allclose(ours.f_final, cpu.f_final, rtol=CLOSE[dtype])
    for name in ("status", "steps", "hits"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(cpu, name))
    return counted


MOST_INSTRUCTIONS = {
    ("rosenbrock", 100, "adam", "float64"): 9_900,
    ("rastrigin", 2, "gd", "float32"): 276,
}
"""Of a step: 5 % more than counted."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [2, 10, 100])
@pytest.mark.parametrize("rule", ["gd", "adam"])
@pytest.mark.parametrize("name", ["rosenbrock", "rastrigin"])
def test_pairs_run_as_on_the_cpu(name, rule, d, dtype):
    """What a step executes goes into the table."""
    problem, optimizer = finding.problem(name, d, 3), compose.optimizer(rule)
    ptx, said, cubin = compiled([problem], [optimizer], dtype, rows=d)
    counted = per_step(ptx, problem, optimizer, dtype)
    row = facts(f"{name} d={d} under {rule}", dtype, ptx, said, cubin, **counted)
    keep(row)
    assert_within_limits(row, ptx)
    most = MOST_INSTRUCTIONS.get((name, d, rule, dtype))
    assert most is None or counted["instructions_per_step"] <= most


def counted_steps(problem, optimizer, dtype):
    """Compile a pair and return what a step of it executes."""
    ptx, _, _ = compiled([problem], [optimizer], dtype, rows=problem.dim)
    return per_step(ptx, problem, optimizer, dtype)


def per_step(ptx, problem, optimizer, dtype):
    """Return the instructions of a step: all, and those that compute with floats."""
    kernel = Kernel(ptx)
    few, more = (
        assert_runs_as_on_cpu(kernel, problem, optimizer, dtype, steps, 1e-4)
        for steps in (FEW, MORE)
    )
    step = {name: (count - few[name]) / (MORE - FEW) for name, count in more.items()}
    kinds = ("add", "sub", "mul", "fma", "div", "sqrt", "rcp", "min", "max", "abs", "neg")
    floats = {
        name: count
        for name, count in step.items()
        if name.split(".")[0] in kinds and name.endswith(("f32", "f64"))
    }
    slow = sum(count for name, count in floats.items() if name.startswith(("div", "sqrt", "rcp")))
    return dict(
        instructions_per_step=sum(step.values()), float_per_step=sum(floats.values()),
        divisions_and_roots_per_step=slow,
    )  # fmt: skip


def test_lanes_that_leave_the_finite_end_as_on_the_cpu():
    """The simulator cannot show this: there Python raises."""
    problem, optimizer = finding.problem("rosenbrock", 2, 3), compose.optimizer("gd")
    ptx, _, _ = compiled([problem], [optimizer], "float64", rows=2)
    task = task_of(problem, optimizer, 50, 1.0)
    groups = chunk(problem, optimizer, "float64", task)
    Kernel(ptx).run([value for group in groups for value in group])
    ours = groups[-1]
    cpu = simulating.simulate(
        problem,
        optimizer,
        LaneInputs(task.start, task.keys, task.values["lr"]),
        Job(steps=50, records=task.record_steps, f_ref=0.0),
    )
    assert cpu.status[0] == NOT_FINITE and cpu.steps[0] < 50
    for name in cpu._fields:
        np.testing.assert_allclose(getattr(ours, name), getattr(cpu, name), rtol=1e-12)


PLAIN = """
import numpy as np

def reasonless(x, g):
    for i in range(len(x)):
        g[i] = 2.0 * x[i]
    return np.linalg.norm(np.zeros(3)) + len({1, 2}) + x[0]
"""


def test_what_does_not_compile_is_named_with_the_reason(tmp_path):
    from optbench.define import problem
    from optbench.errors import UnfitError
    from optbench.kernels.cuda import failing

    scope = {"__name__": "plugin"}
    exec(PLAIN, scope)
    definition = problem(start=[1.0], minimum=[0.0], f_min=0.0, box=(-1, 1), source="t")
    made = finding.problem(definition(scope["reasonless"]))
    optimizer = compose.optimizer("gd")
    program = simulating.program(made, optimizer, "float64", "cuda")
    with pytest.raises(UnfitError, match="gd on reasonless cannot be compiled for CUDA: .*"):
        with failing.named(program):
            compiled([made], [optimizer], "float64")
