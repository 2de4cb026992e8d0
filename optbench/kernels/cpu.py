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

Helpers take the arrays that they need, not the groups: what a compiled function is handed as a
group becomes dozens of arguments, and compile time goes with them. What happens rarely (targets,
ends) is kept out of the loops that run at every step.
"""

import functools

import numpy as np
from numba import types

from optbench.kernels.compile import (
    helper,
    jit,
    metrics_signature,
    problem_signature,
    rule_signature,
)
from optbench.kernels.floating import FLUSH, get_mode, set_mode
from optbench.kernels.groups import BUDGET, NOT_FINITE, PARTS, STATIONARY, TARGET, group_types

RUNNING, ENDING, PARKED = 0, 1, 2


@functools.cache
def driver(dtype):
    """Compile the driver for a dtype."""
    dtype = np.dtype(dtype)
    pointers = [
        types.FunctionType(signature(dtype))
        for signature in (problem_signature, metrics_signature, rule_signature)
    ]
    return jit(_drive, types.void(*pointers, *group_types(dtype)))


# ------------------------------------------------------------------------------ at every step


@helper
def _into_frame(x, shift, centre, rotation, z, gz):
    """Write the point that the problem sees into z."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            z[i, j] = x[i, j] - shift[i]
    if rotation.shape[0]:
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                gz[i, j] = z[i, j] - centre[i]
                z[i, j] = centre[i]
        for i in range(x.shape[0]):
            for k in range(x.shape[0]):
                for j in range(x.shape[1]):
                    z[i, j] += rotation[i, k] * gz[k, j]


@helper
def _out_of_frame(gz, rotation, g):
    """Turn the gradient in z into the gradient in x."""
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            g[i, j] = 0
        for k in range(g.shape[0]):
            for j in range(g.shape[1]):
                g[i, j] += rotation[k, i] * gz[k, j]


@helper
def _evaluate(problem, surface, x, scratch, t, key, full):
    """Value and gradient at x, through the frame of the instance, into scratch.f and .g."""
    g, f = scratch.g, scratch.f
    if surface.shift.shape[0] == 0:
        problem(x, g, f, surface.p, surface.q, surface.work, t, key, full)
        return
    _into_frame(x, surface.shift, surface.centre, surface.rotation, scratch.z, scratch.gz)
    if surface.rotation.shape[0] == 0:
        problem(scratch.z, g, f, surface.p, surface.q, surface.work, t, key, full)
    else:
        problem(scratch.z, scratch.gz, f, surface.p, surface.q, surface.work, t, key, full)
        _out_of_frame(scratch.gz, surface.rotation, g)


@helper
def _copy(source, target):
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@helper
def _eventful(f, seen, best, wanted, count):
    """Update the running best; say whether a lane reached its target or left the finite."""
    eventful = False
    for lane in range(count):
        value = f[lane]
        seen[lane] = value
        if value < best[lane]:
            best[lane] = value
        eventful |= not (value > wanted[lane] and value < np.inf)
    return eventful


@helper
def _zeros_of(f, check):
    """Add 0 to check[j] where f[j] is finite, NaN elsewhere."""
    for j in range(f.shape[0]):
        check[j] += f[j] * 0


@helper
def _broken_points(x, check):
    """Add 0 to check[j] where column j of x is finite, NaN elsewhere; say whether any is not."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            check[j] += x[i, j] * 0
    broken = False
    for j in range(x.shape[1]):
        broken |= check[j] != 0
    return broken


@helper
def _clear(check):
    for j in range(check.shape[0]):
        check[j] = 0


@helper
def _any_in(phase, which):
    """Whether any lane is in the phase `which`."""
    found = False
    for lane in range(phase.shape[0]):
        found |= phase[lane] == which
    return found


# ------------------------------------------------------------------------------ at events


@helper
def _reset(j, start, x, state, state_start, lane_state, lane_start):
    """Put column j back to its start."""
    for i in range(x.shape[0]):
        x[i, j] = start[i, j]
        for k in range(state.shape[0]):
            value = state_start[k]
            state[k, i, j] = start[i, j] if np.isnan(value) else value
    for k in range(lane_state.shape[0]):
        lane_state[k, j] = lane_start[k]


@helper
def _next_target(thresholds, lane, m):
    """Index of the next target that counts, or the number of targets."""
    m += 1
    while m < thresholds.shape[0] and np.isnan(thresholds[m, lane]):
        m += 1
    return m


@helper
def _set_targets(targets, f_ref, floor, f_start, thresholds, lane):
    """Turn the plan's targets into values of f; NaN for those that do not count."""
    for m in range(targets.shape[0]):
        value, counts = targets[m], True
        if not np.isnan(f_ref):
            gap = targets[m] * (f_start - f_ref)
            value, counts = f_ref + gap, gap >= floor
        thresholds[m, lane] = value if counts and value < f_start else np.nan


