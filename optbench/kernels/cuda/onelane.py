# ruff: noqa: F821 - `Binder` supplies the names
"""A block of one lane: how the shared functions run where a thread has a lane to itself.

`steps`, `passes`, `events` and the generated functions of problems and rules are written over
blocks of lanes and a few functions that get at them. Here these functions take the one lane of
arrays ``[.., 1]``, and values are plain numbers of the kernel's dtype. Everything is plain Python:
whoever compiles it hands a `Binder` the compiler, and without one it runs as it is.
"""

import inspect
import types as python_types

import numpy as np

from optbench.define import draws
from optbench.errors import UnfitError
from optbench.kernels.authors import sources
from optbench.kernels.authors.retype import Retyper
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.driver import events
from optbench.kernels.products.primitives import PRIMITIVES


def rows(block, lane):
    """Return the lane's coordinates."""
    return block[:, lane]


def load(line, lane):
    """Return the lane's number."""
    return line[lane]


def store(line, lane, value):
    """Set the lane's number."""
    line[lane] = value


def zero():
    """Return 0 of the kernel's dtype."""
    return 0.0


def total(value):
    """Return the sum over the lanes."""
    return value


def any_lane(condition):
    """Say whether a condition holds in any lane."""
    return condition


def place(group):
    """Hand on a group of arrays as it is."""
    return group


def column(block, lane):
    """Return the one lane of an array whose last axis are lanes; it keeps the axis."""
    return block[..., lane : lane + 1]


def evaluate_directly(problem, here, at_z, x, surface, scratch, t, full):
    """Stand for `steps.evaluate` where no instance has a frame."""
    call_problem(problem, here, t, full)


def evaluate_shifted(problem, here, at_z, x, surface, scratch, t, full):
    """Stand for `steps.evaluate` where all instances are shifted, none is rotated."""
    into_frame(x, surface.shift, surface.centre, surface.rotation, scratch.z, scratch.gz)
    call_problem(problem, at_z, t, full)


def evaluate_turned(problem, here, at_z, x, surface, scratch, t, full):
    """Stand for `steps.evaluate` where all instances are shifted and rotated."""
    evaluate_shifted(problem, here, at_z, x, surface, scratch, t, full)
    out_of_frame(scratch.gz, surface.rotation, scratch.g)


def always(plan):
    """Stand for `steps_in_place`: what lives in registers cannot change places."""
    return True


def number(n):
    """Return a whole number as rules take it: in the kernel's dtype."""
    return float(n)


def spare(work):
    """Return the rows of a buffer, which is the lane's own."""
    return work


ACCESS = dict(
    rows=rows, fixed_rows=rows, spare=spare, number=number, load=load, store=store, zero=zero,
    total=total,
    any_lane=any_lane, place=place, column=column, fetch=place, mix=draws.mix,
)  # fmt: skip
DIRECT, SHIFTED, TURNED = 0, 1, 2
EVALUATE = (evaluate_directly, evaluate_shifted, evaluate_turned)
"""By the frame: a choice at run time between two points would keep both out of registers."""


class Binder(Retyper):
    """Copies functions and all that they call for one dtype, and has the copies compiled.

    Parameters
    ----------
    base : Binder
        What it has bound already is used again.
    """

    single = np.float32  # there are no Vecs here

    def __init__(self, base):
        super().__init__(base.dtype)
        self.compiler, self.made = base.compiler, list(base.made)
        self.scope, self.seen = dict(base.scope), dict(base.seen)

    @classmethod
    def of(cls, dtype, compiler, views):
        """Return a binder for a dtype.

        Parameters
        ----------
        dtype : numpy.dtype
        compiler : callable
            From a copy to what its callers call.
        views : dict
            What the compiler has in place of `rows`, `place` and `column`, by name.
        """
        binder = cls.__new__(cls)
        Retyper.__init__(binder, dtype)
        binder.compiler, binder.made = compiler, list(views.values())
        binder.scope = {"width": 1, "inf": dtype.type(np.inf)}
        binder.bind(**ACCESS)
        binder.scope.update(views)
        return binder

    def bind(self, *functions, **names):
        """Add functions to what the project's own code sees, under their names or others."""
        for name, function in {**{f.__name__: f for f in functions}, **names}.items():
            self.scope[name] = self.callee(function)

    def finish(self, copy):
        """Hand a copy over to the compiler."""
        self.made.append(self.compiler(copy))
        return self.made[-1]

    def function(self, function):
        """Return a function's copy; the project's own code sees the scope as well."""
        copy = super().function(function)
        if function.__module__.startswith("optbench.kernels."):
            copy.__globals__.update(self.scope)
        return copy

    def value(self, value, attributes=frozenset()):
        """Return what stands for a value; what was compiled for the CPU goes back to Python."""
        if value is events:
            return _module_of_functions(events, self.value)
        if any(value is made for made in self.made):
            return value
        if hasattr(value, "py_func"):
            return self.callee(value.py_func)
        return super().value(value, attributes)

    def callee(self, function):
        """Return what stands for a function; nothing is known by overload but the primitives."""
        return function if function in PRIMITIVES else self.compiled(function)

    def problem(self, definition):
        """Return ``problem(call, t, full)`` of an author's function (see `calls`)."""
        if "g" not in inspect.signature(definition).parameters:
            raise UnfitError(
                f"{definition.__name__} takes no g: its gradient comes from dual numbers, which "
                "CUDA does not know yet; fill g by hand, or use --device cpu"
            )
        return self._author(sources.problem_source(definition), definition)

    def metrics(self, definition):
        """Return ``metrics(call, part)`` of an author's function (see `calls`)."""
        return self._author(sources.metrics_source(definition), definition)

    def rule(self, layout):
        """Return ``rule(call, t, phase, across)`` of a rule with its wrappers."""
        functions = sources.rule_functions(layout)
        return self.callee(sources.generated(rule_source(layout, 1), functions))

    def _author(self, source, function):
        return self.callee(sources.generated(source.format(width=1), {"author": function}))


def _module_of_functions(original, convert):
    module = python_types.ModuleType(original.__name__)
    for name, value in vars(original).items():
        if hasattr(value, "py_func"):
            setattr(module, name, convert(value))
    return module
