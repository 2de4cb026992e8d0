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
# By the engine's code: a lane that stopped at a target which is not the asked one spent its budget.
_UNREACHED = np.array(
    [ENDINGS.index(BUDGET if name == ENGINE_TARGET else name) for name in STATUS_NAMES], np.int8
)


def endings(codes: NDArray[np.integer], reached: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return the positions among `ENDINGS` of how lanes ended.

    Parameters
    ----------
    codes : ndarray [...]
        Of the engine: see `kernels.status`.
    reached : ndarray [...]
        Which lanes reached the asked target; none where there is none.
    """
    return np.where(reached, np.int8(ENDINGS.index(REACHED)), _UNREACHED[codes])