@helper
def _observe_lane(plan, results, scratch, block, lane, t):
    """Look at one lane's noise-free f at step t: its targets, and whether it ends."""
    f = scratch.seen[lane]
    count = scratch.thresholds.shape[0]
    if t == 0:
        results.f_start[block, lane] = f
        _set_targets(plan.targets, plan.f_ref, plan.floor, f, scratch.thresholds, lane)
        scratch.following[lane] = _next_target(scratch.thresholds, lane, -1)
    if not abs(f) < np.inf:
        scratch.phase[lane] = ENDING
        results.status[block, lane] = NOT_FINITE
        results.steps[block, lane] = t
        return
    m = scratch.following[lane]
    any_target = m < count
    while m < count and f <= scratch.thresholds[m, lane]:
        results.hits[block, m, lane] = t
        m = _next_target(scratch.thresholds, lane, m)
    scratch.following[lane] = m
    scratch.wanted[lane] = scratch.thresholds[m, lane] if m < count else -np.inf
    if any_target and m == count:
        results.status[block, lane] = TARGET
        if plan.stop_at_target:
            scratch.phase[lane] = ENDING
            results.steps[block, lane] = t


@helper
def _break_off(status, steps, phase, check, count, across, t):
    """Mark the running lanes whose check is not 0: f or x left the finite in the step to x_t."""
    for lane in range(count):
        broken = check[lane] != 0
        if across:
            for j in range(check.shape[0]):
                broken |= check[j] != 0
        if broken and phase[lane] == RUNNING:
            phase[lane] = ENDING
            status[lane] = NOT_FINITE
            steps[lane] = t


@helper
def _park(lanes, results, scratch, block, count, across):
    """Store the last point of lanes that end, and park them at their start with rate 0."""
    for lane in range(count):
        if scratch.phase[lane] != ENDING:
            continue
        scratch.phase[lane] = PARKED
        scratch.wanted[lane] = -np.inf
        results.f_best[block, lane] = scratch.best[lane]
        results.f_final[block, lane] = scratch.seen[lane]
        first, last = (0, scratch.x.shape[1]) if across else (lane, lane + 1)
        for j in range(first, last):
            for i in range(scratch.x.shape[0]):
                results.x[block, i, j] = scratch.previous[i, j]
            lanes.hyper[block, 0, j] = 0
            _reset(
                j, lanes.start[block], scratch.x, scratch.state, lanes.state_start,
                scratch.lane_state, lanes.lane_start,
            )  # fmt: skip


@helper
def _look(metrics, surface, reported, scratch, record_metrics, count):
    """Loss and accuracy on the three parts of the data; the training loss is the noise-free f."""
    for part in range(PARTS - 1, -1, -1):
        metrics(reported, scratch.metrics, surface.p, surface.q, surface.work, part)
        for lane in range(count):
            if scratch.phase[lane] == RUNNING:
                record_metrics[2 * part, lane] = scratch.metrics[0, lane]
                record_metrics[2 * part + 1, lane] = scratch.metrics[1, lane]
            scratch.f[lane] = scratch.metrics[0, lane]


@helper
def _record(results, scratch, reported, store_x, block, count, r):
    """Write record r of the lanes that still run."""
    for lane in range(count):
        if scratch.phase[lane] == RUNNING:
            results.record_f[block, r, lane] = scratch.seen[lane]
            results.record_best[block, r, lane] = scratch.best[lane]
            if store_x:
                for i in range(reported.shape[0]):
                    results.record_x[block, r, i, lane] = reported[i, lane]


@helper
def _largest(g, lane, across):
    """Largest absolute gradient entry of a lane."""
    first, last = (0, g.shape[1]) if across else (lane, lane + 1)
    largest = abs(g[0, first])
    for i in range(g.shape[0]):
        for j in range(first, last):
            largest = max(largest, abs(g[i, j]))
    return largest


