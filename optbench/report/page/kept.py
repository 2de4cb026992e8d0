"""What every page has and takes long to make, kept from one process to the next by its content.

It lies in the folder of the compile cache, under its rules: see `entries`. Without a cache it is
made each time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from optbench.kernels.compiling import entries


def kept(what: str, content: bytes, make: Callable[[], bytes]) -> bytes:
    """Return what `make` does, from the cache if it is there.

    Parameters
    ----------
    what : str
        All that it follows from, besides `content`.
    content : bytes
        What it is made of.
    make : callable
    """
    try:
        folder = entries.usable()
    except entries.CacheOffError:
        return make()
    key = _key(what, content)
    found: bytes | None = entries.read(folder, key)
    if found is None:
        found = make()
        entries.write(folder, key, found)
    return found


def _key(what: str, content: bytes) -> str:
    return hashlib.sha256(f"{what}\0".encode() + content).hexdigest()


class KeptTemplates(jinja2.BytecodeCache):
    """Compiled templates: by their source, the environment's options, and who compiles them.

    Parameters
    ----------
    options : dict
        Of the environment.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.by = f"template {jinja2.__version__} {sys.implementation.cache_tag} {options}"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what is kept, if it is there."""
        try:
            found = entries.read(entries.usable(), self._key_of(bucket))
        except entries.CacheOffError:
            return
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a bucket holds, where that is possible."""
        try:
            entries.write(entries.usable(), self._key_of(bucket), bucket.bytecode_to_string())
        except entries.CacheOffError:
            return

    def _key_of(self, bucket: Bucket) -> str:
        return _key(f"{self.by} {bucket.key}", bucket.checksum.encode())
