"""What happens to single lanes, rarely: starts, targets, records, ends.

The functions take the addresses of the driver's groups (see `groups` and `pointers`). A lane has
a number in its block, `lane`, and one in the chunk's results, ``first + lane``.
"""

import math

import numpy as np

from optbench.kernels.compile import helper
from optbench.kernels.groups import BUDGET, NOT_FINITE, STATIONARY, STOPPED, TARGET

RUNNING, ENDING, PARKED = 0, 1, 2


@helper
def columns_of(lane, scratch, across):
    """Return the first column of a lane and the one after its last: a net's lane fills a block."""
    return (0, scratch.x.shape[1]) if across else (lane, lane + 1)


@helper
def reset_columns(left, right, lanes, scratch, block, x):
    """Put the columns from left to right of x and of all state back to their start."""
    start, state, lane_state = lanes.start, scratch.state, scratch.lane_state
    for i in range(x.shape[0]):
        for j in range(left, right):
            x[i, j] = start[block, i, j]
    for k in range(state.shape[0]):
        value = lanes.state_start[k]
        as_start = math.isnan(value)
        for i in range(x.shape[0]):
            for j in range(left, right):
                state[k, i, j] = start[block, i, j] if as_start else value
    for k in range(lane_state.shape[0]):
        for j in range(left, right):
            lane_state[k, j] = lanes.lane_start[k]


@helper
def begin(lanes, plan, results, scratch, block, first):
    """Reset the work space for a block. Columns beyond the lanes want nothing."""
    reset_columns(0, scratch.x.shape[1], lanes, scratch, block, scratch.x)
    for j in range(scratch.x.shape[1]):
        scratch.best[j] = np.inf
        scratch.seen[j] = np.inf
        scratch.wanted[j] = -np.inf
    for j in range(scratch.memory.shape[0]):
        scratch.memory[j] = 0.0
    for lane in range(scratch.phase.shape[0]):
        scratch.phase[lane] = RUNNING
        results.status[first + lane] = BUDGET
        results.steps[first + lane] = plan.steps


@helper
def next_target(thresholds, lane, m):
    """Index of the next target that counts, or the number of targets."""
    m += 1
    while m < thresholds.shape[0] and math.isnan(thresholds[m, lane]):
        m += 1
    return m


@helper
def first_look(plan, results, scratch, first):
    """Take f at the start; turn targets into values of f, NaN for those that do not count."""
    thresholds, targets = scratch.thresholds, plan.targets
    for lane in range(scratch.phase.shape[0]):
        f_start = scratch.seen[lane]
        results.f_start[first + lane] = f_start
        for m in range(targets.shape[0]):
            value, counts = targets[m], True
            if not math.isnan(plan.f_ref):
                gap = targets[m] * (f_start - plan.f_ref)
                value, counts = plan.f_ref + gap, gap >= plan.floor
            thresholds[m, lane] = value if counts and value < f_start else np.nan
        following = next_target(thresholds, lane, -1)
        scratch.following[lane] = following
        if following < thresholds.shape[0]:
            scratch.wanted[lane] = thresholds[following, lane]


@helper
def observe_lane(plan, results, scratch, first, lane, t):
    """Look at a lane's noise-free f at step t: its targets; say whether it ends."""
    f, thresholds = scratch.seen[lane], scratch.thresholds
    if not abs(f) < np.inf:
        scratch.phase[lane] = ENDING
        results.status[first + lane] = NOT_FINITE
        results.steps[first + lane] = t
        return True
    count = thresholds.shape[0]
    m = scratch.following[lane]
    hit = False
    while m < count and f <= thresholds[m, lane]:
        results.hits[first + lane, m] = t
        hit = True
        m = next_target(thresholds, lane, m)
    scratch.following[lane] = m
    scratch.wanted[lane] = thresholds[m, lane] if m < count else -np.inf
    if hit and m == count:
        results.status[first + lane] = TARGET
        if plan.stop_at_target:
            scratch.phase[lane] = ENDING
            results.steps[first + lane] = t
            return True
    return False


@helper
def end_broken(x, f, plan, results, scratch, first, t):
    """Mark the running lanes whose f or x left the finite in the step to x_t."""
    phase = scratch.phase
    for lane in range(phase.shape[0]):
        left, right = columns_of(lane, scratch, plan.across)
        broken = not abs(f[lane]) < np.inf
        for i in range(x.shape[0]):
            for j in range(left, right):
                broken |= not abs(x[i, j]) < np.inf
        if broken and phase[lane] == RUNNING:
            phase[lane] = ENDING
            results.status[first + lane] = NOT_FINITE
            results.steps[first + lane] = t


@helper
def any_in(phase, which):
    """Whether any lane is in the phase `which`."""
    found = False
    for lane in range(phase.shape[0]):
        found |= phase[lane] == which
    return found


@helper
def store_lane(plan, results, scratch, first, lane, point):
    """Store a lane's last point, its noise-free f and its best."""
    results.f_best[first + lane] = scratch.best[lane]
    results.f_final[first + lane] = scratch.seen[lane]
    left, right = columns_of(lane, scratch, plan.across)
    for i in range(point.shape[0]):
        for j in range(left, right):
            results.x[first + lane, i * (right - left) + j - left] = point[i, j]


@helper
def park(lanes, plan, results, scratch, block, first, previous, x):
    """Store the last point of lanes that end, and park them in x at their start with rate 0."""
    phase = scratch.phase
    for lane in range(phase.shape[0]):
        if phase[lane] == ENDING:
            phase[lane] = PARKED
            scratch.wanted[lane] = -np.inf
            store_lane(plan, results, scratch, first, lane, previous)
            left, right = columns_of(lane, scratch, plan.across)
            for j in range(left, right):
                lanes.hyper[block, 0, j] = 0
            reset_columns(left, right, lanes, scratch, block, x)


@helper
def record(plan, results, scratch, first, r, reported):
    """Write record r of the lanes that still run."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING:
            results.record_f[first + lane, r] = scratch.seen[lane]
            results.record_best[first + lane, r] = scratch.best[lane]
            if results.record_x.shape[1]:
                left, right = columns_of(lane, scratch, plan.across)
                for i in range(reported.shape[0]):
                    for j in range(left, right):
                        at = i * (right - left) + j - left
                        results.record_x[first + lane, r, at] = reported[i, j]


@helper
def largest_entry(g, left, right):
    """Largest absolute gradient entry in the columns from left to right."""
    largest = abs(g[0, left])
    for i in range(g.shape[0]):
        for j in range(left, right):
            largest = max(largest, abs(g[i, j]))
    return largest


@helper
def start_scale(plan, scratch):
    """Note the largest gradient entry at the start, at least 1, of each lane."""
    for lane in range(scratch.scale.shape[0]):
        left, right = columns_of(lane, scratch, plan.across)
        least = scratch.scale.dtype.type(1)
        scratch.scale[lane] = max(largest_entry(scratch.g, left, right), least)


@helper
def end_stopped(results, scratch, first, t):
    """Mark the running lanes as stopped at step t; one that reached its target keeps that."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING:
            results.steps[first + lane] = t
            if results.status[first + lane] == BUDGET:
                results.status[first + lane] = STOPPED


@helper
def settle(plan, results, scratch, first):
    """Tell lanes that stand still from those that ran out of budget."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING and results.status[first + lane] == BUDGET:
            left, right = columns_of(lane, scratch, plan.across)
            if largest_entry(scratch.g, left, right) <= plan.tolerance * scratch.scale[lane]:
                results.status[first + lane] = STATIONARY
