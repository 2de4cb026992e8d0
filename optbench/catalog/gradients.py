"""Gradients at points of lanes that are on instances of their own.

Instances that differ in their frame alone are one surface: its gradients come from one call, which
costs as much as those at a few points. For a handful of lanes each, twenty calls took ten times as
long.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats, Problem
from optbench.kernels.driver.tasks import Placement


def gradients(
    instances: tuple[Problem, ...], number: NDArray[np.integer], points: Floats
) -> Floats:
    """Return noise-free gradients, in float64, as `Problem.grad` gives them up to rounding.

    Parameters
    ----------
    instances : tuple of Problem
        Of one surface in one dimension.
    number : ndarray [n] of int
        Position of the instance of each lane.
    points : ndarray [n, m, d]
        m points of each.

    Returns
    -------
    ndarray [n, m, d]
    """
    shape = points.shape
    lanes = [(instances[i], np.flatnonzero(number == i)) for i in np.unique(number)]
    frameless = _frameless(instances)
    result = np.empty(shape)
    if frameless is None:
        for problem, own in lanes:
            result[own] = problem.grad(points[own].reshape(-1, shape[2])).reshape(-1, *shape[1:])
        return result
    from optbench.kernels.cpu.launch import evaluate

    for problem, own in lanes:
        result[own] = _into_frame(problem.placement, points[own])
    function = instances[0].compiled(np.float64).problem
    slopes: Floats = evaluate(function, frameless, result.reshape(-1, shape[2]), False)[1]
    result = slopes.reshape(shape)
    for problem, own in lanes:
        placement = problem.placement
        if placement.rotation is not None:
            result[own] = result[own] @ placement.rotation
        result[own] /= placement.scale
    return result


@functools.lru_cache(maxsize=512)
def _frameless(instances: tuple[Problem, ...]) -> Placement | None:
    """Return what instances share without their frames, None if they differ in more than these."""
    first = instances[0].placement
    for placement in (problem.placement for problem in instances):
        if not (np.array_equal(placement.p, first.p) and np.array_equal(placement.q, first.q)):
            return None
    return Placement(first.p, first.q, first.work_size)


def _into_frame(placement: Placement, points: Floats) -> Floats:
    """Return what the author's function sees of points [..., d]; see `Placement`."""
    x = points if placement.shift is None else points - placement.shift
    if placement.rotation is None and placement.scale == 1.0:
        return x
    x = x - placement.centre
    if placement.rotation is not None:
        x = x @ placement.rotation.T
    z: Floats = placement.centre + x / placement.scale
    return z
