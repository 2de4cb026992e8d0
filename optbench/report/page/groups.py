"""Rows of long frames by their keys, without the cost of a small frame for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, NDArray[Any]]


def groups(
    frame: pd.DataFrame, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], Columns]]:
    """Yield (values of the keys, columns as arrays) of each group of rows, by first appearance.

    Parameters
    ----------
    frame : DataFrame
    keys, columns : sequence of str
    """
    if not len(frame):
        return
    code = np.zeros(len(frame), np.int64)
    for key in keys:
        own, values = frame[key].factorize()
        code = code * (len(values) + 1) + own
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int64)  # of each group, by where it appears first
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    order = np.argsort(place[group], kind="stable")
    ends = np.cumsum(np.bincount(place[group]))
    arrays = {name: frame[name].to_numpy()[order] for name in columns}
    heads = frame[list(keys)].iloc[np.sort(first)].itertuples(index=False, name=None)
    for head, low, high in zip(heads, [0, *ends.tolist()], ends.tolist(), strict=False):
        yield head, {name: column[low:high] for name, column in arrays.items()}
