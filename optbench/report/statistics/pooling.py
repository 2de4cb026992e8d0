"""Which lanes of a group are summarised together: the rule about seed 0, in one place.

Seed 0 starts at the problem's declared start, the others at random: it is in no median and no
interval. Where there is no other seed, seed 0 is what is shown. Nets declare no start, so that
their seed 0 is a lane like others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def at_declared_start(rows: pd.DataFrame, kind: str) -> NDArray[np.bool_]:
    """Return which rows of a frame are of lanes that start at the declared start."""
    seeds: NDArray[np.int64] = rows["seed"].to_numpy()
    return np.asarray((seeds == 0) & (kind != "net"), dtype=bool)


def pooled(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of the lanes that are summarised, for a problem of this kind."""
    random = rows[~at_declared_start(rows, kind)]
    return random if len(random) else rows
