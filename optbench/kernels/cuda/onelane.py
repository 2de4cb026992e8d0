"""A block of one lane: how the shared functions run where a thread has a lane to itself.

The modules of `driver` and the generated functions of problems and rules are written over blocks of
lanes and a few functions that get at them. Here these functions take the one lane of arrays
``[.., 1]``, and values are plain numbers of the kernel's dtype. Everything is plain Python:
whoever compiles it hands a `Binder` the compiler, and without one it runs as it is.
"""

import functools
import inspect
import math
import types as python_types

import numpy as np

from optbench.define import draws
from optbench.kernels.authors import sources
from optbench.kernels.authors.perturbed import Perturbed, perturbed_source
from optbench.kernels.authors.retype import Retyper, module_of
from optbench.kernels.authors.tensors import numbers_of
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.compiling.source_checks import global_names
from optbench.kernels.compiling.supplied import with_globals
from optbench.kernels.cuda import plain_duals
from optbench.kernels.cuda.dual_rules import DIRECTIONS
from optbench.kernels.cuda.lane_buffers import kept_from, spare, spare_from
from optbench.kernels.driver import events
from optbench.kernels.driver.passes import out_of_frame, turned_into_frame
from optbench.kernels.driver.target import call_problem
from optbench.kernels.products import primitives


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


def lane_bits(condition):
    """Return a whole number with a bit for each lane."""
    return int(condition)


def farther(farthest, value):
    """Return 0, or what is no number once a value was not finite."""
    return farthest + value * 0.0


def whole(value):
    """Return a value as it is."""
    return value


def place(group):
    """Hand on a group of arrays as it is."""
    return group


def column(block, lane):
    """Return the one lane of an array whose last axis are lanes; it keeps the axis."""
    return block[..., lane : lane + 1]


def entry(block, number):
    """Return an entry of an array along its first axis, a view."""
    return block[number]


def evaluate_directly(run, direct, framed, x, t, full):
    """Stand for `points.evaluate` where no instance has a frame."""
    call_problem(run.problem, direct, t, full)


def evaluate_shifted(run, direct, framed, x, t, full):
    """Stand for `points.evaluate` where all instances are shifted, none scaled or rotated."""
    shift_point(run, x)
    call_problem(run.problem, framed, t, full)


def evaluate_scaled(run, direct, framed, x, t, full):
    """Stand for `points.evaluate` where all instances are shifted and scaled, none is rotated."""
    stretch, gs = run.surface.stretch, rows(run.scratch.g, 0)
    if stretch == 1:
        shift_point(run, x)
    else:
        stretch_point(run, x)
    call_problem(run.problem, framed, t, full)
    for i in range(x.shape[0]):
        gs[i] = gs[i] * stretch


def evaluate_turned(run, direct, framed, x, t, full):
    """Stand for `points.evaluate` where all instances are shifted and rotated."""
    surface, scratch = run.surface, run.scratch
    turned_into_frame(x, surface.shift, surface.centre, surface.matrix, scratch.z, scratch.gz)
    call_problem(run.problem, framed, t, full)
    out_of_frame(scratch.gz, surface.matrix, scratch.g)


def shift_point(run, x):
    """Do what `passes.into_frame` does for a shift; there each coordinate has a loop over lanes."""
    shift, xs, zs = run.surface.shift, rows(x, 0), rows(run.scratch.z, 0)
    for i in range(x.shape[0]):
        zs[i] = xs[i] - shift[i]


def stretch_point(run, x):
    """Do so for a shift and a scale."""
    surface, xs, zs = run.surface, rows(x, 0), rows(run.scratch.z, 0)
    shift, centre, stretch = surface.shift, surface.centre, surface.stretch
    for i in range(x.shape[0]):
        zs[i] = (xs[i] - shift[i] - centre[i]) * stretch + centre[i]


def always(plan):
    """Stand for `points.steps_in_place`: what lives in registers cannot change places."""
    return True


def number(n):
    """Return a whole number as rules take it: in the kernel's dtype."""
    return float(n)


def alone(value):
    """Stand for `primitives.anywhere` and `primitives.greatest`: there is one thread a lane."""
    return value


ACCESS = dict(
    rows=rows, fixed_rows=rows, spare=spare, spare_from=spare_from, kept_from=kept_from,
    number=number, load=load, store=store, zero=zero,
    total=total, any_lane=any_lane, lane_bits=lane_bits, whole=whole, farther=farther,
    place=place, column=column, entry=entry, fetch=place, mix=draws.mix,
    dual_rows=plain_duals.dual_rows, differentiated=plain_duals.differentiated,
    numbers_of=numbers_of,
)  # fmt: skip
DIRECT, SHIFTED, SCALED, TURNED = 0, 1, 2, 3
EVALUATE = (evaluate_directly, evaluate_shifted, evaluate_scaled, evaluate_turned)
"""By the frame: a choice at run time between two points would keep both out of registers."""
ALL_LANES, ONE_LANE = "in range(0, x.shape[1], 1):", "in (0,):"
"""A range's loop stays one (see `cuda.typing`), whose counter would be in every address."""


