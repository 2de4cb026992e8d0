"""The compiled CPU driver: runs blocks of lanes through a problem and a rule.

It is compiled once per dtype: problem, metrics, rule and adjust arrive as addresses, so N rules and
M problems cost N + M + 1 compilations. What it does is in `driver.steps`, over Vecs; functions hand
on the addresses of whole groups (see `memory.pointers`), which keeps them quick to compile.

There are two, of one source and with the same bytes of results: the general one, and one for
surfaces alone, which takes three quarters of the time to compile (see `is_general`).
"""

import functools
from collections.abc import Callable

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numpy.typing import DTypeLike

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.compiling.options import helper, jit
from optbench.kernels.compiling.supplied import with_globals
from optbench.kernels.driver import passes
from optbench.kernels.driver.hessian import HESSIAN, no_estimate
from optbench.kernels.driver.points import Run
from optbench.kernels.driver.steps import EVERY_STEP, STEPS
from optbench.kernels.memory import pointers
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, RuleCall, caller
from optbench.kernels.memory.groups import group_types
from optbench.kernels.sizes import WIDTHS
from optbench.waiting import working


def is_general(layout: RuleLayout, exact: bool, across: bool, metrics: bool) -> bool:
    """Say whether lanes need the general driver.

    Parameters
    ----------
    layout : RuleLayout
        Of the rule: those that step in place need it.
    exact, across : bool
        See `memory.groups.Plan`: of noise, of data and of nets only the general driver knows.
    metrics : bool
        Whether the problem has any.
    """
    in_place = layout.evaluations > 1 or layout.iterate >= 0
    return in_place or layout.hessian >= 0 or not exact or across or metrics


_GENERAL: set[np.dtype] = set()
"""The dtypes whose general driver is in this process."""


def driver(dtype: DTypeLike, general: bool, products: bool = False) -> Dispatcher:
    """Return a driver that is enough: the general one for all, where this process has it.

    Its parameters and what it returns are those of `compiled`.
    """
    dtype = np.dtype(dtype)
    if products:
        return compiled(dtype, True, True)
    needed = general or dtype in _GENERAL
    found = compiled(dtype, needed)
    if needed:
        _GENERAL.add(dtype)
    return found


@functools.cache
def compiled(dtype: DTypeLike, general: bool, products: bool = False) -> Dispatcher:
    """Compile a driver.

    Parameters
    ----------
    dtype : numpy.dtype
    general : bool
        Whether it is for all lanes, or for those alone that are not `is_general`.
    products : bool
        Whether it is for rules that ask for products with the Hessian.

    Returns
    -------
    dispatcher
        ``drive(problem, metrics, rule, adjust, products, lanes, blocks, results, scratch)`` takes
        the addresses (int64) of five functions of blocks, 0 for those that the plan does not call,
        and of four groups of arrays. A block's surface and plan are in `blocks`.
    """
    which = "products with the Hessian" if products else "lanes" if general else "surfaces"
    with working(f"compiling the driver of {which} (once, {np.dtype(dtype)})"):
        drive = drive_with(dtype, callers(dtype), general, products)
        # It hands on addresses and views, which own nothing: nobody counts references.
        return jit(drive, types.void(*[types.int64] * 9), _nrt=False)


def callers(dtype: DTypeLike) -> dict[str, Dispatcher]:
    """Return what calls functions by address: what `driver.target` names ``call_problem`` etc."""
    call_problem, call_metrics, call_rule = (
        caller(cls, np.dtype(dtype)) for cls in (ProblemCall, MetricsCall, RuleCall)
    )
    by_name = dict(
        call_problem=lambda problem, call, t, full: call_problem(problem, call, (t, full)),
        call_metrics=lambda metrics, call, part: call_metrics(metrics, call, (part,)),
        call_rule=lambda rule, call, t, phase, across: call_rule(rule, call, (t, phase, across)),
        call_adjust=lambda adjust, call, done, last: call_problem(adjust, call, (done, last)),
    )
    return {name: helper(function, inline=True) for name, function in by_name.items()}


def drive_with(
    dtype: DTypeLike, functions: dict[str, Dispatcher], general: bool, products: bool = False
) -> Callable[..., None]:
    """Return the driver, not yet compiled, that calls problems and rules by given functions.

    Parameters
    ----------
    dtype : numpy.dtype
    functions : dict of str to compiled function
        By the names of `driver.target`; see `callers`.
    general, products : bool
        See `compiled`.
    """
    dtype = np.dtype(dtype)
    names = {
        **passes.bind(dtype), **functions, "width": WIDTHS[dtype], "place": pointers.place,
        "GENERAL": general, "estimate_hessian": helper(no_estimate, inline=True),
    }  # fmt: skip
    for function in (*HESSIAN, *STEPS) if products else STEPS:
        inline = function in EVERY_STEP
        names[function.__name__] = helper(with_globals(function, names), inline=inline)
    run_block, place = names["run_block"], names["place"]
    to_lanes, to_blocks, to_surface, to_plan, to_results, to_scratch = map(
        pointers.at, group_types(dtype)
    )

    def drive(problem, metrics, rule, adjust, products, lanes, blocks, results, scratch):
        for block in range(to_blocks(blocks).first.shape[0]):
            run_block(
                place(
                    Run(
                        problem, metrics, rule, adjust, products, to_lanes(lanes),
                        to_surface(to_blocks(blocks).surface[block]),
                        to_plan(to_blocks(blocks).plan[block]), to_results(results),
                        to_scratch(scratch), block, to_blocks(blocks).first[block],
                    )
                )
            )  # fmt: skip

    return drive
