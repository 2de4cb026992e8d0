"""IDX files, the format of MNIST, plain or gzipped, by the names that its downloads have."""

import gzip
import io
import math
import zlib
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError
from optbench.nets.answers import LABELS, Answers

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""Third byte of an IDX file -> dtype (LeCun, Cortes and Burges, the MNIST database)."""

MNIST = (("train-images", "train-labels"), ("t10k-images", "t10k-labels"))

_MOST_AXES = 8
_FEWEST = 3  # rows that training and validation together need where the test part has its own
_CHUNK = 1 << 20


def labels_beside(images: Path) -> Path:
    """Return the file of labels of a file of images, plain or gzipped as it is there."""
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    other = name[:-3] if name.endswith(".gz") else f"{name}.gz"
    for candidate in (name, other):
        if images.with_name(candidate).is_file():
            return images.with_name(candidate)
    raise SettingError(f"{images}: there is no {name} beside it; expected the labels there")


def mnist_files(folder: Path) -> tuple[Path, ...]:
    """Return MNIST's four files in a folder: images, labels, test images, test labels.

    Where a file lies beside its gzipped original, as torchvision leaves them, it is taken.
    """
    return tuple(_one_of(folder, stem) for part in MNIST for stem in part)


def _one_of(folder: Path, stem: str) -> Path:
    """Return the one file that begins with a stem; refuse none and several."""
    endings = {path.name[len(stem) :]: path for path in folder.glob(f"{stem}*") if path.is_file()}
    plain = [ending for ending in endings if not ending.endswith(".gz")]
    unpacked = [path for ending, path in endings.items() if ending[:-3] not in plain]
    if len(unpacked) != 1:
        raw = folder / "raw"
        hint = f"; are they in {raw}?" if raw.is_dir() else ""
        raise SettingError(
            f"{folder}: holds {len(unpacked)} files {stem}*; expected one, and one each for "
            f"{', '.join(other for part in MNIST for other in part if other != stem)}, as MNIST "
            f"comes; or give the path of one file of images{hint}"
        )
    return unpacked[0]


def array(path: Path, content: bytes) -> NDArray[Any]:
    """Return the array of an IDX file, plain or gzipped.

    Raises
    ------
    SettingError
        If it is not one, is empty, cut short or too long.
    """
    packed = content[:2] == b"\x1f\x8b"
    stream: IO[bytes] = io.BytesIO(content)
    if packed:
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    try:
        head = stream.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES:
            raise SettingError(
                f"{path}: begins with {head.hex() or 'nothing'}; an IDX file begins with two zero "
                "bytes, a type (08, 09, 0b .. 0e) and the number of axes; give MNIST's own files"
            )
        dtype, axes = np.dtype(TYPES[head[2]]), head[3]
        sizes = stream.read(4 * axes)
        shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
        length = math.prod(shape) * dtype.itemsize
        body = _at_most(stream, length + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SettingError(f"{path}: cannot be read ({error}); fetch the file again") from None
    if not 1 <= axes <= _MOST_AXES or (0 in shape and len(shape) == axes):
        raise SettingError(
            f"{path}: its header promises {axes} axes of sizes {shape[:_MOST_AXES]}; expected 1 to "
            f"{_MOST_AXES} axes, none of them empty"
        )
    if len(sizes) < 4 * axes or len(body) != length:
        begin = 4 + 4 * axes
        more = "more than " * (len(body) > length)
        raise SettingError(
            f"{path}: is {more}{4 + len(sizes) + min(len(body), length)} bytes long"
            f"{' unpacked' * packed}; its header promises {begin + length} for shape {shape}; the "
            "file is damaged or cut short, fetch it again"
        )
    return np.frombuffer(body, dtype).reshape(shape)


def _at_most(stream: IO[bytes], length: int) -> bytearray:
    """Read in chunks, so that a header which promises too much asks for no memory."""
    body = bytearray()
    while len(body) < length and (chunk := stream.read(min(_CHUNK, length - len(body)))):
        body += chunk
    return body


Pair: TypeAlias = tuple[NDArray[np.float64], Answers]
"""Images as rows [n, pixels], and their labels."""


def pair(images: Path, pixels: NDArray[Any], labels: NDArray[Any]) -> Pair:
    """Return images as rows float64 [n, pixels], and their labels."""
    X, y = pixels, labels
    if X.ndim < 2 or y.ndim != 1 or len(X) != len(y) or y.dtype.kind == "f":
        raise SettingError(
            f"{images}: images are {X.dtype} {X.shape} and labels {y.dtype} {y.shape}; expected "
            "as many labels (whole numbers) as images"
        )
    return X.reshape(len(X), -1).astype(np.float64), Answers(y.astype(np.int64), LABELS)


def joined(folder: Path, train: Pair, test: Pair) -> tuple[NDArray[np.float64], Answers, int]:
    """Return the two pairs of MNIST as one data set, and how many of the last rows are tests."""
    (X, y), (X_test, y_test) = train, test
    if X.shape[1] != X_test.shape[1]:
        raise SettingError(
            f"{folder}: images have {X.shape[1]} pixels for training and {X_test.shape[1]} for "
            "testing; expected the same size"
        )
    if len(X) < _FEWEST:
        raise SettingError(
            f"{folder}: holds {len(X)} images for training; expected at least {_FEWEST}, which "
            "are split into training and validation"
        )
    answers = Answers(np.concatenate([y.numbers, y_test.numbers]), LABELS)
    return np.concatenate([X, X_test]), answers, len(X_test)
