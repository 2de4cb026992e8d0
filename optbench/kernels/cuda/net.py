"""The nets' driver on CUDA: a thread block trains one net, its threads share the loops.

What a net does is `driver.steps` and the rule's source, as for every lane; a net is one
lane whose P parameters are rows of one column. All threads take the same way through the code and
compute what there is once a net (values of f, targets, the rule's scalars) alike. The parameters,
the gradient and the optimizer's state are the block's: in shared memory as far as that goes, the
rest in global memory, as are the buffers of the layers.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from optbench.kernels.authors import sources
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.cuda import primitives as cuda_primitives
from optbench.kernels.cuda.arrays import NET_VIEWS, lanes_of_nets, plan_of_net, surface_of_net
from optbench.kernels.cuda.compiling import part_of_net
from optbench.kernels.cuda.device import cuda
from optbench.kernels.cuda.known import (
    HANDED,
    LANE_STATE_ROOM,
    LANE_STATES,
    MEMORY,
    REAL,
    STATES,
    WHOLE,
    one_adjust,
    one_metrics,
    one_problem,
    one_rule,
)
from optbench.kernels.cuda.onelane import DIRECT, EVALUATE, Binder
from optbench.kernels.cuda.primitives import cube, viewed
from optbench.kernels.cuda.surface import MOST_TARGETS, goes_on_alone, unadjusted
from optbench.kernels.cuda.views import net_views
from optbench.kernels.driver import events, passes
from optbench.kernels.driver.passes import PASSES
from optbench.kernels.driver.points import (
    Run,
    adjusted,
    arrive,
    attend,
    evaluate,
    goes_on,
    looks_at_x,
    measure,
    observe,
    steps_in_place,
)
from optbench.kernels.driver.steps import advance, finish, run_block, take_step
from optbench.kernels.memory.calls import MetricsCall, ProblemCall
from optbench.kernels.memory.groups import Scratch
from optbench.kernels.products.primitives import anywhere, matrix, span, sync, vector

FEW = 4
"""Numbers of a net that its threads hand each other: f, the noise-free f, and the metrics."""


def reserved(threads: int) -> int:
    """Return how many numbers in shared memory come before the arrays of a net."""
    return cuda_primitives.reserved(threads) + FEW


class Memory(NamedTuple):
    """Where the arrays of a net lie.

    Places count from 0 in shared memory; those in global memory are negative, the first is -1.
    """

    far: np.ndarray  # [nets, n]
    work: np.ndarray  # [nets, w] the buffers of the layers
    x: int
    y: int
    g: int
    state: int


WHOLE_BLOCKS = {"problem": ProblemCall, "metrics": MetricsCall, "adjust": ProblemCall}
"""The functions of a net, and what they take."""

# ------------------------------------------------------------------ what stands for other functions


def points_finite(x):
    """Stand for `passes.points_finite`."""
    broken = False
    for i in span(x.shape[0]):
        broken |= not abs(x[i, 0]) < np.inf
    return not anywhere(broken)


# ------------------------------------------------------------------------- what threads do in turn


def call_problem(problem, call, t, full):
    """Fill f and g."""
    sync()
    one_problem(call, t, full)
    sync()


def call_metrics(metrics, call, part):
    """Fill m."""
    sync()
    one_metrics(call, part)
    sync()


def call_adjust(adjust, call, done, last):
    """Change x, or fill f with 1 to end the net."""
    sync()
    one_adjust(call, done, last)
    sync()


def call_rule(rule, call, t, phase, across):
    """Move x to y."""
    return one_rule(call, t, phase, across)


def rows(block, lane):
    """Return the coordinates of a net, the one column of a block."""
    return vector(block, lane, block.shape[0])


def placed(near, far, place, n):
    """Return `n` numbers, in shared or in global memory, as a column."""
    return matrix(near if place >= 0 else far, max(place, -1 - place), n, 1)


def drive(memory, blocks, loads, surfaces, plans, results):
    """Train a net: the kernel."""
    net, shared = cuda.blockIdx.x, cuda.shared.array(0, MEMORY)
    memory, loads, plans = viewed(memory), viewed(loads), viewed(plans)
    place, near, far = blocks.place[net], vector(shared, 0, shared.size), memory.far[net]
    n = loads.start.shape[1]
    x, y = placed(near, far, memory.x, n), placed(near, far, memory.y, n)
    at = memory.state
    state = cube(near if at >= 0 else far, max(at, -1 - at), STATES, n, 1)
    scratch = Scratch(
        x, y, placed(near, far, memory.g, n), y, y,
        vector(near, HANDED, 1), vector(near, HANDED + 1, 1),
        cuda.local.array(1, REAL), cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        matrix(cuda.local.array(MOST_TARGETS, REAL), 0, plans.targets.shape[1], 1),
        cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        state, matrix(cuda.local.array(LANE_STATE_ROOM, REAL), 0, LANE_STATES, 1),
        matrix(near, HANDED + 2, 2, 1), vector(far, 0, 0), memory.work[net],
    )  # fmt: skip
    run = Run(
        0, 0, 0, 0, 0, lanes_of_nets(loads), surface_of_net(viewed(surfaces), place),
        plan_of_net(plans, place), viewed(results), viewed(scratch), net, net,
    )  # fmt: skip
    run_block(run)


# ---------------------------------------------------------------------------- making of a kernel


class NetBinder(Binder):
    """Binds functions where the threads of a block share a net."""

    def whole(self, definition, cls):
        """Return ``block(call, ...)`` of a function that takes the arrays of a whole block."""
        return self.generated(sources.whole_source(cls), author=definition)

    def rule(self, layout):
        """Return ``rule(call, t, phase, across)``, which runs over this thread's coordinates."""
        source = rule_source(layout, 1, "share")
        return self.generated(source, **sources.rule_functions(layout))


