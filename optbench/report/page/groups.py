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
    # Rows of a group mostly follow one another: there are few runs of equal rows, and many rows.
    begins = np.flatnonzero(np.diff(code, prepend=code[0] - 1))
    ends = [*begins[1:].tolist(), len(code)]
    runs: dict[int, list[slice]] = {}
    for group, low, high in zip(code[begins].tolist(), begins.tolist(), ends, strict=True):
        runs.setdefault(group, []).append(slice(low, high))
    arrays = {name: frame[name].to_numpy() for name in columns}
    heads = frame[list(keys)].iloc[[own[0].start for own in runs.values()]]
    for head, own in zip(heads.itertuples(index=False, name=None), runs.values(), strict=True):
        yield head, {name: _rows(column, own) for name, column in arrays.items()}


def _rows(column: NDArray[Any], runs: Sequence[slice]) -> NDArray[Any]:
    """Return the rows of a column in some runs, one after another."""
    return column[runs[0]] if len(runs) == 1 else np.concatenate([column[own] for own in runs])
