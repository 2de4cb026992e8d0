# ruff: noqa: F821 - `_bound` supplies the names of the passes and of the functions below
"""The compiled CPU driver: runs blocks of lanes through a problem and a rule.

It is compiled once per dtype: problem, metrics and rule arrive as function pointers, so N rules
and M problems cost N + M + 1 compilations. Per lane it keeps to these rules (DESIGN,
"Definitions"):

- x_t is the point after t steps. On *exact* runs (deterministic problem, the iterate is x) the best
  value and the hitting times are taken at every step; on others at the recorded steps, from the
  noise-free f at the reported point.
- A lane ends when f or x stops being finite (x keeps its last finite value) or, if asked, at its
  last target. It is then parked: put back to its start with rate 0, where it costs nothing unusual
  and cannot disturb its neighbours. A block whose lanes have all ended stops.

A step goes from one buffer to the other and back, so that the point before is at hand without a
copy; only rules that report another iterate, or that take two gradients, step in place.

What happens at every step is in `passes`, over Vecs; what happens rarely in `events`, by lane.
Functions hand on the addresses of whole groups (see `pointers`), which keeps them quick to compile.
"""

import functools
import types as python_types

import numpy as np
from numba import types

from optbench.kernels import events
from optbench.kernels.blocks import WIDTHS
from optbench.kernels.calls import MetricsCall, ProblemCall, RuleCall, signature
from optbench.kernels.compile import helper, jit
from optbench.kernels.events import PARKED, RUNNING, any_in
from optbench.kernels.floating import FLUSH, get_mode, set_mode
from optbench.kernels.groups import PARTS, group_types
from optbench.kernels.passes import PASSES, bind
from optbench.kernels.pointers import at, place


@functools.cache
def driver(dtype):
    """Compile the driver for a dtype.

    Returns
    -------
    dispatcher
        ``drive(problem, metrics, rule, lanes, surface, plan, results, scratch)`` takes the entries
        of three blocks and the addresses (int64) of five groups of arrays.
    """
    dtype = np.dtype(dtype)
    groups = group_types(dtype)
    names = ("lanes", "surface", "plan", "results", "scratch")
    scope = {f"to_{name}": at(kind) for name, kind in zip(names, groups, strict=True)}
    scope |= {"width": WIDTHS[dtype], **bind(PASSES, dtype)}
    for function in (_frame, _evaluate, _metrics, _look, _step, _block):
        scope[function.__name__] = helper(_copy(function, scope))
    blocks = [
        types.FunctionType(signature(cls, dtype)) for cls in (ProblemCall, MetricsCall, RuleCall)
    ]
    return jit(_copy(_drive, scope), types.void(*blocks, *[types.int64] * len(groups)))


def _copy(function, scope):
    """Return a copy of a function that sees `scope` by name."""
    known = {**function.__globals__, **scope}
    return python_types.FunctionType(function.__code__, known, function.__name__)


def _drive(problem, metrics, rule, lanes, surface, plan, results, scratch):
    """Run all blocks."""
    # Numbers below the normal range count as 0: converged lanes would be ten times slower.
    mode = get_mode()
    set_mode(mode | FLUSH)
    for block in range(to_lanes(lanes).start.shape[0]):
        _block(
            problem, metrics, rule, to_lanes(lanes), to_surface(surface), to_plan(plan),
            to_results(results), to_scratch(scratch), block,
        )  # fmt: skip
    set_mode(mode)


