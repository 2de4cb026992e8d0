"""Dual numbers in plain Python: what the simulator runs in place of `compiled_duals`."""

import functools
import math
import operator
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from optbench.kernels.cuda import dual_rules
from optbench.kernels.cuda.dual_rules import DIRECTIONS, Tangents
from optbench.kernels.dual.slopes import COMPARISONS, SLOPES, Term
from optbench.kernels.simd import operations

AS_THEY_ARE = (float, operations.single, operator.pos)
"""Functions that give back a number of the kernel's dtype."""


class PlainTerm(Term):
    """A number of the kernel's dtype, or the truth of a comparison of such."""

    def __init__(self, value: Any, real: type) -> None:
        self.value, self.real = value, real

    def constant(self, number: float) -> "PlainTerm":
        """Return a number."""
        return PlainTerm(self.real(number), self.real)

    def call(self, function: Callable[..., Any], *others: Term | float) -> "PlainTerm":
        """Return a function of this number and others; NaN where Python has none."""
        values = [self.value, *(o.value if isinstance(o, Term) else self.real(o) for o in others)]
        if function in COMPARISONS:
            return PlainTerm(bool(function(*values)), self.real)
        if function in AS_THEY_ARE:
            return self
        try:
            with np.errstate(all="ignore"):
                return PlainTerm(self.real(function(*values)), self.real)
        except (ValueError, OverflowError, ZeroDivisionError):
            return PlainTerm(self.real(np.nan), self.real)

    def choose(self, a: Term, b: Term) -> Term:
        """Return `a` where this comparison holds, else `b`."""
        return a if self.value else b


class PlainDual:
    """A number with its derivatives."""

    def __init__(self, term: Term, tangents: Tangents) -> None:
        self.term, self.tangents = term, tangents

    __hash__ = None

    def __bool__(self) -> bool:
        return bool(self.term.value)

    def __int__(self) -> int:
        return int(self.term.value)

    def __pow__(self, exponent: Any) -> "PlainDual":
        return _power(self, exponent)

    def __rpow__(self, base: Any) -> "PlainDual":
        return _power(base, self)


def _operand(value: Any, real: type) -> dual_rules.Dual:
    if isinstance(value, PlainDual):
        return value.term, value.tangents
    return PlainTerm(real(value), real), None


def _operands(values: Sequence[Any]) -> list[dual_rules.Dual]:
    real = next(value.term.real for value in values if isinstance(value, PlainDual))
    return [_operand(value, real) for value in values]


def _power(base: Any, exponent: Any) -> PlainDual:
    if isinstance(exponent, int):
        return PlainDual(*dual_rules.whole_power((base.term, base.tangents), exponent))
    return PlainDual(*dual_rules.power(*_operands((base, exponent))))


def of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of `SLOPES`, a comparison or a power, as it is for duals too."""

    @functools.wraps(function)
    def general(*values: Any) -> Any:
        if not any(isinstance(value, PlainDual) for value in values):
            return function(*values)
        if function is math.pow:
            return _power(*values)
        operands = _operands(values)
        if function in COMPARISONS:
            (first, _), *others = operands
            return first.call(function, *(term for term, _ in others)).value
        return PlainDual(*dual_rules.by_rule(function, operands))

    return general


def _define_operators() -> None:
    """Give `PlainDual` Python's operators; min and max are then Python's own."""
    for name in ("add", "sub", "mul", "truediv", "mod"):
        general = of_numbers(getattr(operator, name))
        setattr(PlainDual, f"__{name}__", general)
        swapped = functools.partialmethod(lambda self, other, f: f(other, self), f=general)
        setattr(PlainDual, f"__r{name}__", swapped)
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(PlainDual, f"__{name}__", of_numbers(getattr(operator, name)))
    for name, function in (("neg", operator.neg), ("pos", operator.pos), ("abs", abs)):
        setattr(PlainDual, f"__{name}__", of_numbers(function))


_define_operators()
GENERAL = {
    function: of_numbers(function)
    for function in (*SLOPES, *COMPARISONS, math.pow)
    if getattr(math, function.__name__, None) is function
}
"""Functions of `math`, and what they are where numbers may be duals."""


def general_math(module: ModuleType) -> ModuleType:
    """Return a copy of `math`, with constants of some dtype, whose functions take duals too."""
    copy = ModuleType(module.__name__)
    for name, value in vars(module).items():
        setattr(copy, name, GENERAL.get(value, value) if callable(value) else value)
    return copy


def number(value: Any) -> Any:
    """Stand for `float` in float64."""
    return value if isinstance(value, PlainDual) else float(value)


def single(value: Any) -> Any:
    """Stand for `float` in float32."""
    return value if isinstance(value, PlainDual) else np.float32(value)


class PlainRows:
    """A lane's coordinates, seen along the directions from `first` on."""

    def __init__(self, rows: Any, first: int) -> None:
        self.rows, self.first = rows, first

    @property
    def shape(self) -> tuple[int]:
        """The number of coordinates."""
        return (len(self),)

    @property
    def size(self) -> int:
        """The number of coordinates."""
        return len(self)

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, index: int) -> PlainDual:
        value = self.rows[index]
        term = PlainTerm(value, type(value))
        place = PlainTerm(float(index % len(self) - self.first), float)
        return PlainDual(term, dual_rules.seeds(term, place))


def dual_rows(rows: Any, first: int) -> PlainRows:
    """Return rows whose numbers are duals."""
    return PlainRows(rows, first)


def differentiated(f: Any, g: Any, lane: int, first: int, result: Any) -> None:
    """Write a result to the line f, and its derivatives to the rows of g from `first` on."""
    dual = isinstance(result, PlainDual)
    f[lane] = result.term.value if dual else result
    for k in range(min(DIRECTIONS, g.shape[0] - first)):
        g[first + k, lane] = result.tangents[k].value if dual else 0.0
