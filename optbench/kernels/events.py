"""What happens to single lanes, rarely: targets, records, ends.

The functions take the arrays they need, not the driver's groups: a group that is handed on becomes
dozens of arguments, and compile time goes with them.
"""

import numpy as np

from optbench.kernels.compile import helper
from optbench.kernels.groups import BUDGET, NOT_FINITE, STATIONARY, TARGET

RUNNING, ENDING, PARKED = 0, 1, 2


@helper
def reset_column(j, start, x, state, state_start, lane_state, lane_start):
    """Put column j back to its start."""
    for i in range(x.shape[0]):
        x[i, j] = start[i, j]
        for k in range(state.shape[0]):
            value = state_start[k]
            state[k, i, j] = start[i, j] if np.isnan(value) else value
    for k in range(lane_state.shape[0]):
        lane_state[k, j] = lane_start[k]


@helper
def next_target(thresholds, lane, m):
    """Index of the next target that counts, or the number of targets."""
    m += 1
    while m < thresholds.shape[0] and np.isnan(thresholds[m, lane]):
        m += 1
    return m


@helper
def set_targets(targets, f_ref, floor, f_start, thresholds, lane):
    """Turn the plan's targets into values of f; NaN for those that do not count."""
    for m in range(targets.shape[0]):
        value, counts = targets[m], True
        if not np.isnan(f_ref):
            gap = targets[m] * (f_start - f_ref)
            value, counts = f_ref + gap, gap >= floor
        thresholds[m, lane] = value if counts and value < f_start else np.nan


@helper
def observe_lane(f, lane, t, stop, thresholds, following, wanted, phase, hits, status, steps):
    """Look at a lane's noise-free f at step t: its targets; say whether it ends."""
    if not abs(f) < np.inf:
        phase[lane] = ENDING
        status[lane] = NOT_FINITE
        steps[lane] = t
        return True
    count = thresholds.shape[0]
    m = following[lane]
    hit = False
    while m < count and f <= thresholds[m, lane]:
        hits[m, lane] = t
        hit = True
        m = next_target(thresholds, lane, m)
    following[lane] = m
    wanted[lane] = thresholds[m, lane] if m < count else -np.inf
    if hit and m == count:
        status[lane] = TARGET
        if stop:
            phase[lane] = ENDING
            steps[lane] = t
            return True
    return False


@helper
def end_broken(x, f, status, steps, phase, across, t):
    """Mark the running lanes whose f or x left the finite in the step to x_t."""
    for lane in range(phase.shape[0]):
        first, last = (0, x.shape[1]) if across else (lane, lane + 1)
        broken = not abs(f[lane]) < np.inf
        for i in range(x.shape[0]):
            for j in range(first, last):
                broken |= not abs(x[i, j]) < np.inf
        if broken and phase[lane] == RUNNING:
            phase[lane] = ENDING
            status[lane] = NOT_FINITE
            steps[lane] = t


@helper
def any_in(phase, which):
    """Whether any lane is in the phase `which`."""
    found = False
    for lane in range(phase.shape[0]):
        found |= phase[lane] == which
    return found


@helper
def store_column(point, j, x):
    """Copy column j of a point."""
    for i in range(x.shape[0]):
        x[i, j] = point[i, j]


@helper
def record(r, phase, seen, best, reported, record_f, record_best, record_x):
    """Write record r of the lanes that still run."""
    for lane in range(phase.shape[0]):
        if phase[lane] == RUNNING:
            record_f[r, lane] = seen[lane]
            record_best[r, lane] = best[lane]
            if record_x.shape[0]:
                for i in range(reported.shape[0]):
                    record_x[r, i, lane] = reported[i, lane]


@helper
def largest_entry(g, lane, across):
    """Largest absolute gradient entry of a lane."""
    first, last = (0, g.shape[1]) if across else (lane, lane + 1)
    largest = abs(g[0, first])
    for i in range(g.shape[0]):
        for j in range(first, last):
            largest = max(largest, abs(g[i, j]))
    return largest


@helper
def start_scale(g, scale, across):
    """Note the largest gradient entry at the start, at least 1, of each lane."""
    for lane in range(scale.shape[0]):
        scale[lane] = max(largest_entry(g, lane, across), scale.dtype.type(1))


@helper
def settle(phase, g, scale, tolerance, across, status):
    """Tell lanes that stand still from those that ran out of budget."""
    for lane in range(phase.shape[0]):
        if phase[lane] == RUNNING and status[lane] == BUDGET:
            if largest_entry(g, lane, across) <= tolerance * scale[lane]:
                status[lane] = STATIONARY
