"""The surfaces' driver on CUDA: a thread runs a lane, a thread block a block of lanes.

What a lane does is `driver.steps`, bound by `onelane`; here is what is CUDA's own. A kernel is made
for a set of problems and rules that it switches over by number, or for one pair. A lane's points
and state are its thread's local arrays: registers where their size is known and small, else local
memory, which lies in the order of the threads as the CPU's arrays lie in the order of the lanes.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from optbench.kernels.authors import sources
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cuda.arrays import BLOCK_VIEWS, lanes_of, plan_on, surface_of
from optbench.kernels.cuda.compiled_duals import dual_views
from optbench.kernels.cuda.compiling import part, type_of
from optbench.kernels.cuda.device import cuda
from optbench.kernels.cuda.known import (
    LANE_STATE_ROOM,
    LANE_STATES,
    REAL,
    ROWS,
    STATE_ROOM,
    STATES,
    WHOLE,
    WORK,
    WORK_ROOM,
    size_of,
)
from optbench.kernels.cuda.onelane import (
    EVALUATE,
    Binder,
    always,
    column,
    shift_point,
    stretch_point,
)
from optbench.kernels.cuda.views import views
from optbench.kernels.driver import events
from optbench.kernels.driver.events import RUNNING
from optbench.kernels.driver.passes import PASSES
from optbench.kernels.driver.points import Run, adjusted, attend, evaluate, goes_on, steps_in_place
from optbench.kernels.driver.steps import STEPS, run_block
from optbench.kernels.memory.groups import Scratch

MOST_TARGETS = 32
UNROLLED = {np.dtype("float32"): 16, np.dtype("float64"): 8}
"""Most coordinates over which loops are unrolled: more take too many registers."""


@dataclass(frozen=True)
class Fixed:
    """What all lanes of a kernel have in common, so that it is compiled in.

    Attributes
    ----------
    frame : int
        DIRECT, SHIFTED, SCALED or TURNED.
    work : int
        Numbers in the buffer of a lane's problem.
    exact, full_batch, evaluations, iterate, has_metrics : int
        See `groups.Plan`; a kernel that has metrics leaves them out where the plan does.
    """

    frame: int
    work: int
    exact: int
    full_batch: int
    evaluations: int
    iterate: int
    has_metrics: int


def drive(blocks, loads, surfaces, plans, results):
    """Run a lane: the kernel."""
    block, lane = cuda.blockIdx.x, cuda.threadIdx.x
    if lane >= blocks.count[block]:
        return
    place, first = blocks.place[block], blocks.first[block] + lane
    d = size_of(loads.start.shape[1])
    scratch = Scratch(
        column(cuda.local.array((ROWS, 1), REAL)[:d], 0),
        column(cuda.local.array((ROWS, 1), REAL)[:d], 0),
        column(cuda.local.array((ROWS, 1), REAL)[:d], 0),
        column(cuda.local.array((ROWS, 1), REAL)[:d], 0),
        column(cuda.local.array((ROWS, 1), REAL)[:d], 0),
        cuda.local.array(1, REAL), cuda.local.array(1, REAL), cuda.local.array(1, REAL),
        cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        cuda.local.array((MOST_TARGETS, 1), REAL)[: plans.targets.shape[1]],
        cuda.local.array(1, REAL), cuda.local.array(1, WHOLE),
        cuda.local.array((STATE_ROOM, ROWS, 1), REAL)[:STATES, :d],
        cuda.local.array((LANE_STATE_ROOM, 1), REAL)[:LANE_STATES],
        cuda.local.array((2, 1), REAL), cuda.local.array(1, REAL)[:0],
        cuda.local.array(WORK_ROOM, REAL)[:WORK],
    )  # fmt: skip
    problem, rule = blocks.problem[block], blocks.rule[block]
    run = Run(
        problem, problem, rule, 0, 0, lanes_of(loads, blocks.load[block], lane),
        surface_of(surfaces, place), plan_on(plans, place), results, scratch, block, first,
    )  # fmt: skip
    run_block(run)


def unadjusted(run, at, t):
    """Stand for `points.adjusted`: surfaces do nothing after a step."""
    return False


def goes_on_alone(run, x):
    """Stand for `points.goes_on`: a block of one lane ends with it."""
    return run.scratch.phase[0] == RUNNING


def known_size(d):
    """Return the number of coordinates that the kernel was compiled for."""
    return ROWS


def given_size(d):
    """Return the number of coordinates."""
    return d


def rolled(d: int | None, dtype: DTypeLike) -> bool:
    """Say whether loops over the coordinates stay loops; d is None where it is not known."""
    return d is None or d > UNROLLED[np.dtype(dtype)]


# ---------------------------------------------------------------------------- making of a kernel


def kernel(
    problems: Sequence[Callable[..., Any]],
    metrics: Sequence[Callable[..., Any] | None],
    layouts: Sequence[RuleLayout],
    dtype: DTypeLike,
    rows: int,
    fixed: Fixed,
    sized: bool = True,
) -> Callable[..., None]:
    """Return the kernel as a Python function, its callees handed to the compiler.

    Parameters
    ----------
    problems, metrics : sequence of function
        The authors' functions; of metrics None where a problem has none.
    layouts : sequence of RuleLayout
        Of rules.
    dtype : numpy.dtype
    rows : int
        Coordinates that a lane has room for.
    fixed : Fixed
        What all runs of the kernel have in common.
    sized : bool
        Whether every lane has exactly `rows` coordinates.
    """
    binder = Binder(_shared(np.dtype(dtype), rolled(rows if sized else None, dtype)))
    states = max(len(layout.state) for layout in layouts)
    lane_states = max(len(layout.lane_state) for layout in layouts)
    binder.scope.update(
        ROWS=rows, WORK_ROOM=fixed.work + 1,
        STATES=states, STATE_ROOM=states + 1,
        LANE_STATES=lane_states, LANE_STATE_ROOM=lane_states + 1,
        REAL=type_of(dtype), WHOLE=type_of(np.int64),
        **{name.upper(): value for name, value in asdict(fixed).items()},
    )  # fmt: skip
    binder.bind(
        call_problem=_switch([binder.problem(f) for f in problems], "call, t, full"),
        call_metrics=_switch([f and binder.metrics(f) for f in metrics], "call, part"),
        call_rule=_switch([binder.rule(f) for f in layouts], "call, t, phase, across"),
    )
    binder.bind(shift_point, stretch_point)
    substitutes = {evaluate: EVALUATE[fixed.frame], adjusted: unadjusted, goes_on: goes_on_alone}
    binder.replace({step: substitutes.get(step, step) for step in STEPS if step != steps_in_place})
    binder.bind(*BLOCK_VIEWS, size_of=known_size if sized else given_size)
    return binder.function(drive)


@functools.cache
def _shared(dtype, rolled):
    """Return a binder with what all kernels of a kind share, so that it is compiled once."""
    binder = Binder.of(dtype, part, views() | dual_views())
    binder.bind(*PASSES)
    binder.replace({steps_in_place: always})
    binder.value(events)
    binder.bind(attend)
    return binder


def _switch(functions, arguments):
    """Return ``switch(number, ...)``, which calls one of some functions."""
    lines = [f"def block(number, {arguments}):"]
    names = {}
    for number, function in enumerate(functions):
        names[f"function_{number}"] = function
        word = "if" if number == 0 else "elif"
        body = f"return function_{number}({arguments})" if function else "pass"
        if len(functions) == 1:
            lines.append(f"    {body}")
        else:
            lines += [f"    {word} number == {number}:", f"        {body}"]
    return sources.generated("\n".join(lines) + "\n", names)
