"""How lanes end, in the words of the tables.

The engine's status says why a lane stopped; its target there is the hardest of those that it was
given. The ending says "reached" where the target that was asked for was reached.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import STATUS_NAMES

ENGINE_TARGET, STATIONARY, BUDGET, NOT_FINITE, STOPPED = STATUS_NAMES
REACHED = "reached"
ENDINGS = (REACHED, STATIONARY, BUDGET, STOPPED, NOT_FINITE)
"""From the best ending to the worst, as figures show them."""


def status_words(status: NDArray[np.integer]) -> NDArray[np.str_]:
    """Return the words of the engine's status codes [lanes]."""
    words: NDArray[np.str_] = np.array(STATUS_NAMES)[status]
    return words


def endings(words: NDArray[np.str_], reached: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return how lanes ended, given their status in words and 1 where they reached the target."""
    unreached = np.where(words == ENGINE_TARGET, BUDGET, words)
    return np.where(reached == 1.0, REACHED, unreached)
