"""The arrays of a cell as one piece of bytes, and back, to the bit.

First come four bytes, the length of the header (little-endian, as all numbers), then the header,
then the streams that it speaks of, each after four bytes with its length. The header is a JSON list
of ``[name, dtype, shape, coding]`` an array, the dtype as NumPy writes it. Arrays of one coding and
one size of words are one stream, their values in C order, one array after the other:

``words``
    First of dtypes of 8 (16 ...) bytes an item, in words of 8 bytes; then of 4, in words of 4. See
    `store_streams.changes`.
``like NAME``
    Likewise, beside the values of another array: `store_streams.differences`.
``counts``, ``octets``
    Integers of 4 bytes, and after them dtypes of other sizes: `store_streams.deflated`.
"""

import functools
import json
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.study import store_streams as streams

Arrays = dict[str, NDArray[Any]]
"""The arrays of a cell by name."""
LIKE_ANOTHER = {"f_best": "f_final", "record_best": "record_f"}
"""Arrays that mostly hold the values of another."""
KINDS = "biufcSU"
"""Kinds of dtypes that are stored: numbers and text of a fixed length."""
WORDS, LIKE, COUNTS, OCTETS = "words", "like", "counts", "octets"
SIZE = 4
"""Bytes of the length of a header or stream."""
LAYOUTS = 512
"""That stay at hand: cells of a study have a few each, by how many targets were met."""


class _Part(NamedTuple):
    """An array in a stream: `length` words of the dtype `word`; `other` names what it is like."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    coding: str
    other: str
    word: str
    length: int


class _Stream(NamedTuple):
    """Parts in one stream, and the names of all arrays for which it is read."""

    coding: str
    parts: tuple[_Part, ...]
    readers: frozenset[str]


class _Layout(NamedTuple):
    """What cells with arrays of the same names, dtypes and shapes share."""

    header: bytes
    parts: tuple[_Part, ...]
    streams: tuple[_Stream, ...]


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as bytes.

    Raises
    ------
    ValueError
        If an array is not of numbers or text.
    """
    layout = _layout_of(tuple([(name, a.dtype, a.shape) for name, a in arrays.items()]))
    pieces = [len(layout.header).to_bytes(SIZE, "little"), layout.header]
    for stream in layout.streams:
        frame = _frame(stream, arrays)
        pieces += (len(frame).to_bytes(SIZE, "little"), frame)
    return b"".join(pieces)


def unpack(data: bytes, names: Collection[str] | None = None) -> Arrays:
    """Return the arrays in bytes, read-only; only those called `names`, if given.

    Arrays may share memory.
    """
    at = SIZE + int.from_bytes(data[:SIZE], "little")
    layout = _layout(data[SIZE:at])
    words: Arrays = {}
    for stream in layout.streams:
        begin = at + SIZE
        at = begin + int.from_bytes(data[at:begin], "little")
        if names is None or not stream.readers.isdisjoint(names):
            _read(stream, data[begin:at], words)
    return {
        part.name: words[part.name].view(part.dtype).reshape(part.shape)
        for part in layout.parts
        if names is None or part.name in names
    }


def raw_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return bytes that two sets of arrays share if and only if they are equal to the bit."""
    layout = _layout_of(tuple([(name, a.dtype, a.shape) for name, a in arrays.items()]))
    return b"".join(
        [layout.header, *(_words(part, arrays[part.name]).data for part in layout.parts)]
    )


def _frame(stream: _Stream, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a stream."""
    words = [_words(part, arrays[part.name]) for part in stream.parts]
    if stream.coding == WORDS:
        return streams.changes(np.concatenate(words))
    if stream.coding == LIKE:
        others = [_words(part, arrays[part.other]) for part in stream.parts]
        return streams.differences(np.concatenate(words), np.concatenate(others))
    counts = [w for w, part in zip(words, stream.parts, strict=True) if part.coding == COUNTS]
    joined = np.concatenate(counts) if counts else np.empty(0, "<u4")
    return streams.deflated(joined, words[len(counts) :])


