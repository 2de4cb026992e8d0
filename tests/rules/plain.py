"""Gradients fed to a lane in plain Python: what `optbench.replay` computes with compiled code."""

import numpy as np

from optbench.lanes.plain_lane import PlainLane


def plain_replay(optimizer, gradients, start, values):
    """Return the query points [T + 1, d] of `optbench.replay`."""
    each = optimizer.evaluations
    lane = PlainLane(optimizer, start, -(-len(gradients) // each))
    points = [list(lane.x)]
    for i, gradient in enumerate(gradients):
        lane.feed([float(v) for v in gradient], float(values[i]), *divmod(i, each))
        points.append(list(lane.x))
    return np.array(points)
