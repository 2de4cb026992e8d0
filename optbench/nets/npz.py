"""NPZ files with arrays X and y of numbers; Python objects in them are never loaded."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError
from optbench.gate import shown
from optbench.nets.answers import NUMBERS, WHOLE, Answers

_REMEDY = "numpy.savez(path, X=X, y=y)"


def read(path: Path, content: bytes) -> tuple[NDArray[np.float64], Answers]:
    """Read X [n, k], and y: integers [n] are labels, floats [n] or numbers [n, m] outputs.

    Raises
    ------
    SettingError
        If it is not an NPZ file, an array is not there, or one does not fit.
    """
    X, y = _arrays(path, content)
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise SettingError(
            f"{path}: X is {X.dtype} {X.shape}; expected numbers of shape (n, k), k features of "
            "each example"
        )
    fits = y.dtype.kind in "biuf" and y.ndim in (1, 2) and len(y) == len(X) and y.size >= len(y)
    if not fits:
        raise SettingError(
            f"{path}: y is {y.dtype} {y.shape}; expected integers ({len(X)},) for classes or "
            f"floats ({len(X)},) or ({len(X)}, m) for a regression"
        )
    kind = WHOLE if y.dtype.kind != "f" else NUMBERS
    with np.errstate(over="ignore"):  # of long doubles; what is not finite is refused later
        y = y.astype(np.float64) if kind == NUMBERS else y
        return X.astype(np.float64), Answers(y, kind)


def _arrays(path: Path, content: bytes) -> list[NDArray[Any]]:
    """Return the arrays X and y; refuse what is no archive of them."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise SettingError(
            f"{path}: is no NPZ file, it begins with {content[:4].hex() or 'nothing'} instead of "
            f"504b0304 or is cut short; write it by {_REMEDY}"
        )
    place = "its table of contents"
    # A damaged archive raises whatever its bytes lead to, in zipfile, zlib and NumPy's headers.
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            absent = [name for name in ("X", "y") if name not in archive.files]
            if absent:
                names = ", ".join(map(shown, archive.files[:8])) or "none"
                more = f" and {len(archive.files) - 8} more" if len(archive.files) > 8 else ""
                raise SettingError(
                    f"{path}: holds no array {' and no array '.join(absent)}; its arrays are "
                    f"{names}{more}; expected X (features) and y (targets), as {_REMEDY} writes "
                    "them"
                )
            arrays = []
            for place in ("X", "y"):
                arrays.append(archive[place])
    except (SettingError, MemoryError):
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise SettingError(
                f"{path}: {place} holds Python objects, which are never loaded; expected numbers; "
                f"save numpy.asarray({place}, dtype=float), whose rows are of equal length"
            ) from None
        raise SettingError(
            f"{path}: {place} cannot be read ({type(error).__name__}: {shown(str(error))}); the "
            f"file is damaged, write it again by {_REMEDY}"
        ) from None
    for name, values in zip("Xy", arrays, strict=True):
        if not isinstance(values, np.ndarray):
            raise SettingError(f"{path}: {name} is no array; write the file by {_REMEDY}")
    return arrays
