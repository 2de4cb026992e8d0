"""Tables too long for CSV: one compressed file, an array a column, read by NumPy alone.

A column of words is two arrays: ``NAME``, the position of each row's word, and ``NAME_names``, the
words. ``numpy.load`` reads the file; nothing in it is pickled.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

NAMES = "_names"
"""What the name of the array of a column's words ends with."""
LEVEL = 6
"""Of zlib: measured on lanes, 9 is hardly smaller, and 1 larger by a fifth."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time that files say they were written, so that the same table has the same bytes."""


def write(path: Path, frame: pd.DataFrame, columns: Collection[str]) -> None:
    """Write columns of a frame; of those that are NaN throughout nothing is written."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as file:
        for name in columns:
            for key, array in _arrays(name, frame[name]).items():
                entry = zipfile.ZipInfo(f"{key}.npy", EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                with file.open(entry, "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, array, allow_pickle=False)


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
    return pandas.DataFrame({
        name: pandas.Categorical.from_codes(array, list(arrays[f"{name}{NAMES}"]))
        if f"{name}{NAMES}" in arrays else array
        for name, array in arrays.items() if not name.endswith(NAMES)
    })  # fmt: skip
