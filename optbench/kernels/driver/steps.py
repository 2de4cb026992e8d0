"""How a block of lanes runs from its start to its end: the part that all targets share.

Per lane it keeps to these rules:

- x_t is the point after t steps. On *exact* runs (deterministic problem, the iterate is x) the best
  value and the hitting times are taken at every step; on others at the recorded steps, from the
  noise-free f at the reported point.
- A lane ends when f or x stops being finite (x keeps its last finite value; at the start it is the
  start), when its net stops it (`adjust`, see `memory.calls`) or, if the plan says so, at its last
  target. It is then parked: its results are stored, and its column runs on unseen. Whatever a
  column holds, no other lane sees it; one that is not finite is made a copy of a running lane
  (`events.mend`), since looking for the cause at each step would be slow. A block whose lanes have
  all ended stops.

A step goes from one buffer to the other and back, so that the point before is at hand without a
copy; rules that report another iterate, or that take two gradients, step in place. So x_t alone
says where a run is: `advance` takes it from any step to any later one.

What happens at every step is in `passes`, what happens rarely in `events`, by lane. Names of
`target` are supplied by each target, as are the functions of `passes`.
"""

from typing import NamedTuple

import numpy as np

from optbench.kernels.driver import events
from optbench.kernels.driver.events import PARKED, RUNNING, any_in
from optbench.kernels.driver.passes import (
    copy_point,
    eventful_window,
    into_frame,
    out_of_frame,
    points_finite,
    update_best,
    values_finite,
)
from optbench.kernels.driver.target import (
    call_adjust,
    call_metrics,
    call_problem,
    call_rule,
    place,
    width,
)
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, RuleCall
from optbench.kernels.memory.groups import Lanes, Plan, Results, Scratch, Surface
from optbench.kernels.status import PARTS

LATER, LAST, NEVER = 0, 1, 2
"""What comes after `advance`: further steps, a last look at its net, or nothing: no lane runs."""


class Run(NamedTuple):
    """A block of lanes under way."""

    problem: int  # the functions, as `call_problem` and the like of the target take them
    metrics: int
    rule: int
    adjust: int
    lanes: Lanes
    surface: Surface
    plan: Plan
    results: Results
    scratch: Scratch
    block: int  # its number among those of the launch
    first: int  # the number of its first lane in the results


class Side(NamedTuple):
    """A buffer that holds x_t, and the calls that are made there."""

    x: np.ndarray  # [d, B]
    reported: np.ndarray  # [d, B] the iterate that the rule reports
    before: np.ndarray  # [d, B] the reported point before the last step
    slope: ProblemCall  # fills g and the f that the rule sees
    slope_framed: ProblemCall  # the same in the frame of the instance
    look: ProblemCall  # fills g and the noise-free f at the reported point
    look_framed: ProblemCall
    step: RuleCall  # moves x to the other buffer, or in place


def run_block(run):
    """Run one block from its start to the end of its budget, or of its last lane."""
    lanes, surface, plan, scratch = run.lanes, run.surface, run.plan, run.scratch
    p, q, work, key = surface.p, surface.q, surface.work, lanes.key[run.block]
    x, z, g, f, f_clean, state = (
        scratch.x,
        scratch.z,
        scratch.g,
        scratch.f,
        scratch.f_clean,
        scratch.state,
    )
    hyper, uniform, tensors = lanes.hyper[run.block], lanes.uniform, lanes.layers
    lane_state, memory = scratch.lane_state, scratch.memory
    other = x if steps_in_place(plan) else scratch.y
    reported = x if plan.iterate < 0 else state[plan.iterate]
    # `f_clean` takes the noise-free f; a rule sees the f of its gradients.
    h = f_clean if plan.exact and plan.evaluations == 1 else f
    frame_g = scratch.gz if surface.rotation.shape[0] else g
    step = place(RuleCall(x, other, g, h, state, lane_state, hyper, uniform, tensors, key, memory))
    back = place(RuleCall(other, x, g, h, state, lane_state, hyper, uniform, tensors, key, memory))
    slope = place(ProblemCall(x, g, f, p, q, work, key))
    slope_back = place(ProblemCall(other, g, f, p, q, work, key))
    slope_framed = place(ProblemCall(z, frame_g, f, p, q, work, key))
    look = place(ProblemCall(reported, g, f_clean, p, q, work, key))
    look_back = place(ProblemCall(other, g, f_clean, p, q, work, key))
    look_framed = place(ProblemCall(z, frame_g, f_clean, p, q, work, key))
    even = place(Side(x, reported, scratch.y, slope, slope_framed, look, look_framed, step))
    odd = place(Side(other, other, x, slope_back, slope_framed, look_back, look_framed, back))
    events.begin(lanes, plan, run.results, scratch, run.block, run.first)
    copy_point(reported, scratch.y)
    if work.shape[0]:
        work[0] = 0  # a problem may keep state in its buffers: here a lane starts
    pass_through(run, even, odd)