def _block(problem, metrics, rule, lanes, surface, plan, results, scratch, block):
    """Run one block from its start to the end of its budget, or of its last lane."""
    p, q, work, key = surface.p, surface.q, surface.work, lanes.key[block]
    x, g, f, seen, phase = scratch.x, scratch.g, scratch.f, scratch.seen, scratch.phase
    state, hyper, lane_state = scratch.state, lanes.hyper[block], scratch.lane_state
    first = block * phase.shape[0]
    in_place = plan.iterate >= 0 or plan.evaluations > 1
    before, after = scratch.y, x if in_place else scratch.y
    # `seen` takes the noise-free f; a rule sees the f of its gradients.
    fed = seen if plan.exact and plan.evaluations == 1 else f
    uniform, layers, own = lanes.uniform, lanes.layers, scratch.memory
    move = place(RuleCall(x, after, g, fed, state, lane_state, hyper, uniform, layers, key, own))
    back = place(RuleCall(after, x, g, fed, state, lane_state, hyper, uniform, layers, key, own))
    at_x = place(ProblemCall(x, g, f, p, q, work, key))
    at_y = place(ProblemCall(after, g, f, p, q, work, key))
    reported = x if plan.iterate < 0 else state[plan.iterate]
    look_x = place(ProblemCall(reported, g, seen, p, q, work, key))
    look_y = place(ProblemCall(after, g, seen, p, q, work, key))
    turned = scratch.gz if surface.rotation.shape[0] else g
    at_z = place(ProblemCall(scratch.z, turned, f, p, q, work, key))
    look_z = place(ProblemCall(scratch.z, turned, seen, p, q, work, key))
    events.begin(lanes, plan, results, scratch, block, first)
    if work.shape[0]:
        work[0] = 0  # a problem may keep state in its buffers: here a lane starts
    r = 0
    for t in range(plan.steps + 1):
        if not points_finite(x):
            events.end_broken(x, seen, plan, results, scratch, first, t)
            events.park(lanes, plan, results, scratch, block, first, before, x)
            if not any_in(phase, RUNNING):
                break
        if in_place:
            keep(reported, before)
        due = r < plan.record_steps.shape[0] and plan.record_steps[r] == t
        if due and plan.has_metrics:
            _metrics(metrics, p, q, work, results, scratch, first, r, reported)
        if plan.exact or (due and (not plan.has_metrics or t == plan.steps)):
            full = plan.full_batch if plan.exact else 1
            _evaluate(problem, look_x, look_z, reported, surface, scratch, t, full)
        ending = False
        if plan.exact or due:
            if t == 0:
                events.first_look(plan, results, scratch, first)
            if observe(seen, scratch.best, scratch.wanted):
                ending = _look(plan, results, scratch, first, t)
        if due:
            events.record(results, scratch, first, r, reported)
            r += 1
        if t == plan.steps:
            break
        finite = _step(problem, rule, surface, plan, scratch, at_x, at_z, x, move, t)
        if not in_place:
            x, before = before, x
            reported = x
            at_x, at_y, look_x, look_y, move, back = at_y, at_x, look_y, look_x, back, move
        if ending or not finite:
            if not finite:
                events.end_broken(before, f, plan, results, scratch, first, t)
            events.park(lanes, plan, results, scratch, block, first, before, x)
            if not any_in(phase, RUNNING):
                break
    events.settle(plan, results, scratch, first)
    for lane in range(phase.shape[0]):
        if phase[lane] != PARKED:
            events.store_lane(plan, results, scratch, first, lane, reported)


def _step(problem, rule, surface, plan, scratch, at_x, at_z, x, move, t):
    """One step from x_t: for each gradient an evaluation, unless it is known, and the rule."""
    finite = True
    if plan.exact and plan.evaluations > 1:
        for lane in range(scratch.f.shape[0]):
            scratch.f[lane] = scratch.seen[lane]
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            _evaluate(problem, at_x, at_z, x, surface, scratch, t, plan.full_batch)
            finite &= values_finite(scratch.f)
        if t == 0 and phase == 0:
            events.start_scale(plan, scratch)
        rule(move, t, phase, plan.across)
    return finite


def _evaluate(problem, here, at_z, x, surface, scratch, t, full):
    """Fill f and g at x: directly through the call `here`, or through the instance's frame."""
    if surface.shift.shape[0] == 0:
        problem(here, t, full)
    else:
        _frame(problem, at_z, x, surface, scratch, t, full)


def _frame(problem, at_z, x, surface, scratch, t, full):
    into_frame(x, surface.shift, surface.centre, surface.rotation, scratch.z, scratch.gz)
    problem(at_z, t, full)
    if surface.rotation.shape[0]:
        out_of_frame(scratch.gz, surface.rotation, scratch.g)


def _metrics(metrics, p, q, work, results, scratch, first, r, reported):
    """Loss and accuracy on the parts of the data; the training loss is the noise-free f."""
    m, phase, written = scratch.metrics, scratch.phase, results.record_metrics
    call = place(MetricsCall(reported, m, p, q, work))
    for part in range(PARTS - 1, -1, -1):
        metrics(call, part)
        for lane in range(phase.shape[0]):
            if phase[lane] == RUNNING:
                written[first + lane, r, 2 * part] = m[0, lane]
                written[first + lane, r, 2 * part + 1] = m[1, lane]
    for lane in range(m.shape[1]):
        scratch.seen[lane] = m[0, lane]


def _look(plan, results, scratch, first, t):
    """Attend to the lanes that reached a target or left the finite; say whether one ends."""
    seen, wanted, phase = scratch.seen, scratch.wanted, scratch.phase
    ending = False
    window = eventful_window(seen, wanted, 0)
    while window < seen.shape[0]:
        for lane in range(window, min(window + width, phase.shape[0])):
            quiet = seen[lane] > wanted[lane] and seen[lane] < np.inf
            if phase[lane] == RUNNING and not quiet:
                ending |= events.observe_lane(plan, results, scratch, first, lane, t)
        window = eventful_window(seen, wanted, window + width)
    return ending
