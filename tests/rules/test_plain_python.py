"""Compiled float64 code against the authors' own Python, to 1e-13 of the terms that are summed.

The Python is run on numbers that carry with them the sum of the absolute values of their terms:
what is left after cancellation is compared on the scale of what was cancelled.
"""

import inspect
import math
import operator
import sys

import numpy as np
import pytest

import optbench
from optbench.define.definitions import NetDefinition
from optbench.lanes.plain_lane import PlainLane
from tests.thinning import thinned

TOLERANCE = 1e-13
SURFACES = [n for n, found in optbench.problems().items() if not isinstance(found, NetDefinition)]
WRAPPED = [
    "adam[clip_norm=1]",
    "momentum[sam_rho=0.3]",
    "gd[plateau_factor=0.5,plateau_patience=0]",
    "rmsprop[sam_rho=0.3,clip_norm=1,plateau_factor=0.5,plateau_patience=0]",
]


class Terms:
    """A number and the sum of the absolute values of its terms."""

    __array_ufunc__ = None  # NumPy's numbers leave operations to this class

    def __init__(self, value, size=None):
        self.value = float(value)
        self.size = abs(self.value) if size is None else float(size)

    def __add__(self, other):
        other = terms(other)
        return Terms(self.value + other.value, self.size + other.size)

    def __mul__(self, other):
        other = terms(other)
        return Terms(self.value * other.value, self.size * other.size)

    def __truediv__(self, other):
        other = terms(other)
        return Terms(self.value / other.value, self.size * other.size / other.value**2)

    def __pow__(self, exponent):
        if isinstance(exponent, int) and exponent > 0:
            return Terms(self.value**exponent, self.size**exponent)
        slope = exponent * self.value ** (exponent - 1)
        return self.mapped(self.value**exponent, slope)

    def mapped(self, value, slope):
        """Return a function's value, whose terms also hold what the argument's errors become."""
        return Terms(value, abs(value) + abs(slope) * self.size)

    def __neg__(self):
        return Terms(-self.value, self.size)

    def __abs__(self):
        return Terms(abs(self.value), self.size)

    def __sub__(self, other):
        return self + -terms(other)

    def __rsub__(self, other):
        return terms(other) - self

    def __rtruediv__(self, other):
        return terms(other) / self

    __radd__, __rmul__ = __add__, __mul__


def terms(value):
    return value if isinstance(value, Terms) else Terms(value)


def _compare(relation):
    return lambda self, other: relation(self.value, terms(other).value)


for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Terms, f"__{_name}__", _compare(getattr(operator, _name)))


class MathOnTerms:
    """What authors use of `math`, on `Terms` and on numbers."""

    pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
    SLOPES = {
        math.exp: math.exp, math.expm1: math.exp, math.log: lambda v: 1 / v,
        math.log1p: lambda v: 1 / (1 + v), math.sin: math.cos, math.cos: math.sin,
        math.tanh: lambda v: 1 - math.tanh(v) ** 2, math.fabs: lambda v: 1.0,
        math.sqrt: lambda v: 0.5 / math.sqrt(v) if v else 0.0, math.atan: lambda v: 1 / (1 + v * v),
        math.floor: lambda v: 0.0, math.tan: lambda v: 1 + math.tan(v) ** 2,
    }  # fmt: skip


def _on_terms(function, slope):
    def apply(v):
        if isinstance(v, Terms):
            return v.mapped(function(v.value), slope(v.value))
        return function(v)

    return staticmethod(apply)


for _function, _slope in MathOnTerms.SLOPES.items():
    setattr(MathOnTerms, _function.__name__, _on_terms(_function, _slope))


@pytest.fixture
def on_terms(monkeypatch):
    """Return what makes the modules of functions compute with `Terms`."""

    def switch(functions):
        for function in functions:
            module = sys.modules[function.__module__]
            if hasattr(module, "math"):
                monkeypatch.setattr(module, "math", MathOnTerms)
            variables = inspect.getclosurevars(function)
            used = [*variables.nonlocals.values(), *variables.globals.values()]
            switch([callee for callee in used if inspect.isfunction(callee)])

    return switch


def _copysign(size, sign):
    size, sign = terms(size), terms(sign)
    return Terms(math.copysign(size.value, sign.value), size.size)


MathOnTerms.copysign = staticmethod(_copysign)


def check(compiled, expected):
    """Compare an array with an array of `Terms`."""
    for a, b in zip(np.ravel(compiled), np.ravel(expected), strict=True):
        b = terms(b)
        assert abs(a - b.value) <= TOLERANCE * b.size, (a, b.value, b.size)


def into_frame(frame, x):
    """Return the point that the formula sees, as `Terms`."""
    z = [terms(v) for v in x]
    if frame.shift is not None:
        z = [a - b for a, b in zip(z, frame.shift, strict=True)]
    if frame.centre is not None:
        offset = [a - b for a, b in zip(z, frame.centre, strict=True)]
        if frame.rotation is not None:
            offset = [sum(map(operator.mul, offset, row)) for row in frame.rotation]
        z = [c + a / frame.scale for c, a in zip(frame.centre, offset, strict=True)]
    return np.array(z, object)


@pytest.mark.parametrize("instance", thinned([2, None]))
@pytest.mark.parametrize("name", SURFACES)
def test_problems(name, instance, on_terms):
    problem = optbench.problem(name, instance=instance)
    frame, function = problem.placement, problem.definition.function
    low, high = problem.box
    count = 4 if problem.dim < 100 else 1  # Terms are slow
    x = np.random.default_rng(1).uniform(low, high, (count, problem.dim))
    values, gradients = problem.value_and_grad(x)
    spare = np.full(problem.definition.scratch * problem.dim, np.nan, object)
    known = dict(z=spare, p=frame.p, q=frame.q, key=np.uint64(0), stream=np.uint64(0), t=0, full=1)
    extra = [known[argument] for argument in problem.definition.arguments[2:]]
    on_terms([function])
    for point, value, gradient in zip(x, values, gradients, strict=True):
        g = np.empty(problem.dim, object)
        f = function(into_frame(frame, point), g, *extra)
        if frame.rotation is not None:
            g = [sum(map(operator.mul, g, column)) for column in frame.rotation.T]
        g = [terms(v) / frame.scale for v in g]
        check(value, f)
        check(gradient, np.array([terms(v) for v in g], object))


@pytest.mark.parametrize(
    "spec", [*(n for n, r in optbench.optimizers().items() if not r.matrix), *WRAPPED]
)
def test_rules(spec, on_terms):
    optimizer = optbench.optimizer(spec)
    rng = np.random.default_rng(2)
    steps, d = 3, 5
    count = steps * optimizer.evaluations
    runs = []
    for _ in range(4):
        gradients = rng.standard_normal((count, d)) * 10.0 ** rng.uniform(-2, 2, d)
        values, start = rng.standard_normal(count), rng.standard_normal(d)
        found = optbench.replay(optimizer, gradients, start, values=values, points="query")
        runs.append((gradients, values, start, found))
    on_terms([f for part in optimizer.parts for f in part.functions.values()])
    for gradients, values, start, found in runs:
        lane = PlainLane(optimizer, start, steps)
        lane.x = [terms(v) for v in start]
        for part in optimizer.parts:
            for name, value in part.state.items():
                lane.state[name] = list(lane.x) if value == "x" else [terms(value)] * d
        for i in range(count):
            g = [terms(v) for v in gradients[i]]
            lane.feed(g, terms(values[i]), *divmod(i, optimizer.evaluations))
            check(found[i + 1], np.array(lane.x, object))
