"""The user's own data: CSV, NPZ, and IDX files (the format of MNIST), refused when malformed."""

import csv
import gzip
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from optbench.errors import SettingError

FEWEST = 5
"""Rows that a data set must have, so that each of its three parts gets one."""

IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""Third byte of an IDX file -> dtype (LeCun, Cortes and Burges, the MNIST database)."""

MNIST = (("train-images", "train-labels"), ("t10k-images", "t10k-labels"))


def looks_like_path(name):
    """Return whether a name of data can only mean a file or a folder."""
    return "/" in name or "." in name or Path(name).exists()


def stamp(name):
    """Return what changes when the file or a file of the folder does."""
    path = Path(name)
    found = [path, *sorted(path.parent.iterdir() if path.is_file() else path.glob("*"))]
    return tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in found if f.is_file())


def read(path):
    """Read a data set.

    Parameters
    ----------
    path : Path
        - ``.csv``: numbers separated by commas, a row an example, the target in the last column; a
          first row of words is a header. Words as targets are classes, numbered in order of the
          alphabet; so are whole numbers that are exactly 0 .. classes - 1; other numbers are wanted
          outputs.
        - ``.npz``: arrays X [n, k] and y; integers y [n] are class labels, floats [n] or [n, m]
          wanted outputs.
        - an IDX file of images, whose name has "images"; the labels are in the file whose name has
          "labels" (and idx1 for idx3) instead. Both may end with .gz.
        - a folder with the four files of MNIST; the t10k ones are the test part.

    Returns
    -------
    X : float64 [n, k]
    y : int64 [n], or float64 [n, 1] or [n, m]
    held_out : int
        How many of the last rows are the test part that the files set apart; 0 if they do not.

    Raises
    ------
    SettingError
        If the file is missing or malformed.
    """
    if not path.exists():
        raise SettingError(f"{path}: no such file; give the path of a data file that exists")
    held_out = 0
    if path.is_dir():
        X, y, held_out = _mnist(path)
    elif path.suffix == ".csv":
        X, y = _csv(path)
    elif path.suffix == ".npz":
        X, y = _npz(path)
    elif "images" in path.name:
        X, y = _pair(path, _labels_path(path))
    else:
        raise SettingError(
            f"{path}: of no known kind; it must end with .csv or .npz, be an IDX file with "
            '"images" in its name, or a folder with MNIST\'s four files'
        )
    _check(path, X, y)
    return X, y, held_out


def _check(path, X, y):
    if len(X) < FEWEST or X.shape[1] < 1:
        raise SettingError(
            f"{path}: holds {len(X)} examples of {X.shape[1]} features; expected at least "
            f"{FEWEST} examples of 1 feature, so that each part of the split has one"
        )
    for name, values in (("features", X), ("targets", y)):
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            at = ", ".join(str(i + 1) for i in bad[0])
            raise SettingError(
                f"{path}: {name} hold {values[tuple(bad[0])]} at example (and column) {at}; "
                "expected finite numbers; fill in or leave out such examples"
            )
    if y.dtype.kind == "i":
        missing = np.setdiff1d(np.arange(y.max() + 1), y)
        if y.min() < 0 or len(missing) or y.max() < 1:
            raise SettingError(
                f"{path}: class labels are {', '.join(map(str, np.unique(y)[:8]))}; expected each "
                "of 0, 1, ..., classes - 1 with at least two classes; renumber them, or store "
                "floats if they are the targets of a regression"
            )


# ------------------------------------------------------------------------------------ CSV, NPZ


def _csv(path):
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(i, row) for i, row in enumerate(csv.reader(file), 1) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingError(
            f"{path}: is not a text file of comma-separated values ({error}); save it as UTF-8"
        ) from None
    if rows and not any(_is_number(word) for word in rows[0][1][:-1]):
        rows = rows[1:]
    if not rows:
        raise SettingError(f"{path}: holds no example; expected rows of features and a target")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width or width < 2:
            raise SettingError(
                f"{path}, line {line}: has {len(row)} columns; expected {max(width, 2)} "
                "(features, then the target) in every row"
            )
        for column, word in enumerate(row[:-1], 1):
            if not _is_number(word):
                raise SettingError(
                    f"{path}, line {line}, column {column}: {word!r} is not a number; expected "
                    "numbers in all columns but the last; encode words as numbers first"
                )
    X = np.array([[float(word) for word in row[:-1]] for _, row in rows])
    return X, _targets([row[-1].strip() for _, row in rows])


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def _targets(words):
    if not all(map(_is_number, words)):
        return np.unique(words, return_inverse=True)[1].astype(np.int64)
    y = np.array(words, dtype=np.float64)
    seen = np.unique(y)
    if len(seen) > 1 and np.array_equal(seen, np.arange(len(seen))):
        return y.astype(np.int64)
    return y[:, None]


def _npz(path):
    try:
        with np.load(path, allow_pickle=False) as found:
            X, y = found["X"], found["y"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise SettingError(
            f"{path}: cannot be read ({error}); expected an NPZ file with arrays X and y, as "
            "numpy.savez(path, X=X, y=y) writes it"
        ) from None
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise SettingError(f"{path}: X is {X.dtype} {X.shape}; expected numbers of shape (n, k)")
    labels = y.dtype.kind in "biu" and y.ndim == 1
    if len(y) != len(X) or not (labels or (y.dtype.kind == "f" and y.ndim in (1, 2) and y.size)):
        raise SettingError(
            f"{path}: y is {y.dtype} {y.shape}; expected integers ({len(X)},) for classes or "
            f"floats ({len(X)},) or ({len(X)}, m) for a regression"
        )
    return X.astype(np.float64), y.astype(np.int64) if labels else _columns(y)


def _columns(y):
    return y.astype(np.float64).reshape(len(y), -1)


# ----------------------------------------------------------------------------------------- IDX


def read_idx(path):
    """Return the array of an IDX file, plain or gzipped.

    Raises
    ------
    SettingError
        If it is not one, or is cut short.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise SettingError(f"{path}: cannot be read ({error}); fetch the file again") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise SettingError(
            f"{path}: begins with {content[:4].hex() or 'nothing'}; an IDX file begins with two "
            "zero bytes, a type (08, 09, 0b .. 0e) and the number of axes; give MNIST's own files"
        )
    dtype, axes = np.dtype(IDX_TYPES[content[2]]), content[3]
    begin = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, begin, 4))
    expected = begin + math.prod(shape) * dtype.itemsize
    if len(content) != expected or not axes:
        raise SettingError(
            f"{path}: is {len(content)} bytes long; its header promises {expected} for shape "
            f"{shape}; the file is damaged or cut short, fetch it again"
        )
    return np.frombuffer(content, dtype, offset=begin).reshape(shape)


