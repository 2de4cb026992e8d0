# ruff: noqa: F821 - each target supplies the names
"""How a block of lanes runs from its start to its end: the part that all targets share.

Per lane it keeps to these rules:

- x_t is the point after t steps. On *exact* runs (deterministic problem, the iterate is x) the best
  value and the hitting times are taken at every step; on others at the recorded steps, from the
  noise-free f at the reported point.
- A lane ends when f or x stops being finite (x keeps its last finite value; at the start it is the
  start), when its net stops it (`adjust`, see `calls`) or, if asked, at its last target. It is then
  parked: its results are stored, and its column runs on unseen. Whatever a column holds, no other
  lane sees it; one that is not finite is made a copy of a running lane (`events.mend`), since
  looking for the cause at each step would be slow. A block whose lanes have all ended stops.

A step goes from one buffer to the other and back, so that the point before is at hand without a
copy; rules that report another iterate, or that take two gradients, step in place.

What happens at every step is in `passes`, what happens rarely in `events`, by lane. A target
(`cpu`, `cuda`) supplies the functions of `passes`, ``width``, how groups of arrays are handed on
(``place``), how problems and rules are called (``call_problem``, ``call_metrics``, ``call_rule``,
``call_adjust``) and ``steps_in_place``.
"""

import numpy as np

from optbench.kernels.driver import events
from optbench.kernels.driver.events import PARKED, RUNNING, any_in
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, RuleCall
from optbench.kernels.memory.pointers import place
from optbench.kernels.status import PARTS


def run_block(problem, metrics, rule, adjust, lanes, surface, plan, results, scratch, block, first):
    """Run one block from its start to the end of its budget, or of its last lane.

    `first` is the number of the block's first lane in the results.
    """
    p, q, work, key = surface.p, surface.q, surface.work, lanes.key[block]
    x, g, f, seen, phase = scratch.x, scratch.g, scratch.f, scratch.seen, scratch.phase
    state, hyper, lane_state = scratch.state, lanes.hyper[block], scratch.lane_state
    in_place = steps_in_place(plan)
    before, after = scratch.y, x if in_place else scratch.y
    # `seen` takes the noise-free f; a rule sees the f of its gradients.
    fed = seen if plan.exact and plan.evaluations == 1 else f
    uniform, tensors, own = lanes.uniform, lanes.tensor_table, scratch.memory
    move = place(RuleCall(x, after, g, fed, state, lane_state, hyper, uniform, tensors, key, own))
    back = place(RuleCall(after, x, g, fed, state, lane_state, hyper, uniform, tensors, key, own))
    at_x = place(ProblemCall(x, g, f, p, q, work, key))
    at_y = place(ProblemCall(after, g, f, p, q, work, key))
    reported = x if plan.iterate < 0 else state[plan.iterate]
    look_x = place(ProblemCall(reported, g, seen, p, q, work, key))
    look_y = place(ProblemCall(after, g, seen, p, q, work, key))
    turned = scratch.gz if surface.rotation.shape[0] else g
    at_z = place(ProblemCall(scratch.z, turned, f, p, q, work, key))
    look_z = place(ProblemCall(scratch.z, turned, seen, p, q, work, key))
    events.begin(lanes, plan, results, scratch, block, first)
    keep(reported, before)
    if work.shape[0]:
        work[0] = 0  # a problem may keep state in its buffers: here a lane starts
    r, last = 0, plan.steps
    if plan.adjusts:
        adjusted(adjust, surface, scratch, key, reported, before, 0, False)
    for t in range(plan.steps + 1):
        if not points_finite(x):
            events.end_points(x, plan, results, scratch, first, t)
            events.park(plan, results, scratch, first, before)
            if not goes_on(lanes, plan, scratch, block, x):
                break
        if in_place:
            keep(reported, before)
        due = r < plan.record_steps.shape[0] and (plan.record_steps[r] == t or t == last)
        if due and plan.has_metrics:
            measure(metrics, p, q, work, results, scratch, first, r, reported)
        if plan.exact or (due and (not plan.has_metrics or t == last)):
            full = plan.full_batch if plan.exact else 1
            evaluate(problem, look_x, look_z, reported, surface, scratch, t, full)
        ending = False
        if plan.exact or due:
            if t == 0:
                events.first_look(plan, results, scratch, first)
            if observe(seen, scratch.best, scratch.wanted):
                ending = look(plan, results, scratch, first, t)
        if due:
            events.record(plan, results, scratch, first, r, reported)
            r += 1
        if t == last:
            break
        finite = take_step(problem, rule, surface, plan, scratch, at_x, at_z, x, move, t)
        if not in_place:
            x, before = before, x
            reported = x
            at_x, at_y, look_x, look_y, move, back = at_y, at_x, look_y, look_x, back, move
        if plan.adjusts and finite:
            final = t + 1 == plan.steps
            if adjusted(adjust, surface, scratch, key, reported, before, t + 1, final):
                last = t + 1
        if ending or not finite:
            if not finite:
                events.end_values(f, results, scratch, first, t)
            events.park(plan, results, scratch, first, before)
            if not goes_on(lanes, plan, scratch, block, x):
                break
    if last < plan.steps:
        events.end_stopped(results, scratch, first, last)
    events.settle(plan, results, scratch, first)
    for lane in range(phase.shape[0]):
        if phase[lane] != PARKED:
            events.store_lane(plan, results, scratch, first, lane, reported)


