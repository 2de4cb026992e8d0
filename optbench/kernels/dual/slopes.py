"""The derivatives of what author code can compute, as formulas on vectors of lanes.

`SLOPES` holds for each function one slope per argument. At kinks and ends, where a function has no
derivative, one is chosen:

- abs has slope 0 at 0, and so has sqrt, so that a norm has slope 0 at its tip; likewise
  `hypot` and `atan2` at the origin.
- `floor` and `ceil` have slope 0 everywhere; x % y counts as x - n y with its whole number n.

Everywhere else the rules are IEEE arithmetic: log has slope 1/0 = inf at 0. `math.gamma` and
`math.lgamma` have no rule.
"""

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba.core.base import BaseContext
from numba.core.typing.templates import signature

from optbench.kernels.simd import vectors
from optbench.kernels.simd.operations import single
from optbench.kernels.simd.vec import Vec


class Term:
    """An LLVM vector of the type `vec` that can be computed with while code is generated.

    Targets without vectors override `constant`, `call` and `choose`.
    """

    def __init__(self, context: BaseContext, builder: ir.IRBuilder, vec: Vec, value: ir.Value):
        self.context, self.builder, self.vec, self.value = context, builder, vec, value

    def constant(self, number: float) -> "Term":
        """Return a Term with `number` in every lane."""
        constant = vectors.constant(self.context.get_value_type(self.vec), number)
        return Term(self.context, self.builder, self.vec, constant)

    def call(self, function: Callable[..., Any], *others: "Term | float") -> "Term":
        """Return `function` of this Term and others, or numbers, as compiled code would."""
        terms = [self, *(o if isinstance(o, Term) else self.constant(o) for o in others)]
        result = self.vec.mask if function in COMPARISONS else self.vec
        sig = signature(result, *[self.vec] * len(terms))
        build = self.context.get_function(function, sig)
        value = build(self.builder, [term.value for term in terms])
        return Term(self.context, self.builder, self.vec, value)

    def choose(self, a: "Term", b: "Term") -> "Term":
        """Return the lanes of `a` where this Term, a comparison, holds, else of `b`."""
        value = self.builder.select(self.value, a.value, b.value)
        return Term(self.context, self.builder, self.vec, value)

    def __add__(self, other: "Term | float") -> "Term":
        return self.call(operator.add, other)

    __radd__ = __add__

    def __sub__(self, other: "Term | float") -> "Term":
        return self.call(operator.sub, other)

    def __rsub__(self, other: float) -> "Term":
        return self.constant(other) - self

    def __mul__(self, other: "Term | float") -> "Term":
        return self.call(operator.mul, other)

    __rmul__ = __mul__

    def __truediv__(self, other: "Term | float") -> "Term":
        return self.call(operator.truediv, other)

    def __rtruediv__(self, other: float) -> "Term":
        return self.constant(other) / self

    def __neg__(self) -> "Term":
        return self.call(operator.neg)

    def __eq__(self, other: "Term | float") -> "Term":
        return self.call(operator.eq, other)

    def __lt__(self, other: "Term | float") -> "Term":
        return self.call(operator.lt, other)

    def __gt__(self, other: "Term | float") -> "Term":
        return self.call(operator.gt, other)

    __hash__ = None


COMPARISONS: dict[Callable[..., Any], int] = {
    operator.lt: 2, operator.le: 2, operator.gt: 2, operator.ge: 2, operator.eq: 2, operator.ne: 2,
    math.isnan: 1, math.isinf: 1, math.isfinite: 1,
}  # fmt: skip
"""Functions whose results are truth values, and how many arguments they take."""


def where(condition: Term, a: Term | float, b: Term | float) -> Term:
    """Return a Term with the lanes of `a` where the comparison `condition` holds, else of `b`."""
    a, b = (o if isinstance(o, Term) else condition.constant(o) for o in (a, b))
    return condition.choose(a, b)


def _sign(x: Term) -> Term:
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0))


