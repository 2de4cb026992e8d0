"""Runs of one lane a start, and what of two runs must be the same."""

import numpy as np

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate

NOT_FINITE = 3
PER_LANE = (
    "x", "f_start", "f_final", "f_best", "status", "steps", "hits", "hit", "record_f",
    "record_best", "record_metrics", "record_x",
)  # fmt: skip


def run(definition, optimizer, starts, lr=0.1, steps=30, seeds=None, **options):
    """Run one lane a start."""
    problem = optbench.problem(definition)
    n = len(starts)
    return simulate(
        problem,
        optbench.optimizer(optimizer),
        LaneInputs(
            np.asarray(starts, float),
            problem.keys(range(n) if seeds is None else seeds),
            np.broadcast_to(lr, n),
        ),
        Job(steps=steps, **options),
    )


def assert_same_lanes(ours, theirs, lanes):
    """Compare these lanes byte for byte."""
    assert len(ours.record_x) == len(theirs.record_x)
    for name in PER_LANE if len(ours.record_x) else PER_LANE[:-1]:
        one, other = getattr(ours, name)[lanes], getattr(theirs, name)[lanes]
        assert one.tobytes() == other.tobytes(), name