@helper
def _begin(lanes, plan, results, scratch, block, count):
    """Reset the work space for a block."""
    for j in range(scratch.x.shape[1]):
        _reset(
            j, lanes.start[block], scratch.x, scratch.state, lanes.state_start, scratch.lane_state,
            lanes.lane_start,
        )  # fmt: skip
    for lane in range(count):
        scratch.phase[lane] = RUNNING
        scratch.best[lane] = np.inf
        scratch.seen[lane] = np.inf
        scratch.wanted[lane] = np.inf
        scratch.scale[lane] = 0
        results.status[block, lane] = BUDGET
        results.steps[block, lane] = plan.steps


@helper
def _finish(plan, results, scratch, reported, block, count):
    """Store the last point, its noise-free f, and whether it is stationary."""
    for lane in range(count):
        if scratch.phase[lane] == PARKED:
            continue
        results.f_best[block, lane] = scratch.best[lane]
        results.f_final[block, lane] = scratch.seen[lane]
        first, last = (0, reported.shape[1]) if plan.across else (lane, lane + 1)
        for i in range(reported.shape[0]):
            for j in range(first, last):
                results.x[block, i, j] = reported[i, j]
        still = _largest(scratch.g, lane, plan.across) <= plan.tolerance * scratch.scale[lane]
        if still and results.status[block, lane] == BUDGET:
            results.status[block, lane] = STATIONARY


@helper
def _start_scale(g, scale, count, across):
    for lane in range(count):
        scale[lane] = max(_largest(g, lane, across), scale.dtype.type(1))


@helper
def _step(problem, rule, surface, lanes, plan, scratch, key, hyper, uniform, t):
    """One step from x_t: for each gradient an evaluation, unless it is known, and the rule."""
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            _evaluate(problem, surface, scratch.x, scratch, t, key, plan.full_batch)
            _zeros_of(scratch.f, scratch.check)
        if t == 0 and phase == 0:
            _start_scale(scratch.g, scratch.scale, scratch.scale.shape[0], plan.across)
        rule(
            scratch.x, scratch.g, scratch.f, scratch.state, scratch.lane_state, hyper, uniform,
            lanes.layers, key, phase, plan.across,
        )  # fmt: skip


def _drive(problem, metrics, rule, lanes, surface, plan, results, scratch):
    # Numbers below the normal range count as 0: converged lanes would be ten times slower.
    mode = get_mode()
    set_mode(mode | FLUSH)
    count = scratch.best.shape[0]
    for block in range(lanes.start.shape[0]):
        key, hyper = lanes.key[block], lanes.hyper[block]
        reported = scratch.x if plan.iterate < 0 else scratch.state[plan.iterate]
        _begin(lanes, plan, results, scratch, block, count)
        r = 0
        for t in range(plan.steps + 1):
            due = r < plan.record_steps.shape[0] and plan.record_steps[r] == t
            if due and plan.has_metrics:
                record = results.record_metrics[block, r]
                _look(metrics, surface, reported, scratch, record, count)
            if plan.exact or (due and (not plan.has_metrics or t == plan.steps)):
                full = plan.full_batch if plan.exact else 1
                _evaluate(problem, surface, reported, scratch, t, key, full)
            if (plan.exact or due) and _eventful(
                scratch.f, scratch.seen, scratch.best, scratch.wanted, count
            ):
                for lane in range(count):
                    value = scratch.seen[lane]
                    quiet = value > scratch.wanted[lane] and value < np.inf
                    if scratch.phase[lane] == RUNNING and not quiet:
                        _observe_lane(plan, results, scratch, block, lane, t)
            if due:
                _record(results, scratch, reported, plan.store_x, block, count, r)
                r += 1
            if t == plan.steps:
                break
            _copy(reported, scratch.previous)
            uniform = lanes.uniform[t]
            _clear(scratch.check)
            _step(problem, rule, surface, lanes, plan, scratch, key, hyper, uniform, t)
            if _broken_points(scratch.x, scratch.check):
                _break_off(
                    results.status[block], results.steps[block], scratch.phase, scratch.check,
                    count, plan.across, t + 1,
                )  # fmt: skip
            if _any_in(scratch.phase, ENDING):
                _park(lanes, results, scratch, block, count, plan.across)
                if not _any_in(scratch.phase, RUNNING):
                    break
        _finish(plan, results, scratch, reported, block, count)
    set_mode(mode)
