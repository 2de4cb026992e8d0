"""The user's own data: CSV, NPZ, and IDX files (the format of MNIST), refused when malformed."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError
from optbench.gate import shown
from optbench.nets import csv_table, idx, npz
from optbench.nets.answers import WORDS, Answers

FEWEST = 5
"""Rows that a data set must have, so that each of its three parts gets one."""

TEXT_SUFFIXES, ARCHIVE_SUFFIX = (".csv", ".tsv"), ".npz"


class Content(NamedTuple):
    """What files hold.

    Attributes
    ----------
    X : float64 [n, k]
    answers : Answers
    held_out : int
        How many of the last rows are the test part that the files set apart; 0 if they do not.
    """

    X: NDArray[np.float64]
    answers: Answers
    held_out: int = 0


def looks_like_path(name: str) -> bool:
    """Return whether a name of data can only mean a file or a folder."""
    if "/" in name or "." in name:
        return True
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def sources(path: Path) -> tuple[Path, ...]:
    """Return the files that a path stands for: itself, with its labels, or a folder's four.

    Raises
    ------
    SettingError
        If one is missing, or the path is of no known kind.
    """
    try:
        if path.is_dir():
            return idx.mnist_files(path)
        path.stat()
        if not path.is_file():
            raise SettingError(f"{path}: is no regular file; give the path of a data file")
        if path.suffix.lower() in (*TEXT_SUFFIXES, ARCHIVE_SUFFIX):
            return (path,)
        if "images" in path.name:
            return path, idx.labels_beside(path)
    except FileNotFoundError:
        raise SettingError(
            f"{path}: no such file; give the path of a data file that exists"
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, SettingError):
            raise
        raise SettingError(f"{path}: cannot be read ({_reason(error)})") from None
    hint = '; give the file with "images" instead' if "labels" in path.name else ""
    raise SettingError(
        f"{path}: of no known kind; it must end with .csv, .tsv or .npz, be an IDX file with "
        f'"images" in its name, or a folder with MNIST\'s four files{hint}'
    )


Stamp: TypeAlias = tuple[tuple[str, int, int, int, int, int], ...]
"""Name, device, inode, two times and size of each file: changes when one of them does."""


def stamp(path: Path) -> Stamp:
    """Return what changes when one of the files that a path stands for does."""
    stamps = []
    for file in sources(path):
        try:
            status = file.stat()
        except OSError as error:
            raise SettingError(f"{file}: cannot be read ({_reason(error)})") from None
        stamps.append(
            (str(file), status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns,
             status.st_size)
        )  # fmt: skip
    return tuple(stamps)


def read(path: Path) -> Content:
    """Read a data set.

    Parameters
    ----------
    path : Path
        - ``.csv`` or ``.tsv``: an example a row, the target in the last column; see `csv_table`.
        - ``.npz``: arrays X [n, k] and y; integers y [n] are class labels, floats [n] and numbers
          [n, m] the outputs of a regression.
        - an IDX file of images, whose name has "images"; the labels are in the file whose name has
          "labels" (and idx1 for idx3) instead. Both may end with .gz.
        - a folder with the four files of MNIST; the t10k ones are the test part.

    Raises
    ------
    SettingError
        If a file is missing or malformed.
    """
    try:
        content = _read(path, sources(path))
        _check(path, content)
    except MemoryError:
        raise SettingError(f"{path}: does not fit into memory; take a part of it") from None
    return content


def _read(path: Path, files: Sequence[Path]) -> Content:
    first = _bytes(files[0])
    if path.suffix.lower() in TEXT_SUFFIXES and len(files) == 1:
        return Content(*csv_table.read(path, first))
    if path.suffix.lower() == ARCHIVE_SUFFIX and len(files) == 1:
        return Content(*npz.read(path, first))
    arrays = [idx.array(file, _bytes(file)) for file in files]
    pairs = [idx.pair(files[i], *arrays[i : i + 2]) for i in range(0, len(files), 2)]
    return Content(*pairs[0]) if len(pairs) == 1 else Content(*idx.joined(path, *pairs))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingError(f"{path}: cannot be read ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or shown(str(error)))


def _check(path: Path, content: Content) -> None:
    X, answers, _ = content
    if len(X) < FEWEST or X.shape[1] < 1:
        raise SettingError(
            f"{path}: holds {len(X)} examples of {X.shape[1]} features; expected at least "
            f"{FEWEST} examples of 1 feature, so that each part of the split has one"
        )
    arrays = {"features": X}
    if answers.kind != WORDS:
        arrays["targets"] = answers.numbers
    for name, values in arrays.items():
        finite = np.isfinite(values)
        if not finite.all():
            bad = np.argwhere(~finite)[0]
            at = ", ".join(str(i + 1) for i in bad)
            raise SettingError(
                f"{path}: {name} hold {values[tuple(bad)]} at example (and column) {at}; "
                "expected finite numbers; fill in or leave out such examples"
            )


def as_text(name: object) -> str:
    """Return the name of data or a path as text; refuse what is neither."""
    if isinstance(name, os.PathLike):
        name = os.fspath(name)
    if not isinstance(name, str) or not name or "\0" in name:
        raise SettingError(
            f"data is {shown(name)}; it must be the name of a data set or the path of a file"
        )
    return name
