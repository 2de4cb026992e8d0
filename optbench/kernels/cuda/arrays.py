"""What a launch sends to the device: arrays of all its blocks, and what a block takes of them.

A launch may have several loads: pairs of a problem and a rule, each with its lanes. What belongs to
a block is told by numbers: which functions it calls, on which placement it is, of which load.
"""

from typing import NamedTuple

import numpy as np

from optbench.kernels.cuda.known import EVALUATIONS, EXACT, FRAME, FULL_BATCH, HAS_METRICS, ITERATE
from optbench.kernels.cuda.onelane import DIRECT, SCALED, TURNED, column, entry
from optbench.kernels.memory.groups import Lanes, Plan, Surface
from optbench.kernels.products.primitives import gives_view, vector


class Blocks(NamedTuple):
    """What each block is about; all are int64 [nb]."""

    first: np.ndarray  # the number of its first lane in the results
    count: np.ndarray  # how many lanes it has
    load: np.ndarray
    place: np.ndarray  # the number of its placement
    problem: np.ndarray  # which functions of the kernel it calls
    rule: np.ndarray


class Loads(NamedTuple):
    """`groups.Lanes` of several loads; L counts them."""

    start: np.ndarray  # [nb, d, B]
    key: np.ndarray  # [nb, B]
    hyper: np.ndarray  # [nb, h, B] of the rule that has most
    state_start: np.ndarray  # [L, k] likewise
    lane_start: np.ndarray  # [L, q] likewise
    uniform: np.ndarray  # [tables, steps, u, w] likewise
    moving: np.ndarray  # [L, u]
    table: np.ndarray  # [nb]
    record_row: np.ndarray  # [n]
    point_row: np.ndarray  # [n]
    tensor_table: np.ndarray  # the same of all


class Surfaces(NamedTuple):
    """`groups.Surface` of all placements; P counts them."""

    p: np.ndarray  # one after the other
    p_end: np.ndarray  # [P + 1] where each begins, and the last one ends
    q: np.ndarray
    q_end: np.ndarray  # [P + 1]
    shift: np.ndarray  # [P, d], or [P, 0]
    centre: np.ndarray  # likewise
    matrix: np.ndarray  # [P, d, d], or [P, 0, 0]
    stretch: np.ndarray  # [P]


class Plans(NamedTuple):
    """`groups.Plan` on all placements."""

    steps: int
    record_steps: np.ndarray  # [r]
    targets: np.ndarray  # [P, m]
    goal: int
    f_ref: np.ndarray  # [P]
    floor: np.ndarray  # [P]
    tolerance: float
    exact: int
    full_batch: int
    stop_at_target: int
    evaluations: int
    iterate: int
    has_metrics: int
    adjusts: int


@gives_view
def lanes_of(loads, load, lane):
    """Return the `Lanes` of one lane of every block, with what its rule begins with."""
    scalars = min(lane, loads.uniform.shape[3] - 1)  # of this lane, or of all
    return Lanes(
        column(loads.start, lane), column(loads.key, lane), column(loads.hyper, lane),
        loads.state_start[load], loads.lane_start[load], column(loads.uniform, scalars),
        loads.moving[load], loads.table, loads.record_row, loads.point_row, loads.tensor_table,
    )  # fmt: skip


@gives_view
def surface_of(surfaces, place):
    """Return a placement, with nothing of a frame that is known to be none."""
    p = surfaces.p[surfaces.p_end[place] : surfaces.p_end[place + 1]]
    q = surfaces.q[surfaces.q_end[place] : surfaces.q_end[place + 1]]
    shift, centre = entry(surfaces.shift, place), entry(surfaces.centre, place)
    matrix = entry(surfaces.matrix, place)
    shift = shift[:0] if FRAME == DIRECT else shift
    matrix = matrix if FRAME == TURNED else matrix[:0]
    stretch = surfaces.stretch[place] if FRAME == SCALED else 1.0
    return Surface(p, q, shift, centre, matrix, stretch)


@gives_view
def plan_on(plans, place):
    """Return the plan on a placement, with what the kernel was compiled for."""
    return Plan(
        plans.steps, plans.record_steps, plans.targets[place], plans.goal, plans.f_ref[place],
        plans.floor[place], plans.tolerance, EXACT, FULL_BATCH, plans.stop_at_target, 0,
        EVALUATIONS, ITERATE, HAS_METRICS and plans.has_metrics, 0, -1, 1,
    )  # fmt: skip


def lanes_of_nets(loads):
    """Return the `Lanes` of nets, which are one load."""
    return Lanes(
        loads.start, loads.key, loads.hyper, loads.state_start[0], loads.lane_start[0],
        loads.uniform, loads.moving[0], loads.table, loads.record_row, loads.point_row,
        loads.tensor_table,
    )  # fmt: skip


def surface_of_net(surfaces, place):
    """Return the data set, or what of it an instance has, that a net is trained on."""
    at_p, at_q = surfaces.p_end[place], surfaces.q_end[place]
    p = vector(surfaces.p, at_p, surfaces.p_end[place + 1] - at_p)
    q = vector(surfaces.q, at_q, surfaces.q_end[place + 1] - at_q)
    shift, centre, matrix = surfaces.shift[place], surfaces.centre[place], surfaces.matrix[place]
    return Surface(p, q, shift, centre, matrix, surfaces.stretch[place])


def plan_of_net(plans, place):
    """Return the plan on a placement; a net's rule works across its columns, which are one."""
    return Plan(
        plans.steps, plans.record_steps, plans.targets[place], plans.goal, plans.f_ref[place],
        plans.floor[place], plans.tolerance, plans.exact, plans.full_batch, plans.stop_at_target, 1,
        plans.evaluations, plans.iterate, plans.has_metrics, plans.adjusts, -1, 1,
    )  # fmt: skip


NET_VIEWS = (lanes_of_nets, surface_of_net, plan_of_net)
BLOCK_VIEWS = (lanes_of, surface_of, plan_on)
