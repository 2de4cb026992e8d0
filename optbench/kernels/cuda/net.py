# ruff: noqa: F821 - `kernel` supplies the names
"""The nets' driver on CUDA: a thread block trains one net, its threads share the loops.

What a net does is `steps`, with `events` and the rule's source, as for every lane; a net is one
lane whose P parameters are rows of one column. All threads take the same way through the code and
compute what there is once a net (values of f, targets, the rule's scalars) alike. The parameters,
the gradient and the optimizer's state are the block's: in shared memory as far as that goes, the
rest in global memory, as are the buffers of the layers.
"""

import functools
import inspect
from typing import NamedTuple

import numpy as np

from optbench.kernels.authors import sources
from optbench.kernels.authors.writer import rule_source
from optbench.kernels.cuda import primitives as cuda_primitives
from optbench.kernels.cuda.device import cuda, part_called, views
from optbench.kernels.cuda.onelane import DIRECT, EVALUATE, Binder
from optbench.kernels.cuda.surface import MOST_TARGETS, alone, unadjusted
from optbench.kernels.driver import events
from optbench.kernels.driver.passes import eventful_window, observe, values_finite
from optbench.kernels.driver.steps import (
    adjusted,
    look,
    measure,
    run_block,
    steps_in_place,
    take_step,
)
from optbench.kernels.memory.calls import MetricsCall, ProblemCall
from optbench.kernels.memory.groups import Lanes, Results, Scratch, Surface
from optbench.kernels.products.primitives import gives_view

FEW = 4
"""Numbers of a net that its threads hand each other: f, the noise-free f, and the metrics."""


def reserved(threads):
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


# ------------------------------------------------------------------------ what a thread owns of it


@gives_view
def own(point):
    """Return this thread's coordinates."""
    return point[cuda.threadIdx.x :: THREADS]


@gives_view
def own_lanes(lanes):
    """Return the lanes with this thread's coordinates of their starts."""
    return Lanes(
        lanes.start[:, cuda.threadIdx.x :: THREADS], lanes.key, lanes.hyper, lanes.state_start,
        lanes.lane_start, lanes.uniform, lanes.tensor_table,
    )  # fmt: skip


@gives_view
def own_results(results):
    """Return the results with this thread's coordinates of the reported points."""
    return Results(
        results.x[:, cuda.threadIdx.x :: THREADS], results.f_start, results.f_final,
        results.f_best, results.status, results.steps, results.hits, results.hit,
        results.record_f, results.record_best, results.record_metrics, results.record_x,
    )  # fmt: skip


@gives_view
def own_scratch(scratch):
    """Return the work space with this thread's coordinates."""
    x, g = own(scratch.x), own(scratch.g)
    return Scratch(
        x, x, g, x, x, scratch.f, scratch.seen, scratch.best, scratch.wanted, scratch.following,
        scratch.thresholds, scratch.scale, scratch.phase,
        scratch.state[:, cuda.threadIdx.x :: THREADS], scratch.lane_state, scratch.metrics,
        scratch.memory,
    )  # fmt: skip


OWNED = {
    "lanes": "own_lanes", "results": "own_results", "scratch": "own_scratch",
    "x": "own", "previous": "own", "point": "own", "reported": "own",
}  # fmt: skip
"""What a thread sees of the arguments of `events`."""
WHOLE_BLOCKS = {"problem": ProblemCall, "metrics": MetricsCall, "adjust": ProblemCall}
"""The functions of a net, and what they take."""
WITH_COORDINATES = (
    events.begin, events.end_points, events.park, events.start_scale, events.settle,
    events.store_lane,
)  # fmt: skip


def end_points(x, plan, results, scratch, first, t):
    """Have the net end if its x left the finite on any thread: all threads take note of it."""
    end_own_points(x, plan, results, scratch, first, t)
    if anywhere(scratch.phase[0] == ENDING):
        end_not_finite(results, scratch, first, 0, t)


def largest_entry(g, left, right):
    """Largest absolute gradient entry on all threads."""
    return greatest(largest_own_entry(g, left, right))


def points_finite(x):
    """Say whether x is finite."""
    broken = False
    for i in share(0, x.shape[0]):
        broken |= not abs(x[i, 0]) < inf
    return not anywhere(broken)


def keep(point, kept):
    """Copy a point."""
    for i in share(0, point.shape[0]):
        kept[i, 0] = point[i, 0]


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
    one_rule(call, t, phase, across)


@gives_view
def placed(near, far, place, n):
    """Return `n` numbers, in shared or in global memory, as a column."""
    return matrix(near if place >= 0 else far, max(place, -1 - place), n, 1)


