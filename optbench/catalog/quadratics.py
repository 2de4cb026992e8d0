"""The curvatures of a quadratic, from its gradients."""

from typing import NamedTuple

import numpy as np

from optbench.catalog.instance import Floats, Problem

LARGEST = 128
"""Coordinates up to which they are computed: as many gradients, and an eigenvalue problem."""
SAME = 1e-9
"""By how much gradients of a quadratic may differ from H (x - x*), as a share of the largest."""
NO_CURVATURE = 1e-13
"""Share of the largest curvature below which the least one is rounding."""


class Curvatures(NamedTuple):
    """The least and the largest eigenvalue of a Hessian that is the same everywhere."""

    least: float
    largest: float


def curvatures(problem: Problem) -> Curvatures | None:
    """Return the curvatures of an instance, None where it is no convex quadratic.

    Gradients at unit steps from the minimum are the columns of the Hessian; another point in the
    box tells whether it is the same there.

    Parameters
    ----------
    problem : Problem
        None is returned of noise, of data, of more than `LARGEST` coordinates, and where the
        minimum is not declared.
    """
    d, minimum = problem.dim, problem.minimum
    is_known = problem.kind == "deterministic" and minimum is not None and "convex" in problem.tags
    if not is_known or minimum is None or problem.box is None or d > LARGEST:
        return None
    low, high = problem.box
    elsewhere = low + (high - low) * (0.1 + 0.8 * np.arange(1, d + 1) / (d + 1))
    away = np.concatenate([np.eye(d), -0.5 * np.eye(d), [elsewhere - minimum]])
    slopes = problem.grad(minimum + away)
    hessian = slopes[:d]
    scale = np.abs(hessian).max() * max(1.0, float(np.abs(away).max()))
    if not np.abs(slopes - away @ hessian).max() <= SAME * scale:
        return None
    return _of(hessian)


def _of(hessian: Floats) -> Curvatures | None:
    """Return the extreme eigenvalues [d, d], None where one is negative."""
    eigenvalues = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
    least, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    if not (largest > 0.0 and least >= -NO_CURVATURE * largest):
        return None
    return Curvatures(0.0 if least <= NO_CURVATURE * largest else least, largest)