def pass_through(run, even, odd):
    """Run a block whose lanes are at their start; x_t is on the side `even` where t is even."""
    plan, results, scratch = run.plan, run.results, run.scratch
    record_steps, swaps = plan.record_steps, not steps_in_place(plan)
    t, r, last, outcome = 0, 0, plan.steps, LATER
    if plan.adjusts:
        adjusted(run, even, t)
    if not arrive(run, even, t):
        outcome = NEVER
    while outcome != NEVER:
        at = odd if swaps and t % 2 else even
        due = r < record_steps.shape[0] and (record_steps[r] == t or t == last)
        if due and plan.has_metrics:
            measure(run, at.reported, r)
        if plan.exact or (due and (not plan.has_metrics or t == last)):
            full = plan.full_batch if plan.exact else 1
            evaluate(run, at.look, at.look_framed, at.reported, t, full)
        ending = (plan.exact or due) and observe(run, t)
        if due:
            events.record(plan, results, scratch, run.first, r, at.reported)
            r += 1
        if t == last:
            break
        until = last
        if plan.exact:
            until = t + 1
        elif r < record_steps.shape[0]:
            until = min(last, record_steps[r])
        t, outcome = advance(run, even, odd, t, until, ending)
        if outcome == LAST:
            last = t
    if last < plan.steps:
        events.end_stopped(results, scratch, run.first, last)
    events.settle(plan, results, scratch, run.first)
    at = odd if swaps and t % 2 else even
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] != PARKED:
            events.store_lane(plan, results, scratch, run.first, lane, at.reported)


def advance(run, even, odd, t, until, ending):
    """Take the steps from x_t to x_until, or as long as a lane runs.

    Parameters
    ----------
    ending : bool
        Whether lanes end at x_t, which are then parked after the step.

    Returns
    -------
    t : int
        How far it came.
    outcome : int
        LATER, LAST or NEVER.
    """
    plan, results, scratch = run.plan, run.results, run.scratch
    swaps, at = not steps_in_place(plan), even
    while t < until:
        at = odd if swaps and t % 2 else even
        finite = take_step(run, at, t)
        t += 1
        at = odd if swaps and t % 2 else even
        stopped = plan.adjusts and finite and adjusted(run, at, t)
        if ending or not finite:
            if not finite:
                events.end_values(scratch.f, results, scratch, run.first, t - 1)
            events.park(plan, results, scratch, run.first, at.before)
            if not goes_on(run, at.x):
                return t, NEVER
            ending = False
        if not arrive(run, at, t):
            return t, NEVER
        if stopped:
            return t, LAST
    return t, LATER


def arrive(run, at, t):
    """Have the lanes end whose x_t is not finite; say whether one still runs."""
    if not points_finite(at.x):
        events.end_points(at.x, run.plan, run.results, run.scratch, run.first, t)
        events.park(run.plan, run.results, run.scratch, run.first, at.before)
        if not goes_on(run, at.x):
            return False
    if steps_in_place(run.plan):
        copy_point(at.reported, at.before)
    return True


