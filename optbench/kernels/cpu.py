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
def _begin(lanes, plan, results, scratch, block):
    """Reset the work space for a block. Columns beyond the lanes want nothing."""
    for j in range(scratch.x.shape[1]):
        reset_column(
            j, lanes.start[block], scratch.x, scratch.state, lanes.state_start, scratch.lane_state,
            lanes.lane_start,
        )  # fmt: skip
        scratch.best[j] = np.inf
        scratch.seen[j] = np.inf
        scratch.wanted[j] = -np.inf
    for lane in range(scratch.phase.shape[0]):
        scratch.phase[lane] = RUNNING
        results.status[block, lane] = BUDGET
        results.steps[block, lane] = plan.steps


@helper
def _first_look(plan, f_start, scratch):
    """Take f at the start, and set the targets that count."""
    for lane in range(scratch.phase.shape[0]):
        f_start[lane] = scratch.f[lane]
        set_targets(plan.targets, plan.f_ref, plan.floor, f_start[lane], scratch.thresholds, lane)
        first = next_target(scratch.thresholds, lane, -1)
        scratch.following[lane] = first
        if first < scratch.thresholds.shape[0]:
            scratch.wanted[lane] = scratch.thresholds[first, lane]


@helper
def _park(lanes, results, scratch, block, across):
    """Store the last point of lanes that end, and park them at their start with rate 0."""
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] != ENDING:
            continue
        scratch.phase[lane] = PARKED
        scratch.wanted[lane] = -np.inf
        results.f_best[block, lane] = scratch.best[lane]
        results.f_final[block, lane] = scratch.seen[lane]
        first, last = (0, scratch.x.shape[1]) if across else (lane, lane + 1)
        for j in range(first, last):
            store_column(scratch.previous, j, results.x[block])
            lanes.hyper[block, 0, j] = 0
            reset_column(
                j, lanes.start[block], scratch.x, scratch.state, lanes.state_start,
                scratch.lane_state, lanes.lane_start,
            )  # fmt: skip


@helper
def _look(metrics, call, scratch, record_metrics):
    """Loss and accuracy on the three parts of the data; the training loss is the noise-free f."""
    for part in range(PARTS - 1, -1, -1):
        metrics(call, part)
        for lane in range(scratch.phase.shape[0]):
            if scratch.phase[lane] == RUNNING:
                record_metrics[2 * part, lane] = scratch.metrics[0, lane]
                record_metrics[2 * part + 1, lane] = scratch.metrics[1, lane]
    for j in range(scratch.f.shape[0]):
        scratch.f[j] = scratch.metrics[0, j]


@helper
def _finish(plan, results, scratch, reported, block):
    """Store the last point of the lanes that still run, its f, and whether it is stationary."""
    settle(
        scratch.phase, scratch.g, scratch.scale, plan.tolerance, plan.across, results.status[block]
    )
    for lane in range(scratch.phase.shape[0]):
        if scratch.phase[lane] == PARKED:
            continue
        results.f_best[block, lane] = scratch.best[lane]
        results.f_final[block, lane] = scratch.seen[lane]
        first, last = (0, reported.shape[1]) if plan.across else (lane, lane + 1)
        for j in range(first, last):
            store_column(reported, j, results.x[block])


def _step(problem, rule, surface, plan, scratch, at_x, at_z, moving, t):
    """One step from x_t: for each gradient an evaluation, unless it is known, and the rule."""
    x, g = scratch.x, scratch.g
    finite = True
    for phase in range(plan.evaluations):
        if phase > 0 or not plan.exact:
            evaluate(problem, at_x, at_z, x, scratch.z, scratch.gz, g, surface, t, plan.full_batch)
            finite &= values_finite(scratch.f)
        if t == 0 and phase == 0:
            start_scale(g, scratch.scale, plan.across)
        rule(moving, t, phase, plan.across)
    return finite


def _drive(problem, metrics, rule, lanes, surface, plan, results, scratch):
    # Numbers below the normal range count as 0: converged lanes would be ten times slower.
    mode = get_mode()
    set_mode(mode | FLUSH)
    lanes, surface, plan = borrow(lanes), borrow(surface), borrow(plan)
    results, scratch = borrow(results), borrow(scratch)
    x, g, z, gz, f = scratch.x, scratch.g, scratch.z, scratch.gz, scratch.f
    phase, seen, best = scratch.phase, scratch.seen, scratch.best
    p, q, work = surface.p, surface.q, surface.work
    for block in range(lanes.start.shape[0]):
        key, hyper = lanes.key[block], lanes.hyper[block]
        status, steps = results.status[block], results.steps[block]
        reported = x if plan.iterate < 0 else scratch.state[plan.iterate]
        at_x = place(ProblemCall(x, g, f, p, q, work, key))
        at_reported = place(ProblemCall(reported, g, f, p, q, work, key))
        turned = gz if surface.rotation.shape[0] else g
        at_z = place(ProblemCall(z, turned, f, p, q, work, key))
        measured = place(MetricsCall(reported, scratch.metrics, p, q, work))
        moving = place(
            RuleCall(
                x, g, f, scratch.state, scratch.lane_state, hyper, lanes.uniform, lanes.layers, key
            )
        )
        _begin(lanes, plan, results, scratch, block)
        r = 0
        for t in range(plan.steps + 1):
            due = r < plan.record_steps.shape[0] and plan.record_steps[r] == t
            if due and plan.has_metrics:
                _look(metrics, measured, scratch, results.record_metrics[block, r])
            if plan.exact or (due and (not plan.has_metrics or t == plan.steps)):
                full = plan.full_batch if plan.exact else 1
                evaluate(problem, at_reported, at_z, reported, z, gz, g, surface, t, full)
            ending = False
            if plan.exact or due:
                if t == 0:
                    _first_look(plan, results.f_start[block], scratch)
                if observe(f, seen, best, scratch.wanted):
                    for lane in range(phase.shape[0]):
                        quiet = seen[lane] > scratch.wanted[lane] and seen[lane] < np.inf
                        if phase[lane] == RUNNING and not quiet:
                            observe_lane(
                                seen[lane], lane, t, plan.stop_at_target, scratch.thresholds,
                                scratch.following, scratch.wanted, phase, results.hits[block],
                                status, steps,
                            )  # fmt: skip
                    ending = any_in(phase, ENDING)
            if due:
                record(
                    r, phase, seen, best, reported, results.record_f[block],
                    results.record_best[block], results.record_x[block],
                )  # fmt: skip
                r += 1
            if t == plan.steps:
                break
            copy(reported, scratch.previous)
            finite = _step(problem, rule, surface, plan, scratch, at_x, at_z, moving, t)
            if not points_finite(x) or not finite:
                end_broken(x, f, status, steps, phase, plan.across, t + 1)
                ending = any_in(phase, ENDING)
            if ending:
                _park(lanes, results, scratch, block, plan.across)
                if not any_in(phase, RUNNING):
                    break
        _finish(plan, results, scratch, reported, block)
    set_mode(mode)
