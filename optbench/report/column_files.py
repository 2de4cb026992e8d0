"""Tables too long for CSV: one compressed file, an array a column, read by NumPy alone.

A column of words is two arrays: ``NAME``, the position of each row's word, and ``NAME_names``, the
words. A column whose numbers mostly equal those of another is ``NAME_xor_OTHER``: the bits in which
they differ, so that equal ones cost nothing and none loses a digit. ``numpy.load`` reads the file;
nothing in it is pickled.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

NAMES = "_names"
"""What the name of the array of a column's words ends with."""
XOR = "_xor_"
"""What stands between the names of a column and of the one that it is like."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time that files say they were written, so that the same table has the same bytes."""


def write(
    place: Path | IO[bytes], frame: pd.DataFrame, columns: Collection[str],
    like: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Write columns of a frame; of those that are NaN throughout nothing is written.

    Parameters
    ----------
    place : Path or file
        Where to.
    frame : DataFrame
    columns : collection of str
    like : dict
        Column -> another of the same dtype, float64, that it mostly equals.
    """
    like = like or {}
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as file:
        for name in columns:
            if name in like:
                differs = _bits(frame[name]) ^ _bits(frame[like[name]])
                arrays = {f"{name}{XOR}{like[name]}": differs}
            else:
                arrays = _arrays(name, frame[name])
            for key, array in arrays.items():
                entry = zipfile.ZipInfo(f"{key}.npy", EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                with file.open(entry, "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, array, allow_pickle=False)


def _bits(column: pd.Series[Any]) -> NDArray[np.uint64]:
    bits: NDArray[np.uint64] = column.to_numpy("<f8").view("<u8")
    return bits


def _arrays(name: str, column: pd.Series[Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a column by name."""
    if column.dtype.kind == "O":  # words, as categories already or not
        column = column.astype("category")
        words = np.array(column.cat.categories, dtype=str)
        return {name: column.cat.codes.to_numpy(), f"{name}{NAMES}": words}
    values = column.to_numpy()
    if values.dtype.kind == "f" and np.isnan(values).all():
        return {}
    return {name: values.astype(values.dtype.newbyteorder("<"), copy=False)}


def read(path: Path) -> pd.DataFrame:
    """Return the frame of a file that `write` wrote, without the columns that it left out."""
    import pandas

    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    columns: dict[str, Any] = {}
    for key, array in arrays.items():
        name, xor, other = key.partition(XOR)
        if xor:
            columns[name] = (array ^ arrays[other].view("<u8")).view("<f8")
        elif f"{key}{NAMES}" in arrays:
            words = list(arrays[f"{key}{NAMES}"])
            columns[key] = pandas.Categorical.from_codes(array, categories=words)
        elif not key.endswith(NAMES):
            columns[key] = array
    return pandas.DataFrame(columns)
