"""Whether files of a folder are those that were read: notebooks go on while users edit them."""

import contextlib
import hashlib
import importlib.util
import os
import time
from collections.abc import Iterable
from pathlib import Path

SETTLED = 10**8
"""Nanoseconds after which a file that is written again has another time."""
Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, time, size and inode of each file."""

_READ: dict[Path, tuple[Stamp, str]] = {}
"""Folder -> its files when they were last read, and the hash of what they held."""


def state_of(folder: Path) -> str:
    """Return a hash of what the Python files of a folder hold; they are read if they may differ."""
    stamp = _stamp(folder)
    if folder in _READ and _READ[folder][0] == stamp:
        return _READ[folder][1]
    content = [(name, _bytes(folder / name)) for name, *_ in stamp]
    state = hashlib.sha256(repr(content).encode()).hexdigest()[:8]
    if max((changed for _, changed, *_ in stamp), default=0) < time.time_ns() - SETTLED:
        _READ[folder] = stamp, state
    return state


def _stamp(folder: Path) -> Stamp:
    parts = []
    for path in folder.glob("*.py"):
        with contextlib.suppress(OSError):  # gone meanwhile
            facts = os.stat(path)
            parts.append((path.name, facts.st_mtime_ns, facts.st_size, facts.st_ino))
    return tuple(sorted(parts))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a folder that is called like a file, or one that may not be read
        return b""


def forget_bytecode(files: Iterable[Path]) -> None:
    """Remove what Python has compiled of files.

    Bytecode holds time and size of its source: an edit within a second that keeps the size is not
    seen.
    """
    for path in files:
        with contextlib.suppress(OSError, NotImplementedError):
            os.unlink(importlib.util.cache_from_source(str(path)))