def _words(part: _Part, array: NDArray[Any]) -> streams.Words:
    """Return the values of an array as words, in C order."""
    return array.astype(part.dtype, copy=False).ravel().view(part.word)


def _read(stream: _Stream, frame: bytes, words: Arrays) -> None:
    """Add the words of the arrays in a stream to `words`, which has those that they are like."""
    parts, dtype = stream.parts, stream.parts[0].word
    if stream.coding == LIKE:
        others = np.concatenate([words[part.other] for part in parts])
        _share(parts, streams.undiffered(frame, others), words)
    elif stream.coding == WORDS:
        count = sum(part.length for part in parts)
        _share(parts, streams.unchanged(frame, count, dtype), words)
    else:
        numbers = [part for part in parts if part.coding == COUNTS]
        counts, octets = streams.inflated(frame, sum(part.length for part in numbers))
        _share(numbers, counts, words)
        _share(parts[len(numbers) :], octets, words)


def _share(parts: Iterable[_Part], joined: streams.Words, words: Arrays) -> None:
    """Add each part's own of the words of all to `words`."""
    joined.flags.writeable = False
    end = 0
    for part in parts:
        begin, end = end, end + part.length
        words[part.name] = joined[begin:end]


@functools.lru_cache(LAYOUTS)
def _layout_of(arrays: tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]) -> _Layout:
    """Return how arrays of these names, dtypes and shapes are stored."""
    shapes = {name: (dtype.newbyteorder("<"), shape) for name, dtype, shape in arrays}
    codings = {name: _coding(name, dtype) for name, (dtype, _) in shapes.items()}
    for name, other in LIKE_ANOTHER.items():
        alike = name in shapes and shapes[name] == shapes.get(other)
        if alike and codings[name] == WORDS:
            codings[name] = f"{LIKE} {other}"
    described = [(name, d.str, shape, codings[name]) for name, (d, shape) in shapes.items()]
    return _layout(json.dumps(described, separators=(",", ":")).encode())


def _coding(name: str, dtype: np.dtype[Any]) -> str:
    """Return how an array is stored that is like no other."""
    if dtype.kind not in KINDS or not dtype.itemsize:
        raise ValueError(f"array {name}: {dtype} is not stored")
    if dtype.itemsize % 4:
        return OCTETS
    return COUNTS if dtype.kind in "iu" and dtype.itemsize == 4 else WORDS


@functools.lru_cache(LAYOUTS)
def _layout(header: bytes) -> _Layout:
    """Return the layout that a header describes."""
    parts = tuple(_part(*described) for described in json.loads(header))
    of_words = [
        tuple(part for part in parts if (part.coding, part.word) == (coding, word))
        for coding in (WORDS, LIKE)
        for word in ("<u8", "<u4")
    ]
    small = tuple(part for coding in (COUNTS, OCTETS) for part in parts if part.coding == coding)
    return _Layout(
        header, parts, tuple(_stream(own, parts) for own in (*of_words, small) if own)
    )  # fmt: skip


def _part(name: str, code: str, shape: list[int], coding: str) -> _Part:
    """Return an array of a header."""
    dtype = np.dtype(code)
    kind, _, other = coding.partition(" ")
    size = next((size for size in (8, 4) if dtype.itemsize % size == 0), 1)
    length = math.prod(shape) * (dtype.itemsize // size)
    return _Part(name, dtype, tuple(shape), kind, other, f"<u{size}", length)


def _stream(own: tuple[_Part, ...], parts: tuple[_Part, ...]) -> _Stream:
    """Return the stream of its own parts, with those among all that are read through it."""
    names = {part.name for part in own}
    alike = {part.name for part in parts if part.other in names}
    return _Stream(own[0].coding, own, frozenset(names | alike))
