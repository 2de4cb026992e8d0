"""Rules in Python: the compiled driver calls them as it calls compiled ones."""

import contextlib
import dataclasses
import weakref

import numpy as np
import pytest

import optbench
from optbench.kernels.cpu.launch import launch
from optbench.kernels.cpu.python_rule import PythonRule
from optbench.lanes import simulating
from optbench.lanes.job import Job, LaneInputs
from optbench.rules import compose


def descend(call, across):
    """Begin a block of plain descent."""

    def step(call, t):
        call.y[:] = call.x - call.H[0] * call.g

    return step


def run(monkeypatch, rule, lanes=5, steps=200, name="rosenbrock", lr=1e-3, idle=0):
    """Run lanes of gd with `rule` in place of its compiled function; None leaves that."""
    problem, optimizer = optbench.problem(name), compose.optimizer("gd")

    def launched(program, placements, task, idle):
        own = program if rule is None else dataclasses.replace(program, rule=rule)
        return launch(own, placements, task, idle)

    monkeypatch.setattr(simulating, "launch", launched)
    seeds = range(lanes)
    inputs = LaneInputs(problem.starts(seeds), problem.keys(seeds), np.broadcast_to(lr, lanes))
    return simulating.simulate(problem, optimizer, inputs, Job(steps=steps, idle=idle))


@pytest.mark.parametrize("name", ["rosenbrock", "noisy_rosenbrock", "logistic_breast_cancer"])
def test_the_driver_gives_the_results_of_the_compiled_rule(monkeypatch, name):
    """Hits, records, noise and batches are the driver's, whatever the rule is."""
    compiled = run(monkeypatch, None, name=name)
    python = run(monkeypatch, PythonRule("float64", descend), name=name)
    for field in ("status", "steps", "hits", "hit"):
        np.testing.assert_array_equal(getattr(python, field), getattr(compiled, field))
    np.testing.assert_allclose(python.x, compiled.x, rtol=1e-9)
    np.testing.assert_allclose(python.record_f, compiled.record_f, rtol=1e-7, atol=1e-12)


def test_a_lane_that_is_not_finite_ends_and_no_other(monkeypatch):
    rates = np.array([1e-5, 1e3, 1e-5])
    ends = run(monkeypatch, PythonRule("float64", descend), lanes=3, lr=rates)
    assert np.isfinite(ends.x).all() and ends.steps.tolist()[::2] == [200, 200]
    assert ends.steps[1] < 20


@pytest.mark.parametrize("error", [ValueError("of the author"), KeyboardInterrupt()])
@pytest.mark.parametrize("when", [0, 7])
def test_what_it_raises_is_raised_once_the_launch_is_over(monkeypatch, error, when):
    def begin(call, across):
        def step(call, t):
            if t == when:
                raise error
            call.y[:] = call.x

        return step

    rule = PythonRule("float64", begin)
    with pytest.raises(type(error)) as raised, rule.watched():
        ends = run(monkeypatch, rule, lanes=40)
        assert (ends.steps <= when + 1).all()
    assert raised.value is error
    with rule.fresh().watched():
        pass


OURS = """
def begin(call, across):
    def step(call, t):
        shown.append(ref(call.x))
        call.y[:] = call.x
        if fails:
            1 / 0

    return step
"""


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_shows_the_memory_of_a_launch_afterwards(monkeypatch, fails):
    """Work space is used anew and given back: who held on to a view would read what is gone."""
    ours = {"__name__": "optbench.of_a_test", "shown": [], "ref": weakref.ref, "fails": fails}
    exec(OURS, ours)
    rule = PythonRule("float64", ours["begin"])
    raises = pytest.raises(ZeroDivisionError) if fails else contextlib.nullcontext()
    with raises as raised, rule.watched():
        run(monkeypatch, rule, steps=3, idle=1)
    shown = ours["shown"]
    assert shown and (not fails or raised.value is rule.first_error)
    assert [view for view in shown if view() is not None] == []


def test_it_is_called_within_what_is_around_it(monkeypatch):
    inside = []

    @contextlib.contextmanager
    def around():
        inside.append("begins")
        yield
        inside.append("ends")

    rule = PythonRule("float64", descend, around)
    with rule.watched():
        run(monkeypatch, rule, steps=1)
    assert inside == ["begins", "ends"]
    assert rule.fresh().around is around


def test_blocks_in_threads_have_steps_of_their_own(monkeypatch):
    begun = []

    def begin(call, across):
        own = []
        begun.append(own)

        def step(call, t):
            own.append(t)
            call.y[:] = call.x - call.H[0] * call.g

        return step

    rule = PythonRule("float64", begin)
    with rule.watched():
        threaded = run(monkeypatch, rule, lanes=3000, steps=20, idle=3)
    assert len(begun) > 1 and all(own == list(range(20)) for own in begun)
    alone = run(monkeypatch, PythonRule("float64", descend), lanes=3000, steps=20)
    np.testing.assert_array_equal(threaded.x, alone.x)
