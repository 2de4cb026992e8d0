"""The hash of all code and the versions that turn definitions into numbers.

It is part of every cell's identity: results of other code are never taken for results of this one.
What only names, stores, tabulates or draws does not count, so that work on a report throws no
results away.
"""

import functools
import hashlib
import importlib.metadata
import platform
from pathlib import Path

FOLDER = Path(__file__).parent
ROOMS = ("kernels", "nets", "rules")
MODULES = (
    "baselines", "basins", "computing", "declared", "declaring_nets", "declaring_problems",
    "declaring_rules", "define", "inside", "instances", "lanes", "making", "own_instances",
    "pretraining", "shares", "solving",
)  # fmt: skip
"""Beside the rooms; a test holds them against what is imported on the way to a cell's numbers."""
NOT_NUMERIC = ("nets/activation_table.py",)
PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "scikit-learn")


@functools.cache
def numeric_code():
    """Return the hash (hex) of the numeric code and of `numeric_versions`."""
    digest = hashlib.sha256(repr(sorted(numeric_versions().items())).encode())
    for path in files():
        digest.update(f"{path.relative_to(FOLDER)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files():
    """Return the paths of the files that count, sorted."""
    paths = [path for room in ROOMS for path in (FOLDER / room).rglob("*.py")]
    paths += [FOLDER / f"{name}.py" for name in MODULES]
    return sorted(path for path in paths if str(path.relative_to(FOLDER)) not in NOT_NUMERIC)


@functools.cache
def numeric_versions():
    """Return the versions of what the numbers depend on beside our own code."""
    versions = {name: version(name) for name in PACKAGES}
    libc = " ".join(platform.libc_ver())
    return {"python": platform.python_version(), "libc": libc, **versions}


def version(package):
    """Return the version of an installed package, or "not installed"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
