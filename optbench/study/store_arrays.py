"""The arrays of a cell as one piece of bytes, and back, to the bit.

First come four bytes, the length of the header (little-endian), then the header, then a frame for
each array in order. The header is a JSON list of ``[name, dtype, shape, coding, length of the
frame]``, the dtype as NumPy writes it, little-endian. The codings:

``raw``
    The values in C order.
``deflate``
    The first bytes of all values, then the second bytes, and so on: bytes that say similar things
    lie together. A zlib stream of that, without the zeros at its end (small integers have many).
``rows``
    Likewise, each row of the first axis xor the one before.
``xor NAME``
    Likewise, the values xor those of another array of the same dtype and shape.
"""

import functools
import itertools
import json
import math
import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
"""The arrays of a cell by name."""
LIKE_ANOTHER = {"f_best": "f_final", "record_best": "record_f"}
"""Arrays that mostly hold the values of another."""
LIKE_THEIR_ROWS = ("hits",)
"""Arrays whose rows are mostly close to the one before: a harder target is met a little later."""
SMALLEST = 64
"""Bytes of an array below which no stream is tried."""
KINDS = "biufcSU"
"""Kinds of dtypes that are stored: numbers and text of a fixed length."""


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as bytes.

    Raises
    ------
    ValueError
        If an array is not of numbers or text.
    """
    plain = {name: _plain(name, array) for name, array in arrays.items()}
    header, frames = [], []
    for name, array in plain.items():
        coding = _coding(name, plain)
        frame = _encoded(array, coding, plain)
        if len(frame) > array.nbytes:
            coding, frame = "raw", array.tobytes()
        header.append([name, array.dtype.str, array.shape, coding, len(frame)])
        frames.append(frame)
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *frames])


def unpack(data: bytes, names: Collection[str] | None = None) -> Arrays:
    """Return the arrays in bytes, read-only; only those called `names`, if given."""
    start = 4 + int.from_bytes(data[:4], "little")
    stored = {}
    for name, dtype, shape, coding, length in json.loads(data[4:start]):
        stored[name] = np.dtype(dtype), shape, coding, data[start : start + length]
        start += length
    decoded = functools.cache(lambda name: _decoded(*stored[name]))
    arrays = {}
    for name, (dtype, shape, coding, _) in stored.items():
        if names is None or name in names:
            kind, _, other = coding.partition(" ")
            octets = decoded(name) ^ decoded(other) if kind == "xor" else decoded(name)
            array = octets.view(dtype).reshape(shape)
            array.flags.writeable = False
            arrays[name] = array
    return arrays


def raw_parts(arrays: Mapping[str, NDArray[Any]]) -> Iterator[bytes]:
    """Yield bytes that two sets of arrays share if and only if they are equal to the bit."""
    for name, array in arrays.items():
        little = _plain(name, array)
        yield f"{name} {little.dtype.str} {little.shape} ".encode()
        yield little.tobytes()


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array little-endian and in C order."""
    array = np.asarray(array)
    if array.dtype.kind not in KINDS:
        raise ValueError(f"array {name}: {array.dtype} is not stored")
    return array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)


def _coding(name: str, arrays: Arrays) -> str:
    """Return how an array is stored."""
    array, other = arrays[name], LIKE_ANOTHER.get(name)
    if array.nbytes < SMALLEST:
        return "raw"
    if other in arrays and _alike(array, arrays[other]):
        return f"xor {other}"
    return "rows" if name in LIKE_THEIR_ROWS else "deflate"


def _alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape


def _encoded(array: NDArray[Any], coding: str, arrays: Arrays) -> bytes:
    """Return the frame of an array."""
    if coding == "raw":
        return array.tobytes()
    octets = _octets(array)
    kind, _, other = coding.partition(" ")
    if kind == "xor":
        octets = octets ^ _octets(arrays[other])
    if kind == "rows":
        rows = octets.reshape(len(array), -1)
        octets = np.concatenate([rows[:1], rows[1:] ^ rows[:-1]])
    planes = octets.reshape(-1, array.dtype.itemsize).T
    # Runs and frequencies are all that there is to find; looking for longer matches takes twice
    # the time and finds no more.
    stream = zlib.compressobj(1, strategy=zlib.Z_RLE)
    return stream.compress(planes.tobytes().rstrip(b"\0")) + stream.flush()


def _decoded(
    dtype: np.dtype[Any], shape: list[int], coding: str, frame: bytes
) -> NDArray[np.uint8]:  # fmt: skip
    """Return the bytes of the values in a frame, before they are combined with another's."""
    if coding == "raw":
        return np.frombuffer(frame, np.uint8)
    values = np.zeros((math.prod(shape), dtype.itemsize), np.uint8)
    planes = zlib.decompress(frame)
    for place, start in enumerate(range(0, len(planes), len(values))):
        plane = np.frombuffer(planes[start : start + len(values)], np.uint8)
        values[: len(plane), place] = plane  # by columns: much faster than a transposed copy
    octets = values.reshape(-1)
    if coding == "rows":
        rows = values.reshape(shape[0], -1)
        for before, row in itertools.pairwise(rows):  # six times as fast as ufunc.accumulate
            row ^= before
    return octets


def _octets(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of a contiguous array."""
    return array.reshape(-1).view(np.uint8)
