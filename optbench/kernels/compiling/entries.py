"""The folder of the compile cache: one file an entry, private, bounded, safe to share by processes.

Entries are loaded by `pickle`, which runs any code that they name, so nothing is read from a folder
that somebody else can write to. A file holds its key's and its content's digest and is put in place
in one move: a reader meets a whole entry or none, and damage is noticed.
"""

import contextlib
import hashlib
import math
import os
import re
import tempfile
import time
import warnings
from pathlib import Path

from optbench.errors import UserError

MIB = 1 << 20
DEFAULT_MIB = 256
SUFFIX = ".unit"
_MAGIC = b"optbench unit 1\n"
_HEADER = len(_MAGIC) + hashlib.sha256().digest_size
_FILE_NAMES = re.compile(rf"[0-9a-f]{{64}}{re.escape(SUFFIX)}|unit-\w+\.tmp")
_ABANDONED = 3600.0
"""Seconds after which an unfinished file belongs to a process that was killed."""


class CacheOffError(Exception):
    """Nothing is cached; the message says why."""


class CacheWarning(UserWarning):
    """An entry is of no use: it is removed, and what it holds is made anew."""


def location() -> Path:
    """Return the cache's folder, which may not exist; raise `CacheOffError` without a home."""
    named = os.environ.get("OPTBENCH_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):  # a relative one is to be ignored, says its specification
        return Path(base) / "optbench"
    try:
        return Path.home() / ".cache" / "optbench"
    except RuntimeError:
        raise CacheOffError("there is no home folder; name one in OPTBENCH_CACHE_DIR") from None


def limit() -> int:
    """Return how many bytes all entries may take together (``OPTBENCH_CACHE_MB``, in MiB)."""
    text = os.environ.get("OPTBENCH_CACHE_MB") or str(DEFAULT_MIB)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise UserError(f"OPTBENCH_CACHE_MB={text}: give a size in MiB, such as {DEFAULT_MIB}")
    return int(number * MIB)


def usable() -> Path:
    """Return the cache's folder, which is there and safe.

    Raises
    ------
    CacheOffError
        If it is switched off, or the folder is not the user's alone or cannot be written to.
    UserError
        If OPTBENCH_CACHE is neither "on" nor "off".
    """
    switch = os.environ.get("OPTBENCH_CACHE") or "on"
    if switch == "off":
        raise CacheOffError("OPTBENCH_CACHE=off")
    if switch != "on":
        raise UserError(f"OPTBENCH_CACHE={switch}: use on or off")
    folder = location()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CacheOffError(f"{folder} cannot be made: {error.strerror}") from None
    check(folder)
    return folder


def check(folder: Path) -> None:
    """Raise `CacheOffError` unless the folder is the user's alone and can be written to."""
    if not hasattr(os, "getuid"):
        raise CacheOffError("this system does not tell whose a folder is")
    try:
        status = folder.stat()
    except OSError as error:
        raise CacheOffError(f"{folder}: {error.strerror}") from None
    if status.st_uid != os.getuid():
        raise CacheOffError(f"{folder} belongs to another user")
    if status.st_mode & 0o077:
        mode = status.st_mode & 0o777
        raise CacheOffError(f"{folder} is open to others (mode {mode:o}): chmod 700 {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CacheOffError(f"{folder} cannot be written to")


def read(folder: Path, key: str) -> bytes | None:
    """Return the content of an entry, or None; a damaged entry is removed."""
    data = _data(folder, key)
    if data is None:
        return None
    if not _is_whole(key, data):
        discard(folder, key, "is damaged")
        return None
    with contextlib.suppress(OSError):
        os.utime(folder / (key + SUFFIX))  # used just now
    return data[_HEADER:]


def content(folder: Path, key: str) -> bytes | None:
    """Return the content of an entry, None if it is not there or damaged; change nothing."""
    data = _data(folder, key)
    return data[_HEADER:] if data is not None and _is_whole(key, data) else None


def _data(folder: Path, key: str) -> bytes | None:
    try:
        return (folder / (key + SUFFIX)).read_bytes()
    except OSError:
        return None


def _is_whole(key: str, data: bytes) -> bool:
    return data == packed(key, data[_HEADER:])


def packed(key: str, content: bytes) -> bytes:
    """Return what the file of an entry holds."""
    return _MAGIC + hashlib.sha256(key.encode() + content).digest() + content


def write(folder: Path, key: str, content: bytes) -> None:
    """Write an entry in one move, then make room; without space nothing is written."""
    place(folder, key, content)
    _make_room(folder, limit())


def place(folder: Path, key: str, content: bytes) -> None:
    """Write an entry so small that whoever writes the next large one may make room."""
    if _HEADER + len(content) > limit():
        return
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(".tmp", "unit-", folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(packed(key, content))
            os.replace(name, folder / (key + SUFFIX))
        except BaseException:
            os.unlink(name)
            raise


def discard(folder: Path, key: str, reason: str) -> None:
    """Remove an entry that is of no use, and say so.

    To make it anew takes the time that it was to save; where the disk or a library is at fault,
    that happens again and again.
    """
    path = folder / (key + SUFFIX)
    with contextlib.suppress(OSError):
        path.unlink()
    warnings.warn(
        f"{path}: an entry of the cache {reason}; it is removed, and what it holds is made "
        "anew", CacheWarning, stacklevel=2,
    )  # fmt: skip


def usage(folder: Path) -> tuple[int, int]:
    """Return the number of entries in a folder and their bytes."""
    sizes = [size for _, size, path in _files(folder) if path.suffix == SUFFIX]
    return len(sizes), sum(sizes)


def clear(folder: Path) -> tuple[int, int]:
    """Remove all entries, and nothing else; return how many and their bytes."""
    count, size = usage(folder)
    for _, _, path in _files(folder):
        with contextlib.suppress(OSError):
            path.unlink()
    left, left_size = usage(folder)
    return count - left, size - left_size


def _files(folder: Path) -> list[tuple[int, int, Path]]:
    """Return (last use, size, path) of the cache's files, least recently used first."""
    files = []
    with contextlib.suppress(OSError), os.scandir(folder) as listing:
        for file in listing:
            if _FILE_NAMES.fullmatch(file.name):
                with contextlib.suppress(OSError):  # another process may have removed it
                    stat = file.stat(follow_symlinks=False)
                    files.append((stat.st_mtime_ns, stat.st_size, Path(file.path)))
    return sorted(files)


def _make_room(folder: Path, most: int) -> None:
    """Remove entries until all take `most` bytes together, and files of killed processes."""
    files = _files(folder)
    total = sum(size for _, size, path in files if path.suffix == SUFFIX)
    for used, size, path in files:
        entry = path.suffix == SUFFIX
        if total > most if entry else time.time() - used / 1e9 > _ABANDONED:
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size if entry else 0
