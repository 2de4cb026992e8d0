"""The streams that the arrays of a cell are stored as, and back, to the bit.

Neighbouring lanes often end at the very same number, a curve stays where it is when its lane has
ended, and the best value is mostly the last one: whole words repeat, and their digits are noise
that no compressor shortens. So floats are stored as the words that differ from the one before, or
from their counterpart, and one bit a word says which do. A compressor is only asked about small
integers, whose runs it finds.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[Any]
"""Unsigned integers of 4 or 8 bytes, little-endian [n]."""
Octets = NDArray[np.uint8]
WINDOW, MEMORY = -14, 7
"""Sizes of the compressor's memory, as `zlib` counts them (negative: a stream without a head and a
checksum of its own). A cell's stream is short, and to clear more memory would take longer."""


def changes(words: Words) -> bytes:
    """Return which of words [n] differ from the one before, a bit for each, and those that do.

    The bits come first, the first one the highest of its byte; the first word always counts as
    different.
    """
    differs = np.empty(len(words), bool)
    differs[:1] = True
    np.not_equal(words[1:], words[:-1], out=differs[1:])
    return np.packbits(differs).tobytes() + words[differs].tobytes()


def unchanged(frame: bytes, count: int, dtype: str) -> Words:
    """Return the words [count] of a frame that `changes` returned."""
    differs, different = _bits(frame, count, dtype)
    words: Words = different[np.cumsum(differs) - 1]
    return words


def differences(words: Words, others: Words) -> bytes:
    """Return which of words [n] differ from the others, a bit for each, and those that do."""
    differs: NDArray[np.bool_] = words != others
    return np.packbits(differs).tobytes() + words[differs].tobytes()


def undiffered(frame: bytes, others: Words) -> Words:
    """Return the words [n] of a frame that `differences` returned, from the others."""
    differs, different = _bits(frame, len(others), others.dtype.str)
    words = others.copy()
    words[differs] = different
    return words


def deflated(counts: Words, octets: Sequence[Octets]) -> bytes:
    """Return counts [n] of 4 bytes, mostly small, and octets as one compressed stream.

    First comes a byte, the number of bytes that the largest count needs; then what zlib makes of
    the first bytes of all counts, their second bytes and so on, and the octets.
    """
    width = (int(counts.max(initial=0)).bit_length() + 7) // 8
    planes = [(counts >> 8 * place).astype(np.uint8) for place in range(width)]
    # Runs are all that there is to find: looking for longer matches finds no more.
    stream = zlib.compressobj(1, zlib.DEFLATED, WINDOW, MEMORY, zlib.Z_RLE)
    plain = b"".join([part.data for part in (*planes, *octets)])
    return b"".join([bytes([width]), stream.compress(plain), stream.flush()])


def inflated(frame: bytes, count: int) -> tuple[Words, Octets]:
    """Return the counts [count] and the octets together of a frame that `deflated` returned."""
    width = frame[0]
    octets = np.frombuffer(zlib.decompress(frame[1:], WINDOW), np.uint8)
    counts = np.zeros(count, "<u4")
    for plane in reversed(octets[: width * count].reshape(width, count)):
        counts <<= 8
        counts |= plane
    return counts, octets[width * count :]


def _bits(frame: bytes, count: int, dtype: str) -> tuple[NDArray[np.bool_], Words]:
    """Return the bits [count] of a frame, and the words behind them."""
    length = (count + 7) // 8
    bits = np.unpackbits(np.frombuffer(frame, np.uint8, length), count=count).view(bool)
    return bits, np.frombuffer(frame, dtype, offset=length)
