"""Problems that fill no gradient: what dual numbers give on CUDA, simulated and compiled.

All functions and operators are compared with the CPU and with closed forms.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import problem
from optbench.lanes import simulating
from optbench.rules import compose
from tests.kernels.dual import closed_forms as closed
from tests.kernels.gradients import gradient
from tests.problems import twins

from .compiling import DTYPES, assert_within_limits, chunk, compiled, facts, keep, task_of
from .ptx_block import Module

CLOSE = {"float64": 1e-12, "float32": 2e-5}
RNG = np.random.default_rng(5)


def cases():
    """Yield (name, function, points [n, d], slopes at the points or None)."""
    for function, (author, slope, span) in closed.ONE.items():
        points = RNG.uniform(*span, (2, 1))
        yield function.__name__, author, points, slope(points)
    for name, (author, slopes) in closed.TWO.items():
        points = RNG.uniform(-2.0, 2.0, (4, 2))
        yield name, author, points, np.transpose(slopes(*points.T))
    for name, (author, slope) in closed.POWERS.items():
        points = RNG.uniform(0.3, 3.0, (2, 1))
        yield f"power {name}", author, points, slope(points)
    yield "arithmetic", closed.arithmetic, RNG.uniform(0.5, 2.0, (2, 2)), None
    yield "loop power", closed.loop_power, np.array([[2.0, 3.0, -0.5, 2.0], [0.0] * 4]), None
    still = np.array([[-3.0, 1.0], [0.0, 1.0]])
    yield "constant exponent", closed.constant_exponent, still, [[-6.0, 0.0], [0.0, 0.0]]
    yield "kinks", closed.kinks, np.zeros((1, 2)), [[2.0, 5.0]]
    yield "constant", closed.constant, np.ones((1, 3)), np.zeros((1, 3))
    yield "from the end", closed.from_the_end, np.array([[5.0, 2.0, 3.0]]), [[0.0, 3.0, 2.0]]
    yield "lookup", closed.lookup, np.array([[2.0, 0.5], [2.0, 1.5]]), [[10.0, 0.0], [20.0, 0.0]]
    yield "branching", twins.branching, RNG.uniform(-3, 3, (4, 5)), None
    yield "branch-free", twins.branch_free, RNG.uniform(-3, 3, (4, 5)), None
    yield "ackley", twins.ackley, np.array([[1.5, -0.3, 0.2], [0.0, 0.0, 0.0]]), None


CASES = {name: rest for name, *rest in cases()}


class Point(NamedTuple):
    """The arguments of a kernel that evaluates one of several functions at a point."""

    which: int
    x: np.ndarray
    g: np.ndarray
    f: np.ndarray
    p: np.ndarray
    q: np.ndarray
    work: np.ndarray
    key: np.ndarray

    @classmethod
    def at(cls, which, point, dtype):
        """Return the arguments for a point."""
        x = np.array(point, dtype).reshape(-1, 1)
        nothing = np.zeros(0, dtype)
        return cls(
            which, x, np.full_like(x, np.nan), np.full(1, np.nan, dtype), nothing,
            np.zeros(0, np.int64), nothing, np.zeros(1, np.uint64),
        )  # fmt: skip


def assert_as_on_cpu(evaluate, name, dtype):
    """Compare the value and the gradient with the CPU's, and with closed forms where there are."""
    author, points, slopes = CASES[name]
    values, gradients = gradient(author, np.asarray(points, dtype), dtype)
    for place, point in enumerate(points):
        f, g = evaluate(point)
        scale = 1 + np.abs(gradients[place]).max()
        np.testing.assert_allclose(f, values[place], rtol=CLOSE[dtype], atol=CLOSE[dtype])
        np.testing.assert_allclose(g / scale, gradients[place] / scale, rtol=0, atol=CLOSE[dtype])
        if slopes is not None:
            np.testing.assert_allclose(g / scale, slopes[place] / scale, rtol=0, atol=CLOSE[dtype])


@pytest.mark.cudasim
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_every_slope_in_plain_python(name, dtype):
    from optbench.kernels.cuda.onelane import Binder
    from optbench.kernels.memory.calls import ProblemCall

    block = Binder.of(np.dtype(dtype), lambda copy: copy, {}).problem(CASES[name][0])

    def evaluate(point):
        arguments = Point.at(0, point, dtype)
        block(ProblemCall(*arguments[1:]), 0, 1)
        return arguments.f[0], arguments.g[:, 0]

    assert_as_on_cpu(evaluate, name, dtype)


