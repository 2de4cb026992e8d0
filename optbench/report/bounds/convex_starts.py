"""What the bounds of theory are made from: a smooth convex function, and where lanes start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ConvexStarts:
    """Lanes on smooth convex functions, each an instance of the same problem.

    Attributes
    ----------
    smoothness : ndarray [n]
        L, a Lipschitz constant of the gradient: the largest curvature anywhere.
    convexity : ndarray [n]
        mu, the least curvature anywhere; 0 where the function is merely convex.
    distance : ndarray [n]
        |x_0 - x*|.
    gap : ndarray [n]
        f(x_0) - f*.
    quadratic : bool
        Whether the Hessian is the same everywhere.
    """

    smoothness: NDArray[np.float64]
    convexity: NDArray[np.float64]
    distance: NDArray[np.float64]
    gap: NDArray[np.float64]
    quadratic: bool

    def columns(self) -> tuple[NDArray[np.float64], ...]:
        """Return smoothness, convexity, distance and gap, each [n, 1]: a row a lane."""
        parts = (self.smoothness, self.convexity, self.distance, self.gap)
        return tuple(np.asarray(part, dtype=float)[:, None] for part in parts)
