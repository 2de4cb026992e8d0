# ruff: noqa: F821 - `passes.bind` supplies the names of the passes
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

What happens at every step is in `passes`, over Vecs; what happens rarely in `events`, by lane.
"""

import functools

import numpy as np
from numba import types

from optbench.kernels.borrow import borrow
from optbench.kernels.calls import MetricsCall, ProblemCall, RuleCall, place, signature
from optbench.kernels.compile import helper, jit
from optbench.kernels.events import (
    ENDING,
    PARKED,
    RUNNING,
    any_in,
    end_broken,
    next_target,
    observe_lane,
    record,
    reset_column,
    set_targets,
    settle,
    start_scale,
    store_column,
)
from optbench.kernels.floating import FLUSH, get_mode, set_mode
from optbench.kernels.groups import BUDGET, PARTS, group_types
from optbench.kernels.passes import PASSES, bind


@functools.cache
def driver(dtype):
    """Compile the driver for a dtype."""
    dtype = np.dtype(dtype)
    passes = bind(PASSES, dtype)
    step = bind([_step], dtype, **passes)
    drive = bind([_drive], dtype, **passes, **step)["_drive"].py_func
    pointers = [
        types.FunctionType(signature(cls, dtype)) for cls in (ProblemCall, MetricsCall, RuleCall)
    ]
    return jit(drive, types.void(*pointers, *group_types(dtype)))


@helper
def _begin(start, x, state, state_start, lane_state, lane_start, best, seen, wanted, phase):
    """Reset the work space for a block. Columns beyond the lanes want nothing."""
    for j in range(x.shape[1]):
        reset_column(j, start, x, state, state_start, lane_state, lane_start)
        best[j] = np.inf
        seen[j] = np.inf
        wanted[j] = -np.inf
    for lane in range(phase.shape[0]):
        phase[lane] = RUNNING


@helper
def _first_look(f, targets, f_ref, floor, f_start, thresholds, following, wanted):
    """Take f at the start, and set the targets that count."""
    for lane in range(f_start.shape[0]):
        f_start[lane] = f[lane]
        set_targets(targets, f_ref, floor, f[lane], thresholds, lane)
        first = next_target(thresholds, lane, -1)
        following[lane] = first
        if first < thresholds.shape[0]:
            wanted[lane] = thresholds[first, lane]


@helper
def _keep(lane, point, seen, best, across, x, f_final, f_best):
    """Store a lane's last point, its noise-free f and its best."""
    f_best[lane] = best[lane]
    f_final[lane] = seen[lane]
    first, last = (0, x.shape[1]) if across else (lane, lane + 1)
    for j in range(first, last):
        store_column(point, j, x)


@helper
def _park(
    phase, wanted, previous, seen, best, across, kept, f_final, f_best, hyper, start, x, state,
    state_start, lane_state, lane_start,
):  # fmt: skip
    """Store the last point of lanes that end, and park them at their start with rate 0."""
    for lane in range(phase.shape[0]):
        if phase[lane] == ENDING:
            phase[lane] = PARKED
            wanted[lane] = -np.inf
            _keep(lane, previous, seen, best, across, kept, f_final, f_best)
            first, last = (0, x.shape[1]) if across else (lane, lane + 1)
            for j in range(first, last):
                hyper[0, j] = 0
                reset_column(j, start, x, state, state_start, lane_state, lane_start)


@helper
def _look(metrics, call, m, phase, record_metrics, f):
    """Loss and accuracy on the three parts of the data; the training loss is the noise-free f."""
    for part in range(PARTS - 1, -1, -1):
        metrics(call, part)
        for lane in range(phase.shape[0]):
            if phase[lane] == RUNNING:
                record_metrics[2 * part, lane] = m[0, lane]
                record_metrics[2 * part + 1, lane] = m[1, lane]
    for j in range(f.shape[0]):
        f[j] = m[0, j]


def _step(problem, rule, surface, plan, x, z, gz, f, g, scale, at_x, at_z, moving, t):
    """One step from x_t: for each gradient an evaluation, unless it is known, and the rule."""
    finite = True
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            evaluate(problem, at_x, at_z, x, z, gz, g, surface, t, plan.full_batch)
            finite &= values_finite(f)
        if t == 0 and phase == 0:
            start_scale(g, scale, plan.across)
        rule(moving, t, phase, plan.across)
    return finite