def unless_zero(size: Term, slope: Term) -> Term:
    """Return `slope`, but 0 where `size` is 0."""
    return where(size == 0.0, 0.0, slope)


def _gauss(x: Term) -> Term:
    """Slope of erf."""
    return (2.0 / math.sqrt(math.pi)) * (-(x * x)).call(math.exp)


def _plus(*arguments: Term) -> float:
    return 1.0


def _minus(*arguments: Term) -> float:
    return -1.0


def _along_divisor(a: Term, b: Term, y: Term) -> Term:
    """Slope of a - n b along b, for the whole number n."""
    return (y - a) / b


Slope: TypeAlias = Callable[..., Term | float]
"""From (arguments..., result) to the slope along one argument."""
SLOPES: dict[Callable[..., Any], tuple[Slope | None, ...]] = {
    operator.add: (_plus, _plus),
    operator.sub: (_plus, _minus),
    operator.mul: (lambda a, b, y: b, lambda a, b, y: a),
    operator.truediv: (lambda a, b, y: 1.0 / b, lambda a, b, y: -(y / b)),
    operator.mod: (_plus, _along_divisor),
    math.fmod: (_plus, _along_divisor),
    operator.neg: (_minus,),
    operator.pos: (_plus,),
    float: (_plus,),
    single: (_plus,),
    abs: (lambda x, y: _sign(x),),
    math.fabs: (lambda x, y: _sign(x),),
    math.floor: (None,),
    math.ceil: (None,),
    math.copysign: (lambda a, b, y: _sign(a) * a.constant(1.0).call(math.copysign, b), None),
    math.sqrt: (lambda x, y: unless_zero(y, 0.5 / y),),
    math.exp: (lambda x, y: y,),
    math.expm1: (lambda x, y: x.call(math.exp),),
    math.log: (lambda x, y: 1.0 / x,),
    math.log1p: (lambda x, y: 1.0 / (1.0 + x),),
    math.log2: (lambda x, y: (1.0 / math.log(2.0)) / x,),
    math.log10: (lambda x, y: (1.0 / math.log(10.0)) / x,),
    math.sin: (lambda x, y: x.call(math.cos),),
    math.cos: (lambda x, y: -x.call(math.sin),),
    math.tan: (lambda x, y: 1.0 + y * y,),
    math.sinh: (lambda x, y: x.call(math.cosh),),
    math.cosh: (lambda x, y: x.call(math.sinh),),
    math.tanh: (lambda x, y: 1.0 - y * y,),
    math.asin: (lambda x, y: 1.0 / ((1.0 - x) * (1.0 + x)).call(math.sqrt),),
    math.acos: (lambda x, y: -1.0 / ((1.0 - x) * (1.0 + x)).call(math.sqrt),),
    math.atan: (lambda x, y: 1.0 / (1.0 + x * x),),
    math.asinh: (lambda x, y: 1.0 / (1.0 + x * x).call(math.sqrt),),
    math.acosh: (lambda x, y: 1.0 / ((x - 1.0) * (x + 1.0)).call(math.sqrt),),
    math.atanh: (lambda x, y: 1.0 / ((1.0 - x) * (1.0 + x)),),
    math.erf: (lambda x, y: _gauss(x),),
    math.erfc: (lambda x, y: -_gauss(x),),
    math.atan2: (
        lambda a, b, y: unless_zero(a * a + b * b, b / (a * a + b * b)),
        lambda a, b, y: unless_zero(a * a + b * b, -a / (a * a + b * b)),
    ),
    math.hypot: (lambda a, b, y: unless_zero(y, a / y), lambda a, b, y: unless_zero(y, b / y)),
}
"""For each function the slopes along its arguments, from (arguments..., result); None is 0."""

IN_PLACE: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.add: operator.iadd, operator.sub: operator.isub, operator.mul: operator.imul,
    operator.truediv: operator.itruediv, operator.mod: operator.imod,
}  # fmt: skip
"""What ``a += b`` and the like call: the slopes are the same."""
