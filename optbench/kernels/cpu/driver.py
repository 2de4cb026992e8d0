# ruff: noqa: F821 - `driver` supplies the names of addresses, passes and steps
"""The compiled CPU driver: runs blocks of lanes through a problem and a rule.

It is compiled once per dtype: problem, metrics, rule and adjust arrive as function pointers, so N
rules and M problems cost N + M + 1 compilations. What it does is in `steps`, over Vecs; functions
hand on the addresses of whole groups (see `pointers`), which keeps them quick to compile.
"""

import functools

import numpy as np
from numba import types

from optbench.kernels.compiling.options import helper, jit, with_globals
from optbench.kernels.driver.passes import PASSES, bind
from optbench.kernels.driver.steps import STEPS, steps_in_place
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, RuleCall, signature
from optbench.kernels.memory.groups import group_types
from optbench.kernels.memory.pointers import at, place
from optbench.kernels.sizes import WIDTHS


@functools.cache
def driver(dtype):
    """Compile the driver for a dtype.

    Returns
    -------
    dispatcher
        ``drive(problem, metrics, rule, adjust, lanes, surface, plan, results, scratch)`` takes the
        entries of four blocks and the addresses (int64) of five groups of arrays.
    """
    dtype = np.dtype(dtype)
    groups = group_types(dtype)
    names = ("lanes", "surface", "plan", "results", "scratch")
    scope = {f"to_{name}": at(kind) for name, kind in zip(names, groups, strict=True)}
    scope |= {"width": WIDTHS[dtype], "place": place, **bind(PASSES, dtype)}
    for function in (call_problem, call_metrics, call_rule, call_adjust, steps_in_place):
        scope[function.__name__] = helper(function, inline=True)
    for function in STEPS:
        scope[function.__name__] = helper(with_globals(function, scope))
    blocks = [
        types.FunctionType(signature(cls, dtype))
        for cls in (ProblemCall, MetricsCall, RuleCall, ProblemCall)
    ]
    return jit(with_globals(_drive, scope), types.void(*blocks, *[types.int64] * len(groups)))


def _drive(problem, metrics, rule, adjust, lanes, surface, plan, results, scratch):
    """Run all blocks."""
    for block in range(to_lanes(lanes).start.shape[0]):
        run_block(
            problem, metrics, rule, adjust, to_lanes(lanes), to_surface(surface),
            to_plan(plan), to_results(results), to_scratch(scratch), block,
            block * to_scratch(scratch).phase.shape[0],
        )  # fmt: skip


def call_problem(problem, call, t, full):
    """Fill f and g."""
    problem(call, t, full)


def call_metrics(metrics, call, part):
    """Fill m."""
    metrics(call, part)


def call_rule(rule, call, t, phase, across):
    """Move x to y."""
    rule(call, t, phase, across)


def call_adjust(adjust, call, done, last):
    """Change x, or fill f with 1 to end the lane."""
    adjust(call, done, last)
