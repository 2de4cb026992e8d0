"""Which rows of a frame are summarised together: the canonical lane is in no median."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def is_canonical(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows are of the canonical lane: instance 0, seed 0."""
    at_zero = (rows["instance"].to_numpy() == 0) & (rows["seed"].to_numpy() == 0)
    return np.asarray(at_zero, dtype=bool)


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the lanes that are summarised."""
    return rows[~is_canonical(rows)]
