"""By how much a theorem is missed: what was measured beside what is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from optbench.errors import SettingError


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a theorem returns that has a picture of its own.

    Attributes
    ----------
    miss : float
        By how much it is missed.
    arrows : dict of str to ndarray [k, 2]
        Paths in the plane by their names: an arrow from each point to the next.
    """

    miss: float
    arrows: Mapping[str, ArrayLike] = field(default_factory=dict)


def deviation(measured: ArrayLike, predicted: ArrayLike) -> float:
    """Return the largest |measured - predicted| / max(1, |predicted|): what a theorem is missed by.

    Raises
    ------
    SettingError
        If the shapes differ: broadcast arrays would compare other things than meant.
    """
    a, b = np.asarray(measured, float), np.asarray(predicted, float)
    if a.shape != b.shape:
        raise SettingError(
            f"deviation: measured has shape {list(a.shape)}, predicted {list(b.shape)}; give one "
            "prediction for each measurement"
        )
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b))))


def excess(measured: ArrayLike, bound: ArrayLike) -> float:
    """Return by how much a bound from above is exceeded at most, 0 where it holds.

    It is relative to max(1, |bound|).
    """
    a, b = np.broadcast_arrays(np.asarray(measured, float), np.asarray(bound, float))
    return float(np.max(np.maximum(a - b, 0.0) / np.maximum(1.0, np.abs(b))))