def _labels_path(images):
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    return images.with_name(name)


def _pair(images, labels):
    if not labels.is_file():
        raise SettingError(
            f"{images}: there is no {labels.name} beside it; expected the labels there"
        )
    X, y = read_idx(images), read_idx(labels)
    if X.ndim < 2 or y.ndim != 1 or len(X) != len(y) or y.dtype.kind == "f":
        raise SettingError(
            f"{images}: images are {X.dtype} {X.shape} and labels {y.dtype} {y.shape}; expected "
            "as many labels (whole numbers) as images"
        )
    return X.reshape(len(X), -1).astype(np.float64), y.astype(np.int64)


def _mnist(folder):
    parts = []
    for images, labels in MNIST:
        found = [sorted(folder.glob(f"{stem}*")) for stem in (images, labels)]
        if not all(len(paths) == 1 for paths in found):
            raise SettingError(
                f"{folder}: holds {len(found[0])} files {images}* and {len(found[1])} files "
                f"{labels}*; expected one of each, as MNIST comes; or give the path of one file"
            )
        parts.append(_pair(*(paths[0] for paths in found)))
    (X, y), (X_test, y_test) = parts
    if X.shape[1] != X_test.shape[1]:
        raise SettingError(
            f"{folder}: images have {X.shape[1]} pixels for training and {X_test.shape[1]} for "
            "testing; expected the same size"
        )
    return np.concatenate([X, X_test]), np.concatenate([y, y_test]), len(y_test)
