"""Author functions of one lane -> compiled functions of one block ``[d, B]``, lanes innermost.

Code without data-dependent branches is compiled over Vecs of many lanes. Code that branches on data
does not compile that way (a Mask has no truth value) and is compiled over Vecs of one lane: the
same code under the same typing rules, one lane at a time.

A problem that takes no `g` is compiled over Duals (see `dual.numbers`): passes over its code give
the gradient, a few coordinates each.
"""

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import numpy.typing as npt

from optbench.define import draws
from optbench.define.names import place_of
from optbench.errors import DefinitionError
from optbench.kernels.authors.candidates import Call, Candidate
from optbench.kernels.authors.perturbed import Perturbed, perturbed_source
from optbench.kernels.authors.retype import retype
from optbench.kernels.authors.rule_layout import RuleLayout, argument_names
from optbench.kernels.authors.sources import (
    NetCall,
    dual_source,
    generated,
    metrics_source,
    problem_source,
    rule_functions,
    whole_source,
)
from optbench.kernels.authors.tensors import VIEWS, numbers_of
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.compiling.options import entry, helper
from optbench.kernels.dual.rows import dual_access
from optbench.kernels.memory.calls import Block, MetricsCall, ProblemCall, RuleCall, signature
from optbench.kernels.memory.fetching import fetch, fetching
from optbench.kernels.simd import lanebits
from optbench.kernels.simd.access import access, with_rows
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import DRAWN, WIDTHS

if TYPE_CHECKING:
    from optbench.define.definitions import Part

DRAWS = {"key", "stream"}
"""Arguments that code draws from. A block is one draw, so they are numbers of the block."""
NUMBERED = frozenset({"index"})
"""Arguments of rules that differ from lane to lane of a net: they keep code to one lane."""
MOST_DIRECTIONS = 4
"""Directions of one pass over a register of lanes: more of them do not fit the registers."""
FOR_ALL = {
    "mix": draws.mix, "fetch": fetch, "with_rows": with_rows, "any_lane": lanebits.any_lane,
    "farther": lanebits.farther,
}  # fmt: skip
"""What generated functions call, whatever their lanes."""
FOR_AUTHORS = fetching("p", "q")
"""Constants are arrays, on which authors may do what Numba can; the rest are views."""
FEW_COORDINATES = 8
"""Up to so many a problem is compiled for their number: its loops over them unroll."""
MOST_COORDINATES = 200
"""What can be differentiated in passes: the cost of a gradient grows with d^2."""


def problem_block(
    function: FunctionType | Perturbed, dtype: npt.DTypeLike, dim: int | None = None
) -> Block:
    """Compile an author's problem for blocks (see `memory.calls.ProblemCall`).

    Parameters
    ----------
    function : function or Perturbed
        If it takes no `g`, its gradient comes from dual numbers.
    dtype : numpy.dtype
    dim : int, optional
        The number of coordinates. It decides how many directions a pass of duals has, and a block
        of few is for no other number.
    """
    return problem_candidate(function, dtype, dim).compiled


def problem_obstacle(
    function: FunctionType | Perturbed, dtype: npt.DTypeLike, dim: int | None = None
) -> str | None:
    """Return why a problem runs one lane at a time, ``"file:line: reason"``, or None.

    The parameters are those of `problem_block`.
    """
    return problem_candidate(function, dtype, dim).obstacle


def problem_candidate(
    function: FunctionType | Perturbed, dtype: npt.DTypeLike, dim: int | None = None
) -> Candidate:
    """Return the block function of a problem, with its author's gradient or with one of duals.

    It is the same object wherever the same function serves.
    """
    dtype = np.dtype(dtype)
    few = dim if dim is not None and dim <= FEW_COORDINATES else None
    author = function.author if isinstance(function, Perturbed) else function
    if "g" in inspect.signature(author).parameters:
        return _author_gradient(function, dtype, few)
    if dim is not None and dim > MOST_COORDINATES:
        raise DefinitionError(
            f"{place_of(author)}: {author.__name__} has {dim} coordinates; gradients come from "
            f"dual numbers up to {MOST_COORDINATES}. Take g after x and fill g[i] by hand"
        )
    directions = 1 << (max(1, dim or MOST_COORDINATES) - 1).bit_length()
    return _dual_gradient(function, dtype, directions, few)


@functools.cache
def _author_gradient(
    function: FunctionType | Perturbed, dtype: np.dtype, dim: int | None
) -> Candidate:
    if isinstance(function, Perturbed):
        build = _in_one_pass(function.named, perturbed_source(function, dim), dtype)
        return _perturbed_block(function, build, dtype)
    build = _in_one_pass({"author": function}, problem_source(function, dim), dtype)
    return _author_block(function, build, dtype, ProblemCall)


@functools.cache
def _dual_gradient(
    function: FunctionType | Perturbed, dtype: np.dtype, most: int, dim: int | None
) -> Candidate:
    """Return the block function of passes that have at most so many directions."""
    perturbed = isinstance(function, Perturbed)
    source = perturbed_source(function, dim) if perturbed else dual_source(function, dim)
    authors = function.named if perturbed else {"author": function}

    def build(width):
        compiled = _helpers(authors, dtype)
        fitting = MOST_DIRECTIONS * WIDTHS[dtype] // width if width > 1 else WIDTHS[dtype]
        directions = min(most, max(1, fitting))
        vec = Vec(numba.from_dtype(dtype), width)
        names = access(vec) | dual_access(vec, directions)
        text = source.format(width=width, directions=directions)
        return _generated(text, fetch=FOR_AUTHORS, **compiled, **names)

    if perturbed:
        return _perturbed_block(function, build, dtype)
    return _author_block(function, build, dtype, ProblemCall)


