"""Author functions of one lane -> compiled functions of one block ``[d, B]``, lanes innermost.

Code without data-dependent branches is compiled over Vecs of many lanes. Code that branches on data
does not compile that way (a Mask has no truth value) and is compiled over Vecs of one lane: the
same code under the same typing rules, one lane at a time.

A problem that takes no `g` is compiled over Duals (see `dual`): passes over its code give the
gradient, a few coordinates each.
"""

import functools
import inspect
from dataclasses import dataclass

import numba
import numpy as np
from numba.core.errors import NumbaError

from optbench.define import draws
from optbench.errors import DefinitionError
from optbench.kernels.authors.layout import Layout, taken
from optbench.kernels.authors.retype import retype
from optbench.kernels.authors.sources import (
    dual_source,
    generated,
    metrics_source,
    problem_source,
    rule_functions,
    whole_source,
)
from optbench.kernels.authors.tensors import VIEWS
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.compiling.explain import explained, is_compilers
from optbench.kernels.compiling.options import OPTIONS, entry, helper
from optbench.kernels.dual import rows
from optbench.kernels.memory.calls import Block, MetricsCall, ProblemCall, RuleCall, signature
from optbench.kernels.memory.pointers import fetch
from optbench.kernels.simd.rows import access
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS

_BY_LANE = {"key", "stream", "index"}
"""Arguments that are whole numbers per lane: code that takes them runs one lane at a time."""


MOST_DIRECTIONS = {np.dtype("float64"): 4, np.dtype("float32"): 4}
"""Directions of one pass over many lanes: more of them do not fit the registers."""
MOST_COORDINATES = 200
"""What can be differentiated in passes: the cost of a gradient grows with d^2."""


def problem_block(function, dtype, dim=None):
    """Compile an author's problem for blocks (see `calls.ProblemCall`).

    Parameters
    ----------
    function : function
        If it takes no `g`, its gradient comes from dual numbers.
    dtype : numpy.dtype
    dim : int, optional
        The number of coordinates, which decides how many directions a pass of duals has.
    """
    return _problem(function, np.dtype(dtype), dim).compiled


def obstacle(function, dtype, dim=None):
    """Return why a problem runs one lane at a time, ``"file:line: reason"``, or None.

    The parameters are those of `problem_block`.
    """
    return _problem(function, np.dtype(dtype), dim).obstacle


def _problem(function, dtype, dim):
    if "g" in inspect.signature(function).parameters:
        return _given_gradient(function, dtype)
    if dim is not None and dim > MOST_COORDINATES:
        raise DefinitionError(
            f"{_place(function)}: {function.__name__} has {dim} coordinates; gradients come from "
            f"dual numbers up to {MOST_COORDINATES}. Take g after x and fill g[i] by hand"
        )
    needed = 1 << (max(1, dim or MOST_COORDINATES) - 1).bit_length()
    return _dual_gradient(function, dtype, needed)


@functools.cache
def _given_gradient(function, dtype):
    build = _in_one_pass(function, problem_source(function), dtype)
    return _author_block(function, build, dtype, ProblemCall)


@functools.cache
def _dual_gradient(function, dtype, needed):
    source = dual_source(function)

    def build(width):
        author = helper(retype(function, dtype))
        directions = min(needed, MOST_DIRECTIONS[dtype] if width > 1 else WIDTHS[dtype])
        names = rows.access(Vec(numba.from_dtype(dtype), width), directions)
        text = source.format(width=width, directions=directions)
        return _generated(text, dtype, width, author=author, **names)

    return _author_block(function, build, dtype, ProblemCall)


@functools.cache
def metrics_block(function, dtype):
    """Compile an author's metrics for blocks (see `calls.MetricsCall`)."""
    build = _in_one_pass(function, metrics_source(function), np.dtype(dtype))
    return _author_block(function, build, np.dtype(dtype), MetricsCall).compiled


def whole_block(function, cls, dtype):
    """Compile a (retyped) function that takes the arrays of a whole block, then the integers."""
    return Block(entry(whole(function, cls, dtype), signature(cls, dtype)), cls, dtype, 1)


