"""A block of lanes at a point x_t of its run: what is evaluated, measured and observed there.

`steps` goes from point to point.
"""

from typing import NamedTuple

import numpy as np

from optbench.kernels.driver import events
from optbench.kernels.driver.events import RUNNING, any_in
from optbench.kernels.driver.passes import (
    copy_point,
    events_in,
    into_frame,
    out_of_frame,
    points_finite,
    stretched,
    update_best,
)
from optbench.kernels.driver.target import (
    GENERAL,
    call_adjust,
    call_metrics,
    call_problem,
    place,
    width,
)
from optbench.kernels.memory.calls import MetricsCall, ProblemCall, RuleCall
from optbench.kernels.memory.groups import Lanes, Plan, Results, Scratch, Surface
from optbench.kernels.status import PARTS


class Run(NamedTuple):
    """A block of lanes under way."""

    problem: int  # the functions, as `call_problem` and the like of the target take them
    metrics: int
    rule: int
    adjust: int
    products: int
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


def steps_in_place(plan):
    """Say whether x is overwritten: the point before is then kept as a copy."""
    return GENERAL and (plan.iterate >= 0 or plan.evaluations > 1)


def looks_at_x(plan):
    """Say whether the noise-free f is looked at, at every step, where the rule's slope is taken."""
    return not GENERAL or (plan.exact and plan.iterate < 0)


def arrive(run, at, t, finite):
    """Have the lanes end whose x_t is not finite; say whether one still runs.

    `finite` says that no x_t can be other than finite; the rules of nets do not look.
    """
    if not finite or (GENERAL and run.plan.across and not points_finite(at.x)):
        events.end_points(at.x, run.plan, run.results, run.scratch, run.first, t)
        events.park(run.plan, run.results, run.scratch, run.first, at.before)
        if not goes_on(run, at.x):
            return False
    if GENERAL and steps_in_place(run.plan):
        copy_point(at.reported, at.before)
    return True


def evaluate(run, direct, framed, x, t, full):
    """Fill f and g at x: by the call `direct`, or by `framed` through the instance's frame."""
    surface, scratch = run.surface, run.scratch
    has_frame = surface.shift.shape[0] > 0
    if has_frame:
        into_frame(
            x, surface.shift, surface.centre, surface.matrix, surface.stretch, scratch.z, scratch.gz
        )
    call_problem(run.problem, framed if has_frame else direct, t, full)
    if surface.matrix.shape[0] > 0:
        out_of_frame(scratch.gz, surface.matrix, scratch.g)
    elif surface.stretch != 1:
        stretched(scratch.g, surface.stretch)


def adjusted(run, at, t):
    """Let a net act on the point that its first t steps led to; say whether its lane ends there."""
    surface, verdict = run.surface, run.scratch.metrics[1]
    key = run.lanes.key[run.block]
    work = run.scratch.work
    call = ProblemCall(at.reported, at.before, verdict, surface.p, surface.q, work, key)
    call_adjust(run.adjust, place(call), t, int(0 < t == run.plan.steps))
    return verdict[0] > 0


def measure(run, reported, r):
    """Write loss and accuracy on the parts of the data into record r.

    The loss on the training part is the noise-free f.
    """
    surface, scratch, written = run.surface, run.scratch, run.results.record_metrics
    m, phase = scratch.metrics, scratch.phase
    call = place(MetricsCall(reported, m, surface.p, surface.q, scratch.work))
    for part in range(PARTS - 1, -1, -1):
        call_metrics(run.metrics, call, part)
        for lane in range(phase.shape[0]):
            row = run.lanes.record_row[run.first + lane]
            if phase[lane] == RUNNING and row >= 0:
                written[row, r, 2 * part] = m[0, lane]
                written[row, r, 2 * part + 1] = m[1, lane]
    for lane in range(m.shape[1]):
        scratch.f_clean[lane] = m[0, lane]


def observe(run, t):
    """Take note of the noise-free f at x_t; say whether a lane ends."""
    scratch = run.scratch
    if t == 0:
        events.first_values(run.plan, run.results, scratch, run.first)
    windows = update_best(scratch.f_clean, scratch.best, scratch.next_target)
    return windows != 0 and attend(run, t, windows)


def attend(run, t, windows):
    """Attend to the columns that reached a target or left the finite; say whether one ends.

    `windows` has a bit for each window of columns.

    One that is parked, or beyond the lanes, counts as ending when it leaves the finite.
    """
    scratch = run.scratch
    phase = scratch.phase
    ending = False
    window = 0
    while windows:
        columns = events_in(scratch.f_clean, scratch.next_target, window) if windows & 1 else 0
        lane = window
        while columns:
            if columns & 1:
                if lane < phase.shape[0] and phase[lane] == RUNNING:
                    ending |= events.observe_lane(
                        run.plan, run.results, scratch, run.first, lane, t
                    )
                else:
                    ending = True
            lane, columns = lane + 1, columns >> 1
        window, windows = window + width, windows >> 1
    return ending


def goes_on(run, x):
    """Say whether a lane still runs; if so, see to the columns that nobody looks at any more."""
    runs = any_in(run.scratch.phase, RUNNING)
    if runs and not (GENERAL and run.plan.across):
        events.mend(run.lanes, run.scratch, run.block, x)
    return runs
