"""The driver in plain Python, from the very functions that are compiled, to look into it.

A block of several lanes runs over windows of one lane. Functions of `events` can be watched, or
replaced by mutants.
"""

import inspect
import textwrap
from collections import Counter

import numpy as np

import optbench
from optbench.catalog.references import reference
from optbench.kernels.cpu.blocking import chunks_of, cut_of
from optbench.kernels.cpu.rooms import scratch_of
from optbench.kernels.cuda.onelane import ALL_LANES, Binder
from optbench.kernels.driver import events, task_groups, tasks
from optbench.kernels.driver.passes import PASSES
from optbench.kernels.driver.points import Run
from optbench.kernels.driver.steps import STEPS
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.memory.groups import Results
from optbench.lanes.records import record_steps
from optbench.lanes.targets import TARGETS

REAL = np.dtype("float64")


class _Seen:
    """What `Program` asks of a compiled function that is plain here."""

    def __init__(self, function):
        self.function, self.dtype, self.lanes, self.draws = function, REAL, 1, False


def _call(function, *arguments):
    return function(*arguments)


class _OfBlocks(Binder):
    """Binds functions for blocks of several lanes."""

    lanes = ALL_LANES


class PlainDriver:
    """A pair in plain Python.

    Parameters
    ----------
    definition : problem
    optimizer : str
    mutants : dict of str to function
        What stands for functions of `events`, by name.
    """

    def __init__(self, definition, optimizer, mutants=None):
        self.problem = optbench.problem(definition)
        self.optimizer = optbench.optimizer(optimizer)
        self.calls = Counter()
        self.binder = binder = _OfBlocks.of(REAL, lambda copy: copy, {})
        for name, function in (mutants or {}).items():
            binder.seen[getattr(events, name).py_func] = binder.function(function)
        for name in ("copy_column", "mend", "end_points"):  # callees before their callers
            original = getattr(events, name).py_func
            binder.seen[original] = self._watched(name, binder.function(original))
        binder.value(events)
        for name in ("call_problem", "call_metrics", "call_rule", "call_adjust"):
            binder.bind(**{name: _call})
        binder.bind(*PASSES, *STEPS)

    def _watched(self, name, function):
        def watched(*arguments):
            self.calls[name] += 1
            return function(*arguments)

        self.binder.copies.append(watched)
        return watched

    def run(self, starts, rates, steps, width=None, records=None):
        """Run lanes in blocks of `width`, of all lanes by default; return their `Results`."""
        records = record_steps(steps) if records is None else np.array(records)
        n, layout = len(starts), self.optimizer.layout()
        width, problem = width or n, self.problem
        task = tasks.Task.of_lanes(
            start=np.asarray(starts, float), keys=problem.keys(range(n)),
            lr=np.asarray(rates, float), values=self.optimizer.values,
            uniform=self.optimizer.uniform_table(steps), record_steps=records,
            targets=TARGETS, f_ref=reference(problem).value, exact=problem.kind == "deterministic",
            points=np.ones(n, bool),
        )  # fmt: skip
        program = tasks.Program(
            _Seen(problem.definition.function),
            None,
            _Seen(None),
            layout,
            REAL,
            problem.tensor_table,
            False,
        )
        results = task_groups.empty_results(program, task)
        cut = cut_of(program, task, np.arange(0, n, width), width)
        (chunk,) = chunks_of(program, task, cut)
        groups = (
            task_groups.lanes_group(
                program, task, cut.lanes, task_groups.blocked_starts(program, task, cut.draws),
                chunk.tables.of(chunk.part),
            ),
            surface_group(problem.placement, REAL, problem.dim),
            task_groups.plan_group(program, task), Results(*results),
            scratch_of(
                program, problem.dim, cut, len(task.targets), problem.placement.work_size
            ),
        )  # fmt: skip
        functions = self.binder.problem(problem.definition.function), self.binder.rule(layout)
        with np.errstate(all="ignore"):
            for block in range(n // width):
                self.binder.scope["run_block"](
                    Run(functions[0], None, functions[1], None, None, *groups, block, block * width)
                )
        return results


def without(function, line):
    """Return a compiled helper's plain function with a line, given by its number, left out."""
    source = textwrap.dedent(inspect.getsource(function.py_func)).splitlines()
    start = next(i for i, text in enumerate(source) if text.startswith("def "))
    source[line] = source[line][: len(source[line]) - len(source[line].lstrip())] + "pass"
    scope = dict(function.py_func.__globals__)
    exec("\n".join(source[start:]), scope)
    return scope[function.py_func.__name__]


def assignments(function):
    """Return the numbers and texts of a helper's lines that set an element of an array."""
    source = textwrap.dedent(inspect.getsource(function.py_func)).splitlines()
    return [(i, text.strip()) for i, text in enumerate(source) if "] = " in text]