def kernel(
    functions: tuple[Callable[..., Any] | None, ...],
    layout: RuleLayout,
    dtype: DTypeLike,
    threads: int,
) -> Callable[..., None]:
    """Return the kernel as a Python function, its callees handed to the compiler.

    Parameters
    ----------
    functions : tuple of function
        Problem, metrics and adjust (or None) of a net, as `authors.blocks.whole_block` takes them.
    layout : RuleLayout
        Of the rule.
    dtype : numpy.dtype
    threads : int
        Of a block; at most as many as the net has parameters.
    """
    binder = NetBinder(_shared(np.dtype(dtype), threads, functions))
    states, lane_states = len(layout.state), len(layout.lane_state)
    binder.scope.update(
        STATES=states, LANE_STATES=lane_states, LANE_STATE_ROOM=lane_states + 1,
        one_rule=binder.rule(layout),
    )  # fmt: skip
    binder.bind(call_rule, take_step, advance, finish, run_block)
    return binder.function(drive)


@functools.cache
def _shared(dtype, threads, functions):
    """Return a binder with all but the rule, so that it is compiled once."""
    binder = NetBinder.of(dtype, part_of_net, net_views())
    by_function, by_name = cuda_primitives.bound(dtype, threads)
    binder.primitives.update(by_function)
    binder.copies += by_name.values()
    binder.scope.update(by_name, HANDED=cuda_primitives.reserved(threads))
    binder.bind(rows=rows, fixed_rows=rows)
    binder.bind(*(function for function in PASSES if function is not passes.points_finite))
    binder.replace({passes.points_finite: points_finite})
    binder.bind(steps_in_place, looks_at_x, placed, *NET_VIEWS)
    binder.value(events)
    for name, function in zip(WHOLE_BLOCKS, functions, strict=True):
        if function is not None:
            binder.scope[f"one_{name}"] = binder.whole(function, WHOLE_BLOCKS[name])
    binder.bind(call_problem, call_metrics)
    if functions[-1] is not None:
        binder.bind(call_adjust)
    substitutes = {evaluate: EVALUATE[DIRECT], goes_on: goes_on_alone}
    if functions[-1] is None:
        substitutes[adjusted] = unadjusted
    shared = (evaluate, adjusted, measure, goes_on, attend, observe, arrive)
    binder.replace({step: substitutes.get(step, step) for step in shared})
    return binder
