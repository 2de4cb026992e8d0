"""How a block of lanes runs from its start to its end: the part that all targets share.

Per lane it keeps to these rules:

- x_t is the point after t steps. On *exact* runs (deterministic problem) the best value and the
  hitting times are taken at every step, from f at the reported point; on others at the recorded
  steps, from the noise-free f there. Where the reported point is not x, a step of an exact run
  costs one evaluation more than the rule asks for, which nobody counts.
- A lane ends when f or x stops being finite (x keeps its last finite value; at the start it is the
  start), when its net stops it (`adjust`, see `memory.calls`) or, if the plan says so, at its last
  target. It is then parked: its results are stored, and its column runs on unseen. Whatever a
  column holds, no other lane sees it; one that is not finite is made a copy of a running lane
  (`events.mend`), since looking for the cause at each step would be slow. A block whose lanes have
  all ended stops.

A step goes from one buffer to the other and back, so that the point before is at hand without a
copy; rules that report another iterate, or that take two gradients, step in place. So x_t alone
says where a run is: `advance` takes it from any step to any later one.

What is done at a point is in `points`; what is done over Vecs at every step in `passes`, what
happens rarely in `events`, by lane. Names of `target` are supplied by each target.
"""

from optbench.kernels.driver import events
from optbench.kernels.driver.events import PARKED
from optbench.kernels.driver.passes import copy_point, values_finite
from optbench.kernels.driver.points import (
    Side,
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
from optbench.kernels.driver.target import GENERAL, call_rule, estimate_hessian, place
from optbench.kernels.memory.calls import ProblemCall, RuleCall


def run_block(run):
    """Run one block from its start to the end of its budget, or of its last lane."""
    lanes, surface, plan, scratch = run.lanes, run.surface, run.plan, run.scratch
    p, q, work, key = surface.p, surface.q, scratch.work, lanes.key[run.block]
    x, z, g, f, f_clean = scratch.x, scratch.z, scratch.g, scratch.f, scratch.f_clean
    hyper, tensors = lanes.hyper[run.block], lanes.tensor_table
    uniform, moving = lanes.uniform[lanes.table[run.block]], lanes.moving
    state, lane_state, memory = scratch.state, scratch.lane_state, scratch.memory
    other = x if steps_in_place(plan) else scratch.y
    reported = x if plan.iterate < 0 else state[plan.iterate]
    # `f_clean` takes the noise-free f; a rule sees the f of its gradients.
    h = f_clean if looks_at_x(plan) and plan.evaluations == 1 else f
    frame_g = scratch.gz if surface.matrix.shape[0] else g
    step = place(
        RuleCall(x, other, g, h, state, lane_state, hyper, uniform, moving, tensors, key, memory)
    )
    back = place(
        RuleCall(other, x, g, h, state, lane_state, hyper, uniform, moving, tensors, key, memory)
    )
    look = slope = place(ProblemCall(reported, g, f_clean, p, q, work, key))
    look_back = slope_back = place(ProblemCall(other, g, f_clean, p, q, work, key))
    look_framed = slope_framed = place(ProblemCall(z, frame_g, f_clean, p, q, work, key))
    if GENERAL:
        slope = place(ProblemCall(x, g, f, p, q, work, key))
        slope_back = place(ProblemCall(other, g, f, p, q, work, key))
        slope_framed = place(ProblemCall(z, frame_g, f, p, q, work, key))
    even = place(Side(x, reported, scratch.y, slope, slope_framed, look, look_framed, step))
    odd = place(Side(other, other, x, slope_back, slope_framed, look_back, look_framed, back))
    events.begin(lanes, plan, run.results, scratch, run.block, run.first)
    copy_point(reported, scratch.y)
    if work.shape[0]:
        work[0] = 0  # a problem may keep state in its buffers: here a lane starts
    if GENERAL and plan.adjusts:
        adjusted(run, even, 0)
    t, last = advance(run, even, odd, 0, plan.steps + 1, plan.steps)
    finish(run, odd if t % 2 and not steps_in_place(plan) else even, last)


def advance(run, even, odd, first, end, last):
    """Look at the points x_first .. x_(end - 1), and step from each to the next.

    x_first is where the block stands, on the side `even` where its number is even. A run may be cut
    anywhere: what says how far it is lies in the work space and in these numbers.

    Parameters
    ----------
    last : int
        The last point of the run.

    Returns
    -------
    t : int
        Where the block stands: x_end, or an earlier point at which it ended.
    last : int
        The last point of the run: after fewer steps than planned where a net stopped.
    """
    plan, results, scratch = run.plan, run.results, run.scratch
    record_steps, swaps = plan.record_steps, not steps_in_place(plan)
    r, t = 0, first
    while r < record_steps.shape[0] and record_steps[r] < first:
        r += 1
    at = odd if swaps and first % 2 else even
    moved = False  # of x_first nobody has said that it is finite
    for t in range(first, end):
        if not arrive(run, at, t, moved):
            break
        due = r < record_steps.shape[0] and (record_steps[r] == t or t == last)
        if GENERAL and due and plan.has_metrics:
            measure(run, at.reported, r)
        if plan.exact or (due and (not plan.has_metrics or t == last)):
            full = plan.full_batch if plan.exact else 1
            evaluate(run, at.look, at.look_framed, at.reported, t, full)
        ending = (plan.exact or due) and observe(run, t)
        if due:
            events.record(run.lanes, plan, results, scratch, run.first, r, at.reported)
            r += 1
        if t == last:
            break
        finite, moved = take_step(run, at, t)
        at = odd if swaps and (t + 1) % 2 else even
        if GENERAL and plan.adjusts and finite and adjusted(run, at, t + 1):
            last = t + 1
        if ending or not finite:
            if not finite:
                events.end_values(scratch.f, results, scratch, run.first, t)
            events.park(plan, results, scratch, run.first, at.before)
            if not goes_on(run, at.x):
                t += 1
                break
    else:
        t = end
    return t, last


def take_step(run, at, t):
    """Step from x_t: for each gradient an evaluation, unless there is one, and the rule.

    Returns
    -------
    finite : bool
        Whether f was finite in all lanes.
    moved : bool
        What the rule says of x_(t + 1).
    """
    plan, scratch = run.plan, run.scratch
    finite, moved, looked = True, True, looks_at_x(plan)
    if GENERAL and looked and plan.evaluations > 1:
        for lane in range(scratch.f.shape[0]):
            scratch.f[lane] = scratch.f_clean[lane]
    if GENERAL and plan.hessian >= 0 and t % plan.hessian_every == 0:
        estimate_hessian(run, at, t)
    for phase in range(plan.evaluations):
        if GENERAL and (phase > 0 or not looked):
            evaluate(run, at.slope, at.slope_framed, at.x, t, plan.full_batch)
            finite &= values_finite(scratch.f)
        if t == 0 and phase == 0:
            events.start_scale(plan, scratch)
        moved = call_rule(run.rule, at.step, t, phase, plan.across)
    return finite, moved


def finish(run, at, last):
    """Store the lanes that run to the end, which is x_last."""
    plan, results, scratch = run.plan, run.results, run.scratch
    if GENERAL and last < plan.steps:
        events.end_stopped(results, scratch, run.first, last)
    events.settle(plan, results, scratch, run.first)
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] != PARKED:
            events.store_lane(plan, results, scratch, run.first, lane, at.reported)


STEPS = (
    steps_in_place, looks_at_x, evaluate, adjusted, measure, goes_on, attend, observe, arrive,
    take_step, advance, finish, run_block,
)  # fmt: skip
"""Callees before their callers."""
EVERY_STEP = (evaluate, observe, arrive, take_step)
"""What every step calls, once or twice: parts of `advance`, since a call costs nanoseconds."""