def take_step(run, at, t):
    """Step from x_t: for each gradient an evaluation, unless there is one, and the rule.

    Returns
    -------
    bool
        Whether f was finite in all lanes.
    """
    plan, scratch = run.plan, run.scratch
    finite = True
    if plan.exact and plan.evaluations > 1:
        for lane in range(scratch.f.shape[0]):
            scratch.f[lane] = scratch.f_clean[lane]
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            evaluate(run, at.slope, at.slope_framed, at.x, t, plan.full_batch)
            finite &= values_finite(scratch.f)
        if t == 0 and phase == 0:
            events.start_scale(plan, scratch)
        call_rule(run.rule, at.step, t, phase, plan.across)
    return finite


def evaluate(run, direct, framed, x, t, full):
    """Fill f and g at x: by the call `direct`, or by `framed` through the instance's frame."""
    surface, scratch = run.surface, run.scratch
    has_frame = surface.shift.shape[0] > 0
    if has_frame:
        into_frame(x, surface.shift, surface.centre, surface.rotation, scratch.z, scratch.gz)
    call_problem(run.problem, framed if has_frame else direct, t, full)
    if surface.rotation.shape[0] > 0:
        out_of_frame(scratch.gz, surface.rotation, scratch.g)


def adjusted(run, at, t):
    """Let a net act on the point that its first t steps led to; say whether its lane ends there."""
    surface, verdict = run.surface, run.scratch.metrics[1]
    key = run.lanes.key[run.block]
    call = ProblemCall(at.reported, at.before, verdict, surface.p, surface.q, surface.work, key)
    call_adjust(run.adjust, place(call), t, int(0 < t == run.plan.steps))
    return verdict[0] > 0


def measure(run, reported, r):
    """Write loss and accuracy on the parts of the data into record r.

    The loss on the training part is the noise-free f.
    """
    surface, scratch, written = run.surface, run.scratch, run.results.record_metrics
    m, phase = scratch.metrics, scratch.phase
    call = place(MetricsCall(reported, m, surface.p, surface.q, surface.work))
    for part in range(PARTS - 1, -1, -1):
        call_metrics(run.metrics, call, part)
        for lane in range(phase.shape[0]):
            if phase[lane] == RUNNING:
                written[run.first + lane, r, 2 * part] = m[0, lane]
                written[run.first + lane, r, 2 * part + 1] = m[1, lane]
    for lane in range(m.shape[1]):
        scratch.f_clean[lane] = m[0, lane]


def observe(run, t):
    """Take note of the noise-free f at x_t; say whether a lane ends."""
    scratch = run.scratch
    if t == 0:
        events.first_values(run.plan, run.results, scratch, run.first)
    return update_best(scratch.f_clean, scratch.best, scratch.next_target) and attend(run, t)


def attend(run, t):
    """Attend to the columns that reached a target or left the finite; say whether one ends.

    One that is parked, or beyond the lanes, counts as ending when it leaves the finite.
    """
    scratch = run.scratch
    f_clean, target, phase = scratch.f_clean, scratch.next_target, scratch.phase
    ending = False
    window = eventful_window(f_clean, target, 0)
    while window < f_clean.shape[0]:
        for lane in range(window, window + width):
            if not (f_clean[lane] > target[lane] and f_clean[lane] < np.inf):
                if lane < phase.shape[0] and phase[lane] == RUNNING:
                    ending |= events.observe_lane(
                        run.plan, run.results, scratch, run.first, lane, t
                    )
                else:
                    ending = True
        window = eventful_window(f_clean, target, window + width)
    return ending


def goes_on(run, x):
    """Say whether a lane still runs; if so, see to the columns that nobody looks at any more."""
    runs = any_in(run.scratch.phase, RUNNING)
    if runs and not run.plan.across:
        events.mend(run.lanes, run.scratch, run.block, x)
    return runs


def steps_in_place(plan):
    """Say whether x is overwritten: the point before is then kept as a copy."""
    return plan.iterate >= 0 or plan.evaluations > 1


STEPS = (
    steps_in_place, evaluate, adjusted, measure, goes_on, attend, observe, arrive, take_step,
    advance, pass_through, run_block,
)  # fmt: skip
"""Callees before their callers."""
