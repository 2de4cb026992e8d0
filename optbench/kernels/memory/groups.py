"""The named groups of arrays and switches that the compiled driver works on.

nb counts blocks, B lanes in a block (of a net: the columns of its one lane), d coordinates (rows),
k states, q lane states, h hyperparameters, u step scalars, r records, m targets.
"""

import functools
from typing import NamedTuple

import numpy as np

from optbench.kernels.memory.pointers import Pointer, pointer_type


class Lanes(NamedTuple):
    """What differs by lane or block."""

    start: np.ndarray  # [nb, d, B]
    key: np.ndarray  # [nb, 1] uint64: a block is one draw; on CUDA [nb, B]; of nets see `drawn`
    hyper: np.ndarray  # [nb, h, B]; row 0 is the rate
    state_start: np.ndarray  # [k] start value, NaN for a copy of x
    lane_start: np.ndarray  # [q]
    uniform: np.ndarray  # [tables, steps, u, w]; w = 1: of all lanes, w = B: by lane
    moving: np.ndarray  # [u] int64: 0 where a column of them never changes, see `calls.RuleCall`
    table: np.ndarray  # [nb] int64: which of them a block steps by
    record_row: np.ndarray  # [n] int64: row of each lane in the records of f, -1: none are kept
    point_row: np.ndarray  # [n] int64: likewise in the records of x
    tensor_table: np.ndarray  # [3 n + 1] int64, see `authors.tensors.tensor_table`


class Blocks(NamedTuple):
    """Where the blocks of a chunk belong; `surface` and `plan` are addresses of groups."""

    first: np.ndarray  # [nb] int64: the number of a block's first lane in the results
    surface: np.ndarray  # [nb] int64
    plan: np.ndarray  # [nb] int64


class Surface(NamedTuple):
    """An instance: constants, and the frame z = centre + matrix (x - shift - centre).

    With a 0 x 0 matrix z = centre + stretch (x - shift - centre), which is x - shift where
    stretch = 1; with an empty shift z = x.
    """

    p: np.ndarray
    q: np.ndarray  # int64
    shift: np.ndarray  # [d]
    centre: np.ndarray  # [d]
    matrix: np.ndarray  # [d, d] rotation / scale
    stretch: float  # 1 / scale


class Plan(NamedTuple):
    """How long to run and what to look for."""

    steps: int
    record_steps: np.ndarray  # [r] int64, increasing
    targets: np.ndarray  # [m] decreasing: shares of the initial gap, or values if f_ref is NaN
    goal: int  # which target is the goal; -1: the last one that counts
    f_ref: float
    floor: float  # smallest gap that counts as a target
    tolerance: float  # of the gradient, relative to the start's, for "stationary"
    exact: int
    full_batch: int
    stop_at_target: int
    across: int
    evaluations: int
    iterate: int
    has_metrics: int
    adjusts: int  # whether `adjust` is called after each step, see `memory.calls`
    hessian: int  # row of the state that takes an estimate of the Hessian's diagonal, -1: none
    hessian_every: int  # steps from one estimate to the next


class Results(NamedTuple):
    """What a run gives for its n lanes. Step counts are int64; -1 is a target not reached."""

    x: np.ndarray  # [n, d] the reported point
    f_start: np.ndarray  # [n] noise-free
    f_final: np.ndarray  # [n]
    f_best: np.ndarray  # [n]
    status: np.ndarray  # [n] int64
    steps: np.ndarray  # [n] int64
    hits: np.ndarray  # [n, m] int64
    hit: np.ndarray  # [n] int64 of the goal: the target that it names, else the last that counts
    record_f: np.ndarray  # [recorded lanes, r]; NaN after the end
    record_best: np.ndarray  # [recorded lanes, r]
    record_metrics: np.ndarray  # [recorded lanes, r or 0, 6]: objective and accuracy of the parts
    record_x: np.ndarray  # [lanes with points, r, d]


class Scratch(NamedTuple):
    """Work space of one block."""

    x: np.ndarray  # [d, B]
    y: np.ndarray  # [d, B] the point before or after x; else the reported point before the step
    g: np.ndarray  # [d, B]
    z: np.ndarray  # [d, B] x in the frame of the instance
    gz: np.ndarray  # [d, B]
    f: np.ndarray  # [B] as the rule sees it
    f_clean: np.ndarray  # [B] the last noise-free f
    best: np.ndarray  # [B]
    next_target: np.ndarray  # [B] value of the next target, -inf if there is none
    next_index: np.ndarray  # [B] int64 its index
    thresholds: np.ndarray  # [m, B] values of the targets, NaN for those that do not count
    scale: np.ndarray  # [B] largest gradient entry at the start
    phase: np.ndarray  # [B] int64: RUNNING, ENDING or PARKED
    state: np.ndarray  # [k, d, B]
    lane_state: np.ndarray  # [q, B]
    metrics: np.ndarray  # [2, B]
    memory: np.ndarray  # of a matrix rule
    work: np.ndarray  # the problem's buffers


_FIELDS = {
    Lanes: "f3 u2 f3 f1 f1 f4 i1 i1 i1 i1 i1",
    Blocks: "i1 i1 i1",
    Surface: "f1 i1 f1 f1 f2 f0",
    Plan: "i0 i1 f1 i0 f0 f0 f0 i0 i0 i0 i0 i0 i0 i0 i0 i0 i0",
    Results: "f2 f1 f1 f1 i1 i1 i2 i1 f2 f2 f3 f3",
    Scratch: "f2 f2 f2 f2 f2 f1 f1 f1 f1 i1 f2 f1 i1 f3 f2 f2 f1 f1",
}


@functools.cache
def group_types(dtype: np.dtype) -> tuple[Pointer, ...]:
    """Types of the addresses of Lanes, Blocks, Surface, Plan, Results, Scratch, in this order."""
    return tuple(pointer_type(cls, specs, dtype) for cls, specs in _FIELDS.items())
