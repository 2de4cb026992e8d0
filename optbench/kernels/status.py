"""How lanes end, and which gaps rounding hides. NumPy only: results are read without the engine."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

TARGET, STATIONARY, BUDGET, NOT_FINITE, STOPPED = 0, 1, 2, 3, 4
STATUS_NAMES = ("target", "stationary", "budget", "not finite", "stopped")
NOT_RUN = -1
"""Stands for the status of a trial that was not run on a draw."""


class Failure(IntEnum):
    """Why a lane did not reach its target: see `lanes.failures`, which decides in this order."""

    NONE = 0
    NOT_FINITE = 1
    DIVERGED = 2
    LEFT_THE_BOX = 3
    PLATEAU = 4
    SADDLE = 5
    OTHER_MINIMUM = 6
    STOPPED = 7
    STALLED = 8
    BUDGET = 9

    @property
    def words(self) -> str:
        """What it is called."""
        return self.name.lower().replace("_", " ")


PART_NAMES = ("train", "validation", "test")
"""Parts of a data set, as columns of metrics name them."""
PARTS = len(PART_NAMES)


def rounding_floor(
    f_ref: npt.ArrayLike, dtype: npt.DTypeLike
) -> np.floating | npt.NDArray[np.floating]:
    """Return the smallest gap that rounding does not hide.

    Parameters
    ----------
    f_ref : float or ndarray
        The reference value; NaN, where it is unknown, counts as 0.
    dtype : str or numpy.dtype
        Of the lanes.
    """
    return 100 * np.finfo(dtype).eps * np.fmax(1.0, np.abs(f_ref))
