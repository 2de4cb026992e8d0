"""Author functions of one lane -> compiled functions of one block ``[d, B]``, lanes innermost.

Code without data-dependent branches is compiled over Vecs of many lanes. Code that branches on data
does not compile that way (a Mask has no truth value) and is compiled over Vecs of one lane: the
same code under the same typing rules, one lane at a time.
"""

import functools
import inspect
import linecache

import numba
import numpy as np
from numba.core.errors import NumbaError

from optbench.errors import DefinitionError
from optbench.kernels import random
from optbench.kernels.calls import (
    Block,
    MetricsCall,
    ProblemCall,
    RuleCall,
    signature,
)
from optbench.kernels.compile import entry, helper, retype
from optbench.kernels.layout import Layout
from optbench.kernels.pointers import fetch
from optbench.kernels.rows import access
from optbench.kernels.vec import Vec
from optbench.kernels.writer import rule_source

WIDTHS = {np.dtype("float64"): 8, np.dtype("float32"): 16}
"""Lanes of a Vec: a register of 512 bits, or two of 256. B is a multiple of them."""

_PROBLEM_ARGUMENTS = {
    "x": "rows(x, lane)", "g": "rows(g, lane)", "p": "p", "q": "q", "z": "spare(work)",
    "stream": "key[lane]",
    "key": "mix(key[lane], t)", "t": "t", "full": "full",
}  # fmt: skip
_METRICS_ARGUMENTS = {"x": "rows(x, lane)", "p": "p", "q": "q", "part": "part"}
_BY_LANE = {"key", "stream"}
"""Arguments that are whole numbers per lane: code that takes them runs one lane at a time."""


@functools.cache
def problem_block(function, dtype):
    """Compile an author's problem for blocks (see `calls.ProblemCall`)."""
    arguments = _bound(function, _PROBLEM_ARGUMENTS)
    source = f"""def block(call, t, full):
    x, g, f, p, q, work, key = fetch(call)
    for lane in range(0, x.shape[1], {{width}}):
        store(f, lane, author({arguments}))
"""
    return _author_block(function, source, dtype, ProblemCall)


@functools.cache
def metrics_block(function, dtype):
    """Compile an author's metrics for blocks (see `calls.MetricsCall`)."""
    arguments = _bound(function, _METRICS_ARGUMENTS)
    source = f"""def block(call, part):
    x, m, p, q, work = fetch(call)
    for lane in range(0, x.shape[1], {{width}}):
        first, second = author({arguments})
        store(m[0], lane, first)
        store(m[1], lane, second)
"""
    return _author_block(function, source, dtype, MetricsCall)


def whole_block(function, cls, dtype):
    """Compile a (retyped) function that takes the arrays of a whole block, then the integers."""
    integers = ", ".join(("t", "full") if cls is ProblemCall else ("part",))
    arrays = ", ".join(cls._fields)
    source = f"""def block(call, {integers}):
    {arrays} = fetch(call)
    author({arrays}, {integers})
"""
    return _compiled(source, cls, dtype, 1, author=helper(function))


def rule_block(layout, dtype):
    """Compile a rule with its wrappers for blocks (see `calls.RuleCall`)."""
    flags = tuple(layout.flags.items())
    return _rule_block(layout.parts, layout.uniform_counts, flags, np.dtype(dtype))


@functools.cache
def _rule_block(parts, uniform_counts, flags, dtype):
    layout = Layout(parts, uniform_counts, dict(flags))
    functions = {
        (part.name, kind): function
        for part in parts
        for kind, function in part.functions.items()
        if kind != "uniform"
    }

    def build(width):
        compiled = {
            f"{name}_{kind}": helper(retype(function, dtype))
            for (name, kind), function in functions.items()
        }
        source = rule_source(layout, width)
        return _compiled(source, RuleCall, dtype, width, swift=True, **compiled)

    return _widest(build, dtype, parts[-1].name, parts[-1].place)


def _author_block(function, source, dtype, cls):
    def build(width):
        author = helper(retype(function, dtype))
        return _compiled(source.format(width=width), cls, dtype, width, author=author)

    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno}"
    by_lane = bool(_BY_LANE & set(inspect.signature(function).parameters))
    return _widest(build, dtype, function.__name__, place, by_lane)


def _widest(build, dtype, name, place, by_lane=False):
    """Compile over many lanes, or one lane at a time where that does not work."""
    error = None
    for width in (1,) if by_lane else (WIDTHS[np.dtype(dtype)], 1):
        try:
            return build(width)
        except NumbaError as raised:
            error = raised
    reason = str(error).strip().splitlines()
    raise DefinitionError(
        f"{place}: {name} cannot be compiled: " + " ".join(line.strip() for line in reason[:6])
    ) from error


def _bound(function, available):
    names = inspect.signature(function).parameters
    for name in names:
        if name not in available:
            code = function.__code__
            raise DefinitionError(
                f"{code.co_filename}:{code.co_firstlineno}: {function.__name__} takes {name!r}, "
                f"but only {', '.join(available)} are known"
            )
    return ", ".join(available[name] for name in names)


def _compiled(source, cls, dtype, width, swift=False, **names):
    """Compile generated source, kept in `linecache` so that tracebacks can show it."""
    filename = f"<optbench block {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = {
        "__name__": "optbench.kernels.generated",
        "mix": random.mix,
        "fetch": fetch,
        **access(Vec(numba.from_dtype(np.dtype(dtype)), width, swift)),
        **names,
    }
    exec(compile(source, filename, "exec"), scope)
    compiled = entry(scope["block"], signature(cls, dtype), may_fail=width > 1)
    return Block(compiled, cls, dtype, width)