def whole(function, cls, dtype):
    """Return what `whole_block` compiles."""
    return _generated(whole_source(cls), dtype, 1, author=helper(function))


def rule_block(layout, dtype):
    """Compile a rule with its wrappers for blocks (see `calls.RuleCall`)."""
    return _rule(layout, dtype).compiled


def rule_obstacle(layout, dtype):
    """Return why a rule runs one lane at a time, ``"file:line: reason"``, or None."""
    return _rule(layout, dtype).obstacle


def _rule(layout, dtype):
    flags = tuple(layout.flags.items())
    return _parts(layout.parts, layout.uniform_counts, flags, np.dtype(dtype))


@functools.cache
def _parts(parts, uniform_counts, flags, dtype):
    layout = Layout(parts, uniform_counts, dict(flags))

    def build(width):
        compiled = {
            name: helper(retype(function, dtype))
            for name, function in rule_functions(layout).items()
        }
        source = rule_source(layout, width)
        return _generated(source, dtype, width, swift=True, number=number, **VIEWS, **compiled)

    by_lane = frozenset(name for part in parts for name in _BY_LANE & taken(part))
    functions = tuple(rule_functions(layout).values())
    return Candidate(build, RuleCall, dtype, parts[-1].name, parts[-1].place, by_lane, functions)


@helper
def number(n):
    """Return a whole number as rules take it: Vecs give it their dtype."""
    return n


def _in_one_pass(function, source, dtype):
    def build(width):
        author = helper(retype(function, dtype))
        return _generated(source.format(width=width), dtype, width, author=author)

    return build


def _author_block(function, build, dtype, cls):
    by_lane = _BY_LANE & set(inspect.signature(function).parameters)
    return Candidate(build, cls, dtype, function.__name__, _place(function), by_lane, (function,))


def _place(function):
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


@dataclass(frozen=True)
class Candidate:
    """A block function that is compiled over many lanes if that works, else for one at a time.

    Attributes
    ----------
    build : callable
        From the number of lanes to the generated Python function.
    cls : NamedTuple class
        The call that it takes.
    dtype : numpy.dtype
    name, place : str
        What the author called it, and where.
    by_lane : set of str
        Arguments that keep it to one lane.
    functions : tuple of function
        The author's, for messages.
    """

    build: object
    cls: type
    dtype: np.dtype
    name: str
    place: str
    by_lane: frozenset = frozenset()
    functions: tuple = ()

    @functools.cached_property
    def compiled(self):
        """The compiled `Block`.

        Raises
        ------
        DefinitionError
            If it does not compile. Errors of the engine itself, or of the disk, pass as they are.
        """
        error = None
        for width in (1,) if self.by_lane else (WIDTHS[self.dtype], 1):
            try:
                function = self.build(width)
                compiled = entry(function, signature(self.cls, self.dtype), may_fail=width > 1)
                return Block(compiled, self.cls, self.dtype, width)
            except Exception as raised:
                if not is_compilers(raised):
                    raise
                error = raised
        raise DefinitionError(self._explained(error)) from error

    def _explained(self, error):
        return explained(error, self.place, self.name, self.functions)

    @functools.cached_property
    def obstacle(self):
        """Why it runs one lane at a time, with the line, or None if it need not."""
        if self.by_lane:
            names = " and ".join(sorted(self.by_lane))
            return f"{self.place}: {self.name} draws from {names}, which is done lane by lane"
        # Not from the cache: it keeps failures by content, and lines may have moved.
        dispatcher = numba.njit(**OPTIONS)(self.build(WIDTHS[self.dtype]))
        try:
            dispatcher.compile(signature(self.cls, self.dtype))
        except NumbaError as error:
            return self._explained(error)
        return None


def _generated(source, dtype, width, swift=False, **names):
    """Return the function of generated source over Vecs of `width` lanes."""
    vecs = access(Vec(numba.from_dtype(np.dtype(dtype)), width, swift))
    return generated(source, {"mix": draws.mix, "fetch": fetch, **vecs, **names})
