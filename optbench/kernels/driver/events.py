"""What happens to single lanes, rarely: starts, targets, records, ends.

The functions take the addresses of the driver's groups (see `memory.groups` and `memory.pointers`).
A lane has a number in its block, `lane`, and one in the chunk's results, ``first + lane``. Where
threads share a net, each runs them over its `span` of the coordinates.
"""

import math

import numpy as np

from optbench.kernels.compiling.options import helper
from optbench.kernels.products.primitives import anywhere, greatest, span
from optbench.kernels.status import BUDGET, NOT_FINITE, STATIONARY, STOPPED, TARGET

RUNNING, ENDING, PARKED = 0, 1, 2


@helper
def columns_of(lane, scratch, across):
    """Return the first column of a lane and the one after its last: a net's lane fills a block."""
    return (0, scratch.x.shape[1]) if across else (lane, lane + 1)


@helper
def column_finite(x, left, right):
    """Say whether x is finite in the columns from left to right."""
    broken = False
    for i in span(x.shape[0]):
        for j in range(left, right):
            broken |= not abs(x[i, j]) < np.inf
    return not anywhere(broken)


@helper
def to_start(lanes, scratch, block):
    """Put x and all state to their start, in all columns; nothing of the gradient is there yet."""
    x, g, start, state = scratch.x, scratch.g, lanes.start, scratch.state
    for i in span(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = start[block, i, j]
            g[i, j] = 0.0
    for k in range(state.shape[0]):
        value = lanes.state_start[k]
        as_start = math.isnan(value)
        for i in span(x.shape[0]):
            for j in range(x.shape[1]):
                state[k, i, j] = start[block, i, j] if as_start else value
    for k in range(scratch.lane_state.shape[0]):
        for j in range(scratch.lane_state.shape[1]):
            scratch.lane_state[k, j] = lanes.lane_start[k]


@helper
def begin(lanes, plan, results, scratch, block, first):
    """Bring the work space and the results of a block's lanes to their start.

    Whatever is read before it is written gets its value here: memory holds what was there before.
    Columns beyond the lanes are copies of the last one, without targets.
    """
    to_start(lanes, scratch, block)
    for j in range(scratch.f.shape[0]):
        scratch.f[j] = 0.0
        scratch.f_clean[j] = 0.0
        scratch.best[j] = np.inf
        scratch.next_target[j] = -np.inf
    for j in range(scratch.memory.shape[0]):
        scratch.memory[j] = 0.0
    for lane in range(scratch.phase.shape[0]):
        scratch.phase[lane] = RUNNING
        results.f_start[first + lane] = np.nan
        results.status[first + lane] = BUDGET
        results.steps[first + lane] = plan.steps
        results.hit[first + lane] = -1


@helper
def next_target(thresholds, lane, m):
    """Index of the next target that counts, or the number of targets."""
    m += 1
    while m < thresholds.shape[0] and math.isnan(thresholds[m, lane]):
        m += 1
    return m


@helper
def threshold(target, f_start, f_ref, floor):
    """Return the value of f at a target, NaN if it does not count.

    A share of the initial gap counts if what it leaves is at least `floor`; it cannot be met at
    the start. Where f_ref is NaN targets are values of f, and may be.
    """
    if math.isnan(f_ref):
        return target
    gap = target * (f_start - f_ref)
    value = f_ref + gap
    return value if gap >= floor and value < f_start else np.nan


@helper
def first_values(plan, results, scratch, first):
    """Store f at the start of the running lanes, and turn their targets into values of f."""
    thresholds, targets = scratch.thresholds, plan.targets
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING:
            f_start = scratch.f_clean[lane]
            results.f_start[first + lane] = f_start
            for m in range(targets.shape[0]):
                thresholds[m, lane] = threshold(targets[m], f_start, plan.f_ref, plan.floor)
            index = next_target(thresholds, lane, -1)
            scratch.next_index[lane] = index
            if index < thresholds.shape[0]:
                scratch.next_target[lane] = thresholds[index, lane]


@helper
def end_not_finite(results, scratch, first, lane, t):
    """Have a lane end at step t because it left the finite; a best of -inf is none."""
    scratch.phase[lane] = ENDING
    results.status[first + lane] = NOT_FINITE
    results.steps[first + lane] = t
    if scratch.best[lane] == -np.inf:
        scratch.best[lane] = np.inf


@helper
def observe_lane(plan, results, scratch, first, lane, t):
    """Look at a lane's noise-free f at step t: its targets; say whether it ends."""
    f, thresholds = scratch.f_clean[lane], scratch.thresholds
    if not abs(f) < np.inf:
        end_not_finite(results, scratch, first, lane, t)
        return True
    count, goal = thresholds.shape[0], plan.goal
    m = scratch.next_index[lane]
    first_unmet = m
    while m < count and f <= thresholds[m, lane]:
        results.hits[first + lane, m] = t
        m = next_target(thresholds, lane, m)
    scratch.next_index[lane] = m
    scratch.next_target[lane] = thresholds[m, lane] if m < count else -np.inf
    met = m == count if goal < 0 else first_unmet <= goal < m and f <= thresholds[goal, lane]
    if met:
        results.hit[first + lane] = t
        results.status[first + lane] = TARGET
    if plan.stop_at_target and m == count and results.hit[first + lane] >= 0:
        scratch.phase[lane] = ENDING
        results.steps[first + lane] = t
        return True
    return False


@helper
def end_points(x, plan, results, scratch, first, t):
    """Have the running lanes end whose x left the finite in the step to x_t."""
    for lane in range(scratch.phase.shape[0]):
        left, right = columns_of(lane, scratch, plan.across)
        if scratch.phase[lane] == RUNNING and not column_finite(x, left, right):
            end_not_finite(results, scratch, first, lane, t)


@helper
def end_values(f, results, scratch, first, t):
    """Have the running lanes end whose f at x_t is not finite."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING and not abs(f[lane]) < np.inf:
            end_not_finite(results, scratch, first, lane, t)


@helper
def any_in(phase, which):
    """Say whether any lane is in the phase `which`."""
    present = False
    for lane in range(phase.shape[0]):
        present |= phase[lane] == which
    return present


@helper
def store_lane(plan, results, scratch, first, lane, point):
    """Store a lane's last point, its noise-free f (+inf if it diverged) and its best."""
    results.f_best[first + lane] = scratch.best[lane]
    diverged = results.status[first + lane] == NOT_FINITE
    results.f_final[first + lane] = np.inf if diverged else scratch.f_clean[lane]
    left, right = columns_of(lane, scratch, plan.across)
    for i in span(point.shape[0]):
        for j in range(left, right):
            results.x[first + lane, i * (right - left) + j - left] = point[i, j]


@helper
def park(plan, results, scratch, first, previous):
    """Store the last point of lanes that end: from here on their columns run on unseen."""
    phase = scratch.phase
    for lane in range(phase.shape[0]):
        if phase[lane] == ENDING:
            phase[lane] = PARKED
            scratch.next_target[lane] = -np.inf
            store_lane(plan, results, scratch, first, lane, previous)


@helper
def copy_column(source, column, lanes, scratch, block, x):
    """Make a column the same lane as another: its point, state and hyperparameters."""
    state, lane_state, hyper = scratch.state, scratch.lane_state, lanes.hyper
    for i in span(x.shape[0]):
        x[i, column] = x[i, source]
        for k in range(state.shape[0]):
            state[k, i, column] = state[k, i, source]
    for k in range(lane_state.shape[0]):
        lane_state[k, column] = lane_state[k, source]
    for k in range(hyper.shape[1]):
        hyper[block, k, column] = hyper[block, k, source]
    scratch.f[column], scratch.f_clean[column] = scratch.f[source], scratch.f_clean[source]


@helper
def mend(lanes, scratch, block, x):
    """Let parked columns, and those beyond the lanes, follow a running lane if they are not finite.

    Of themselves they run on as they are. As a copy of a running lane a column stays finite as
    long as that does, so one that left the finite costs its block no second look at each step.
    """
    f, f_clean, phase = scratch.f, scratch.f_clean, scratch.phase
    source = 0
    while phase[source] != RUNNING:
        source += 1
    for column in range(x.shape[1]):
        if column >= phase.shape[0] or phase[column] != RUNNING:
            finite = abs(f[column]) < np.inf and abs(f_clean[column]) < np.inf
            if not finite or not column_finite(x, column, column + 1):
                copy_column(source, column, lanes, scratch, block, x)


@helper
def record(lanes, plan, results, scratch, first, r, reported):
    """Write record r of the lanes that still run and keep records."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == RUNNING:
            row, point_row = lanes.record_row[first + lane], lanes.point_row[first + lane]
            if row >= 0:
                results.record_f[row, r] = scratch.f_clean[lane]
                results.record_best[row, r] = scratch.best[lane]
            if point_row >= 0:
                left, right = columns_of(lane, scratch, plan.across)
                for i in span(reported.shape[0]):
                    for j in range(left, right):
                        at = i * (right - left) + j - left
                        results.record_x[point_row, r, at] = reported[i, j]


@helper
def largest_entry(g, left, right):
    """Largest absolute gradient entry in the columns from left to right; NaN counts as inf."""
    largest = abs(g[0, left])
    for i in span(g.shape[0]):
        for j in range(left, right):
            entry = abs(g[i, j])
            largest = max(largest, entry if entry < np.inf else np.inf)
    return greatest(largest)


@helper
def start_scale(plan, scratch):
    """Note the largest gradient entry at the start of each lane."""
    for lane in range(scratch.scale.shape[0]):
        left, right = columns_of(lane, scratch, plan.across)
        scratch.scale[lane] = largest_entry(scratch.g, left, right)


@helper
def stands_still(largest, at_start, tolerance):
    """Say whether the largest gradient entry is next to nothing beside 1 and that at the start."""
    return largest <= tolerance or (at_start < np.inf and largest <= tolerance * at_start)


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
            largest = largest_entry(scratch.g, left, right)
            if stands_still(largest, scratch.scale[lane], plan.tolerance):
                results.status[first + lane] = STATIONARY
