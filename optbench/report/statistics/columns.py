"""Columns of long frames, filled cell by cell: words as categories, numbers in small dtypes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike, NDArray

from optbench.report.statistics.rows import Facts

PAIR = ["optimizer", "problem", "dim", "label", "budget", "dtype", "device"]
"""What tells the pairs of a run apart: tables group by all of it."""
OF_PAIRS = [*PAIR, "kind"]
"""Columns of long frames that say which pair a row is of."""
Block: TypeAlias = Mapping[str, Any]
"""Columns of some rows that follow one another: arrays, or numbers that all of them share."""


def words(positions: NDArray[np.integer], names: Sequence[str]) -> pd.Categorical:
    """Return names by their positions [n], as categories."""
    return pd.Categorical.from_codes(positions, categories=list(names))


def of_pairs(facts: Sequence[Facts], rows: Sequence[int]) -> dict[str, Any]:
    """Return `OF_PAIRS` of frames in which pair i has ``rows[i]`` rows; words are categories."""
    columns: dict[str, Any] = {}
    for name in OF_PAIRS:
        own = [each[name] for each in facts]
        if name in ("dim", "budget"):
            columns[name] = np.repeat(np.array(own, np.int64), rows)
            continue
        names = sorted(set(own))
        place = {word: i for i, word in enumerate(names)}
        codes = np.array([place[word] for word in own], np.int16)
        columns[name] = words(np.repeat(codes, rows), names)
    return columns


def filled(
    blocks: Iterable[tuple[slice, Block]], rows: int, dtypes: Mapping[str, DTypeLike]
) -> dict[str, NDArray[Any]]:
    """Return columns of `rows` rows, filled block by block.

    Parameters
    ----------
    blocks : iterable of (slice, dict)
        Where a block's rows are, and what its columns hold.
    rows : int
    dtypes : dict
        Of each column; others are float64, NaN where a block does not have them.
    """
    columns = {name: np.zeros(rows, dtype) for name, dtype in dtypes.items()}
    for at, block in blocks:
        for name, values in block.items():
            if name not in columns:
                columns[name] = np.full(rows, np.nan)
            columns[name][at] = values
    return columns