def drive(memory, lanes, surface, plan, results):
    """Train a net: the kernel."""
    net = cuda.blockIdx.x
    near, far = cuda.shared.array(0, MEMORY), memory.far[net]
    n = lanes.start.shape[1]
    x, y = placed(near, far, memory.x, n), placed(near, far, memory.y, n)
    at = memory.state
    state = cube(near if at >= 0 else far, max(at, -1 - at), STATES, n, 1)
    scratch = Scratch(
        x, y, placed(near, far, memory.g, n), y, y,
        vector(near, HANDED, 1), vector(near, HANDED + 1, 1),
        cuda.local.array(1, REAL), cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        cuda.local.array((MOST_TARGETS, 1), REAL)[: plan.targets.shape[0]],
        cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        state, cuda.local.array((LANE_STATE_ROOM, 1), REAL)[:LANE_STATES],
        matrix(near, HANDED + 2, 2, 1), far[:0],
    )  # fmt: skip
    one = Surface(
        surface.p, surface.q, memory.work[net], surface.shift, surface.centre, surface.rotation
    )
    run_block(0, 0, 0, 0, lanes, one, plan, results, scratch, net, net)


# ---------------------------------------------------------------------------- making of a kernel


class NetBinder(Binder):
    """Binds functions where the threads of a block share a net."""

    primitives = {}

    def __init__(self, base):
        super().__init__(base)
        self.primitives = base.primitives

    def function(self, function):
        """Return a function's copy, which remembers whether it gives a view."""
        copy = super().function(function)
        copy.__dict__.update(function.__dict__)
        return copy

    def callee(self, function):
        """Return what stands for a function: for a primitive that of CUDA."""
        stands = self.primitives.get(function)
        return self.compiled(function) if stands is None else stands

    def replace(self, original, substitute, **names):
        """Have the callers of `original` call a substitute, which sees `names`."""
        copy = self.function(substitute)
        copy.__globals__.update(names)
        self.seen[original] = self.finish(copy)

    def whole(self, definition, cls):
        """Return ``block(call, ...)`` of a function that takes the arrays of a whole block."""
        return self.callee(sources.generated(sources.whole_source(cls), {"author": definition}))

    def rule(self, layout):
        """Return ``rule(call, t, phase, across)``, which runs over this thread's coordinates."""
        source = rule_source(layout, 1, "share")
        return self.callee(sources.generated(source, sources.rule_functions(layout)))


def kernel(functions, layout, dtype, threads):
    """Return the kernel as a Python function, its callees handed to the compiler.

    Parameters
    ----------
    functions : tuple of function
        Problem, metrics and adjust (or None) of a net, as `blocks.whole_block` takes them.
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
    binder.bind(call_rule, take_step, run_block)
    return binder.function(drive)


@functools.cache
def _shared(dtype, threads, functions):
    """Return a binder with all but the rule, so that it is compiled once."""
    binder = NetBinder.of(dtype, part_called, views())
    binder.primitives, by_name = cuda_primitives.bound(dtype, threads)
    binder.made += by_name.values()
    handed = cuda_primitives.reserved(threads)
    binder.scope.update(
        by_name,
        HANDED=handed,
        MOST_TARGETS=MOST_TARGETS,
        ENDING=events.ENDING,
    )
    binder.bind(
        observe, eventful_window, values_finite, points_finite, keep, steps_in_place, placed, own,
        own_lanes, own_results, own_scratch,
    )  # fmt: skip
    entry = events.largest_entry.py_func
    binder.replace(entry, largest_entry, largest_own_entry=binder.compiled(entry))
    binder.value(events)
    for event in WITH_COORDINATES:
        _share_out(binder, event.py_func)
    ends = events.end_points.py_func
    noted = binder.compiled(events.end_not_finite.py_func)
    binder.replace(ends, end_points, end_own_points=binder.seen[ends], end_not_finite=noted)
    for name, function in zip(WHOLE_BLOCKS, functions, strict=True):
        if function is not None:
            binder.scope[f"one_{name}"] = binder.whole(function, WHOLE_BLOCKS[name])
    binder.bind(call_problem, call_metrics)
    if functions[-1] is not None:
        binder.bind(call_adjust)
    acts = unadjusted if functions[-1] is None else adjusted
    binder.bind(measure, look, evaluate=EVALUATE[DIRECT], adjusted=acts, goes_on=alone)
    return binder


def _share_out(binder, event):
    """Have `steps` call an event with what its thread owns; events call each other as they are."""
    names = list(inspect.signature(event).parameters)
    given = ", ".join(f"{OWNED[name]}({name})" if name in OWNED else name for name in names)
    source = f"def block({', '.join(names)}):\n    return event({given})\n"
    substitute = sources.generated(source, {})
    binder.replace(event, substitute, event=binder.compiled(event))