class Binder(Retyper):
    """Copies functions and all that they call for one dtype, and has the copies compiled.

    Parameters
    ----------
    base : Binder
        What it has bound already is used again.
    """

    single = staticmethod(plain_duals.single)
    lanes = ONE_LANE
    """What a loop over the lanes of a block becomes in generated sources: a block has one."""

    def __init__(self, base):
        super().__init__(base.dtype)
        self.compiler, self.primitives, self.plain = base.compiler, base.primitives, base.plain
        self.copies, self.scope, self.seen = list(base.copies), dict(base.scope), dict(base.seen)

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
        binder.compiler, binder.copies, binder.plain = compiler, list(views.values()), not views
        binder.scope = {"width": 1, "GENERAL": True}
        binder.primitives = {primitives.span: range}
        binder.bind(**ACCESS)
        binder.scope.update(views)
        for primitive in (primitives.anywhere, primitives.greatest):
            binder.primitives[primitive] = binder.compiled(alone)
        return binder

    def bind(self, *functions, **names):
        """Add functions to what the project's own code sees, under their names or others."""
        for name, function in {**{f.__name__: f for f in functions}, **names}.items():
            self.scope[name] = self.callee(function)

    def replace(self, substitutes):
        """Bind functions that stand for others, {original: substitute}, under the others' names."""
        for original, substitute in substitutes.items():
            self.bind(**{original.__name__: substitute})

    def finish(self, copy):
        """Hand a copy over to the compiler."""
        self.copies.append(self.compiler(copy))
        return self.copies[-1]

    def function(self, function):
        """Return a function's copy; the project's own code sees the scope."""
        bound = function
        if function.__module__.startswith("optbench.kernels."):
            used = global_names(function.__code__)
            named = {name: self.scope[name] for name in used & self.scope.keys()}
            bound = with_globals(function, named)
        copy = super().function(bound)
        if self.plain and self.dtype == np.float64:
            copy.__globals__["float"] = plain_duals.number
        copy.__dict__.update(function.__dict__)  # whether it gives a view
        return copy

    def value(self, value, attributes=frozenset()):
        """Return what stands for a value; what was compiled for the CPU goes back to Python."""
        if value is events:
            return _module_of_functions(events, self.value)
        if any(value is copy for copy in self.copies):
            return value
        if hasattr(value, "py_func"):
            return self.callee(value.py_func)
        if self.plain and value is math:
            return _general_math(self.dtype)
        if self.plain and callable(value) and value in plain_duals.GENERAL:
            return plain_duals.GENERAL[value]
        return super().value(value, attributes)

    def callee(self, function):
        """Return what stands for a function: for a primitive that of the target."""
        if function in self.primitives:
            return self.primitives[function]
        return function if function in primitives.PRIMITIVES else self.compiled(function)

    def problem(self, definition):
        """Return ``problem(call, t, full)`` of an author's function (see `calls.ProblemCall`)."""
        if isinstance(definition, Perturbed):
            text = perturbed_source(definition).format(width=1, directions=DIRECTIONS)
            return self.generated(text, **definition.named)
        if "g" in inspect.signature(definition).parameters:
            source = sources.problem_source(definition)
        else:
            source = sources.dual_source(definition)
        text = source.format(width=1, directions=DIRECTIONS)
        return self.generated(text, author=definition)

    def metrics(self, definition):
        """Return ``metrics(call, part)`` of an author's function (see `calls.MetricsCall`)."""
        return self.generated(sources.metrics_source(definition).format(width=1), author=definition)

    def rule(self, layout):
        """Return ``rule(call, t, phase, across)`` of a rule with its wrappers."""
        return self.generated(rule_source(layout, 1), **sources.rule_functions(layout))

    def generated(self, source, **names):
        """Return what stands for the function of a source, which sees the scope and `names`."""
        source = source.replace(ALL_LANES, self.lanes)
        return self.callee(sources.generated(source, {**self.scope, **names}))


@functools.cache
def _general_math(dtype):
    """Return `math` with constants of a dtype; its functions take duals, as compiled ones do."""
    return plain_duals.general_math(module_of(math, dtype))


def _module_of_functions(original, convert):
    module = python_types.ModuleType(original.__name__)
    for name, value in vars(original).items():
        if hasattr(value, "py_func"):
            setattr(module, name, convert(value))
    return module
