"""Numbers for the browser, in few bytes: rounded, written as JSON, compressed, in base64."""

from __future__ import annotations

import base64
import gzip
import json
import math
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.page.kept import kept

DIGITS = 4
"""That a figure can show."""
LEVEL = 6
"""Of compression: a higher one takes longer and saves one per cent."""


def rounded(values: ArrayLike, digits: int = DIGITS) -> list[float | None]:
    """Return ``values[n]`` to a number of significant digits; what is not finite is None."""
    return [
        float(f"{value:.{digits}g}") if math.isfinite(value) else None
        for value in np.asarray(values, dtype=float).tolist()
    ]


def whole(values: Iterable[float]) -> list[int]:
    """Return numbers that are whole as integers, which take fewer bytes."""
    return [int(value) for value in values]


def packed(data: Any) -> str:
    """Return data as JSON, compressed, in base64.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has none.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return compressed(text.encode())


def compressed(content: bytes) -> str:
    """Return bytes compressed, in base64; the same every time."""
    return base64.b64encode(_compress(content)).decode()


def compressed_once(content: bytes) -> str:
    """Return what `compressed` does of bytes that every page has: megabytes take a while."""
    by = f"gzip {zlib.ZLIB_RUNTIME_VERSION} {LEVEL}"
    return base64.b64encode(kept(by, content, lambda: _compress(content))).decode()


def _compress(content: bytes) -> bytes:
    return gzip.compress(content, LEVEL, mtime=0)