@functools.cache
def metrics_block(function: FunctionType, dtype: npt.DTypeLike) -> Block:
    """Compile an author's metrics for blocks (see `memory.calls.MetricsCall`)."""
    build = _in_one_pass({"author": function}, metrics_source(function), np.dtype(dtype))
    return _author_block(function, build, np.dtype(dtype), MetricsCall).compiled


def whole_block(function: FunctionType, cls: NetCall, dtype: np.dtype) -> Block:
    """Compile a (retyped) function that takes the arrays of a whole block, then the integers."""
    block = _generated(whole_source(cls), author=helper(function))
    return Block(entry(block, signature(cls, dtype)), cls, dtype, 1)


def rule_block(layout: RuleLayout, dtype: npt.DTypeLike) -> Block:
    """Compile a rule with its wrappers for blocks (see `memory.calls.RuleCall`)."""
    return rule_candidate(layout, dtype).compiled


def rule_for(layout: RuleLayout, dtype: npt.DTypeLike, by_lane: bool) -> tuple[RuleLayout, Block]:
    """Return a layout, by lane if that is asked for and costs no lanes of a Vec, and its block.

    Code that branches on a hyperparameter is compiled over many lanes only where that is a number.
    """
    if by_lane:
        own = RuleLayout(layout.parts, layout.uniform_counts, layout.flags, by_lane=True)
        block = rule_block(own, dtype)
        if block.lanes > 1 or rule_block(layout, dtype).lanes == 1:
            return own, block
    return layout, rule_block(layout, dtype)


def rule_obstacle(layout: RuleLayout, dtype: npt.DTypeLike) -> str | None:
    """Return why a rule runs one lane at a time, ``"file:line: reason"``, or None."""
    return rule_candidate(layout, dtype).obstacle


def rule_candidate(layout: RuleLayout, dtype: npt.DTypeLike) -> Candidate:
    """Return the block function of a rule, the same for equal layouts."""
    flags = tuple(layout.flags.items())
    return _parts(layout.parts, layout.uniform_counts, flags, layout.by_lane, np.dtype(dtype))


@functools.cache
def _parts(
    parts: "tuple[Part, ...]",
    uniform_counts: tuple[int, ...],
    flags: tuple[tuple[str, bool], ...],
    by_lane: bool,
    dtype: np.dtype,
) -> Candidate:
    layout = RuleLayout(parts, uniform_counts, dict(flags), by_lane)

    def build(width):
        # Numbers are settings: what is computed of them alone has the bits of settings by lane.
        contract = parts[-1].matrix
        compiled = {
            name: helper(retype(function, dtype, contract), contract=contract)
            for name, function in rule_functions(layout).items()
        }
        source, element = rule_source(layout, width), numba.from_dtype(dtype)
        names = access(Vec(element, width, swift=True), from_end=False) | VIEWS | compiled
        load_setting = access(Vec(element, width, setting=True), from_end=False)["load"]
        own = dict(number=number, load_setting=load_setting, numbers_of=helper(numbers_of))
        if not contract:
            names["fetch"] = fetching()  # all that they read is by whole numbers
        return _generated(source, **own, **names)

    arguments = frozenset().union(*map(argument_names, parts))
    widths = (1,) if NUMBERED & arguments else (WIDTHS[dtype], 1)
    return Candidate(
        build, RuleCall, dtype, parts[-1].name, parts[-1].place, widths, bool(DRAWS & arguments),
        tuple(rule_functions(layout).values()),
    )  # fmt: skip


@helper
def number(n):
    """Return a whole number as rules take it: Vecs give it their dtype."""
    return n


def _in_one_pass(
    functions: dict[str, FunctionType], source: str, dtype: np.dtype
) -> Callable[[int], FunctionType]:
    """Return what builds the block function of a source that calls `functions` once a window."""

    def build(width):
        names = access(Vec(numba.from_dtype(dtype), width)) | _helpers(functions, dtype)
        return _generated(source.format(width=width), fetch=FOR_AUTHORS, **names)

    return build


def _helpers(functions: dict[str, FunctionType], dtype: np.dtype) -> dict[str, Any]:
    """Return authors' functions as parts of the function that calls them by name."""
    return {name: helper(retype(function, dtype)) for name, function in functions.items()}


def _perturbed_block(
    perturbed: Perturbed, build: Callable[[int], FunctionType], dtype: np.dtype
) -> Candidate:
    draws, author = bool(DRAWS & perturbed.arguments), perturbed.author
    widths = (DRAWN if draws else WIDTHS[dtype], 1)
    functions = tuple(perturbed.named.values())
    return Candidate(
        build, ProblemCall, dtype, author.__name__, place_of(author), widths, draws, functions
    )


def _author_block(
    function: FunctionType, build: Callable[[int], FunctionType], dtype: np.dtype, cls: Call
) -> Candidate:
    draws = bool(DRAWS & set(inspect.signature(function).parameters))
    wide = DRAWN if draws or cls is MetricsCall else WIDTHS[dtype]
    return Candidate(
        build, cls, dtype, function.__name__, place_of(function), (wide, 1), draws, (function,)
    )


def _generated(source: str, **names: Any) -> FunctionType:
    """Return the function of generated source, which sees `names` and what all sources call."""
    return generated(source, {**FOR_ALL, **names})