@pytest.mark.cudacompile
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_slope_compiled(dtype):
    """One kernel with all functions, which the interpreter runs."""
    from optbench.kernels.cuda import compiling, surface
    from optbench.kernels.memory.calls import ProblemCall

    binder = surface.Binder(surface._shared(np.dtype(dtype), True))
    ends = [lambda x: math.log(x[0]), lambda x: math.sqrt(x[0])]
    authors = [*(author for author, *_ in CASES.values()), *ends]
    binder.bind(evaluated=surface._switch([binder.problem(f) for f in authors], "call, t, full"))

    def kernel(point):
        evaluated(  # noqa: F821 - bound below
            point.which,
            ProblemCall(point.x, point.g, point.f, point.p, point.q, point.work, point.key), 0, 1,
        )  # fmt: skip

    kernel.__globals__["evaluated"] = binder.scope["evaluated"]
    ptx = compiling.assembled(kernel, [Point.at(0, [1.0], dtype)], dtype, rolled=True)
    module = Module(ptx)

    def evaluate_by(number):
        def evaluate(point):
            arguments = Point.at(number, point, dtype)
            module.run(list(arguments), 1, 0)
            return arguments.f[0], arguments.g[:, 0]

        return evaluate

    for number, name in enumerate(CASES):
        assert_as_on_cpu(evaluate_by(number), name, dtype)
    log, root = (evaluate_by(len(CASES) + k) for k in range(2))
    assert log([0.0])[1][0] == math.inf
    assert np.isnan(root([-1.0])[1][0])


DUAL = {
    "rosenbrock": (twins.rosenbrock, [-1.2, 1.0]),
    "ackley": (twins.ackley, [1.5, -0.3, 0.2]),
    "branching": (twins.branching, [0.3, -0.4, 1.2, 2.0, -2.0]),
    "polar": (twins.monkey_saddle, [0.8, 0.5]),
}


def dual_problem(name):
    function, start = DUAL[name]
    return finding.problem(problem(start=start, source="test")(function))


@pytest.mark.cudasim
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DUAL)
def test_lanes_end_as_on_the_cpu(name, dtype):
    runs = [
        optbench.minimize(
            "adam", dual_problem(name), steps=10, lanes=3, lr=1e-3, dtype=dtype, device=device
        )
        for device in ("cpu", "cuda")
    ]  # fmt: skip
    cpu, cuda = runs
    for ours, theirs in ((cpu.x, cuda.x), (cpu.records.f, cuda.records.f)):
        np.testing.assert_allclose(theirs, ours, rtol=CLOSE[dtype], atol=CLOSE[dtype])
    np.testing.assert_array_equal(cuda.status, cpu.status)


@pytest.mark.cudacompile
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_kernel_of_dual_problems(dtype):
    """Registers and spills of four problems in one kernel; its code ends as the CPU does."""
    problems, optimizer = [dual_problem(name) for name in DUAL], compose.optimizer("gd")
    ptx, said, cubin = compiled(problems, [optimizer], dtype)
    row = facts(f"{', '.join(DUAL)}, by dual numbers, under gd", dtype, ptx, said, cubin)
    keep(row)
    assert_within_limits(row, ptx)
    module = Module(ptx)
    for number, made in enumerate(problems):
        task = task_of(made, optimizer, 3, 1e-3)
        groups = chunk(made, optimizer, dtype, task, work=(number, 0))
        module.run([value for group in groups for value in group], 1, 0)
        cpu = simulating.simulate(
            made, optimizer, simulating.LaneInputs(task.start, task.keys, task.values["lr"]),
            simulating.Job(steps=3, dtype=dtype, records=task.record_steps, f_ref=0.0),
        )  # fmt: skip
        np.testing.assert_allclose(groups[-1].x, cpu.x, rtol=CLOSE[dtype], atol=CLOSE[dtype])
        np.testing.assert_allclose(groups[-1].f_final, cpu.f_final, rtol=CLOSE[dtype])
        np.testing.assert_array_equal(groups[-1].steps, cpu.steps)


@pytest.mark.cudasim
def test_as_many_coordinates_as_on_the_cpu():
    made = problem(start=[1.0] * 201, source="test")(twins.sphere)
    with pytest.raises(optbench.errors.UserError, match="dual numbers up to 200 coordinates"):
        optbench.minimize(
            "gd", finding.problem(made), steps=1, lanes=1, lr=1e-3, device="cuda"
        )  # fmt: skip