def _drive(problem, metrics, rule, lanes, surface, plan, results, scratch):
    # Numbers below the normal range count as 0: converged lanes would be ten times slower.
    mode = get_mode()
    set_mode(mode | FLUSH)
    lanes, surface, plan = borrow(lanes), borrow(surface), borrow(plan)
    results, scratch = borrow(results), borrow(scratch)
    x, g, z, gz, f = scratch.x, scratch.g, scratch.z, scratch.gz, scratch.f
    phase, seen, best, wanted = scratch.phase, scratch.seen, scratch.best, scratch.wanted
    state, lane_state, previous = scratch.state, scratch.lane_state, scratch.previous
    thresholds, following = scratch.thresholds, scratch.following
    across = plan.across
    p, q, work = surface.p, surface.q, surface.work
    for block in range(lanes.start.shape[0]):
        key, hyper = lanes.key[block], lanes.hyper[block]
        status, steps = results.status[block], results.steps[block]
        start, f_final, f_best = lanes.start[block], results.f_final[block], results.f_best[block]
        reported = x if plan.iterate < 0 else state[plan.iterate]
        # `seen` takes the noise-free f; a rule sees the f of its gradients.
        at_reported = place(ProblemCall(reported, g, seen, p, q, work, key))
        at_x = place(ProblemCall(x, g, f, p, q, work, key))
        turned = gz if surface.rotation.shape[0] else g
        seen_at_z = place(ProblemCall(z, turned, seen, p, q, work, key))
        at_z = place(ProblemCall(z, turned, f, p, q, work, key))
        measured = place(MetricsCall(reported, scratch.metrics, p, q, work))
        fed = seen if plan.exact and plan.evaluations == 1 else f
        moving = place(
            RuleCall(x, g, fed, state, lane_state, hyper, lanes.uniform, lanes.layers, key)
        )
        _begin(
            start, x, state, lanes.state_start, lane_state, lanes.lane_start, best, seen, wanted,
            phase,
        )  # fmt: skip
        for lane in range(phase.shape[0]):
            status[lane], steps[lane] = BUDGET, plan.steps
        r = 0
        for t in range(plan.steps + 1):
            if not advance(x, reported, previous):
                end_broken(x, seen, status, steps, phase, across, t)
                _park(
                    phase, wanted, previous, seen, best, across, results.x[block], f_final, f_best,
                    hyper, start, x, state, lanes.state_start, lane_state, lanes.lane_start,
                )  # fmt: skip
                if not any_in(phase, RUNNING):
                    break
                advance(x, reported, previous)
            due = r < plan.record_steps.shape[0] and plan.record_steps[r] == t
            if due and plan.has_metrics:
                _look(
                    metrics,
                    measured,
                    scratch.metrics,
                    phase,
                    results.record_metrics[block, r],
                    seen,
                )
            if plan.exact or (due and (not plan.has_metrics or t == plan.steps)):
                full = plan.full_batch if plan.exact else 1
                evaluate(problem, at_reported, seen_at_z, reported, z, gz, g, surface, t, full)
            ending = False
            if plan.exact or due:
                if t == 0:
                    _first_look(
                        seen, plan.targets, plan.f_ref, plan.floor, results.f_start[block],
                        thresholds, following, wanted,
                    )  # fmt: skip
                if observe(seen, best, wanted):
                    window = eventful_window(seen, wanted, 0)
                    while window < seen.shape[0]:
                        for lane in range(window, min(window + width, phase.shape[0])):
                            quiet = seen[lane] > wanted[lane] and seen[lane] < np.inf
                            if phase[lane] == RUNNING and not quiet:
                                ending |= observe_lane(
                                    seen[lane], lane, t, plan.stop_at_target, thresholds,
                                    following, wanted, phase, results.hits[block], status, steps,
                                )  # fmt: skip
                        window = eventful_window(seen, wanted, window + width)
            if due:
                record(
                    r, phase, seen, best, reported, results.record_f[block],
                    results.record_best[block], results.record_x[block],
                )  # fmt: skip
                r += 1
            if t == plan.steps:
                break
            if plan.exact and plan.evaluations > 1:
                for j in range(f.shape[0]):
                    f[j] = seen[j]
            finite = _step(
                problem, rule, surface, plan, x, z, gz, f, g, scratch.scale, at_x, at_z, moving, t
            )
            if ending or not finite:
                if not finite:
                    end_broken(previous, f, status, steps, phase, across, t)
                _park(
                    phase, wanted, previous, seen, best, across, results.x[block], f_final, f_best,
                    hyper, start, x, state, lanes.state_start, lane_state, lanes.lane_start,
                )  # fmt: skip
                if not any_in(phase, RUNNING):
                    break
        settle(phase, g, scratch.scale, plan.tolerance, across, status)
        for lane in range(phase.shape[0]):
            if phase[lane] != PARKED:
                _keep(lane, reported, seen, best, across, results.x[block], f_final, f_best)
    set_mode(mode)