def take_step(problem, rule, surface, plan, scratch, at_x, at_z, x, move, t):
    """One step from x_t: for each gradient an evaluation, unless it is known, and the rule."""
    finite = True
    if plan.exact and plan.evaluations > 1:
        for lane in range(scratch.f.shape[0]):
            scratch.f[lane] = scratch.seen[lane]
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            evaluate(problem, at_x, at_z, x, surface, scratch, t, plan.full_batch)
            finite &= values_finite(scratch.f)
        if t == 0 and phase == 0:
            events.start_scale(plan, scratch)
        call_rule(rule, move, t, phase, plan.across)
    return finite


def evaluate(problem, here, at_z, x, surface, scratch, t, full):
    """Fill f and g at x: directly through the call `here`, or through the instance's frame."""
    framed, turned = surface.shift.shape[0] > 0, surface.rotation.shape[0] > 0
    if framed:
        into_frame(x, surface.shift, surface.centre, surface.rotation, scratch.z, scratch.gz)
    call_problem(problem, at_z if framed else here, t, full)
    if turned:
        out_of_frame(scratch.gz, surface.rotation, scratch.g)


def adjusted(adjust, surface, scratch, key, x, before, done, last):
    """Let a net act on the point that a step led to; say whether its lane ends there."""
    verdict = scratch.metrics[1]
    call = ProblemCall(x, before, verdict, surface.p, surface.q, surface.work, key)
    call_adjust(adjust, place(call), done, int(last))
    return verdict[0] > 0


def measure(metrics, p, q, work, results, scratch, first, r, reported):
    """Loss and accuracy on the parts of the data; the training loss is the noise-free f."""
    m, phase, written = scratch.metrics, scratch.phase, results.record_metrics
    call = place(MetricsCall(reported, m, p, q, work))
    for part in range(PARTS - 1, -1, -1):
        call_metrics(metrics, call, part)
        for lane in range(phase.shape[0]):
            if phase[lane] == RUNNING:
                written[first + lane, r, 2 * part] = m[0, lane]
                written[first + lane, r, 2 * part + 1] = m[1, lane]
    for lane in range(m.shape[1]):
        scratch.seen[lane] = m[0, lane]


def goes_on(lanes, plan, scratch, block, x):
    """Say whether a lane still runs; if so, see to the columns that nobody looks at any more."""
    runs = any_in(scratch.phase, RUNNING)
    if runs and not plan.across:
        events.mend(lanes, scratch, block, x)
    return runs


def look(plan, results, scratch, first, t):
    """Attend to the columns that reached a target or left the finite; say whether one ends.

    One that is parked, or beyond the lanes, counts as ending when it leaves the finite.
    """
    seen, wanted, phase = scratch.seen, scratch.wanted, scratch.phase
    ending = False
    window = eventful_window(seen, wanted, 0)
    while window < seen.shape[0]:
        for lane in range(window, window + width):
            if not (seen[lane] > wanted[lane] and seen[lane] < np.inf):
                if lane < phase.shape[0] and phase[lane] == RUNNING:
                    ending |= events.observe_lane(plan, results, scratch, first, lane, t)
                else:
                    ending = True
        window = eventful_window(seen, wanted, window + width)
    return ending


STEPS = (evaluate, adjusted, measure, goes_on, look, take_step, run_block)
"""Callees before their callers."""


def steps_in_place(plan):
    """Say whether x is overwritten: the point before is then kept as a copy."""
    return plan.iterate >= 0 or plan.evaluations > 1
