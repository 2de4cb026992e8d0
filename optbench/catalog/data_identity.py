"""What tells a named data set, and an instance's rows of it, from others: a hash of its numbers."""

import functools
import hashlib
from pathlib import Path

from optbench.kernels.compiling.contents import add_arrays
from optbench.nets import data, datasets, scaling

_CODE = b"".join(Path(str(part.__file__)).read_bytes() for part in (data, scaling))
"""What makes the numbers of an instance from a data set and rows of it, as it was at import."""


@functools.lru_cache(maxsize=4096)
def data_digest(name: str, instance: int) -> bytes | None:
    """Return a digest of a named data set and of its split in an instance; None of a file."""
    if name not in datasets.NAMES:
        return None
    drawn = datasets.load(name, instance=instance).drawn
    digest = hashlib.sha256(_set_digest(name, instance if drawn else 0))
    add_arrays(digest, *data.split_indices(name, instance))
    return digest.digest()


@functools.lru_cache(maxsize=128)
def _set_digest(name: str, instance: int) -> bytes:
    """Return a digest of a named data set and of the code that scales and packs it."""
    raw = datasets.load(name, instance=instance)
    digest = hashlib.sha256(_CODE)
    digest.update(repr((raw.scaling, raw.scaled_answers, raw.classes, raw.labels)).encode())
    add_arrays(digest, raw.X, raw.y)
    return digest.digest()
