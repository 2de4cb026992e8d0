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

FOLDER = Path(__file__).parents[1]
ROOMS = ("catalog", "define", "kernels", "lanes", "nets", "perturbations", "rules")
"""All that a cell's numbers are made with, but for how the study computes it."""
MODULES = (
    "study/cell_lanes.py", "study/computing.py", "study/diagnosing.py", "study/instruments.py",
    "study/lane_ends.py", "study/probing.py", "study/recording.py",
)  # fmt: skip
NOT_NUMERIC = (
    "catalog/finding.py", "catalog/plain.py", "catalog/watched.py", "define/shipped.py",
    "lanes/cost.py", "lanes/devices.py", "lanes/minimizing.py", "lanes/net_units.py",
    "lanes/parting.py", "lanes/pool.py", "lanes/release.py", "lanes/search.py",
    "lanes/trajectories.py", "lanes/units.py", "nets/activation_table.py",
)  # fmt: skip
PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "scikit-learn")


@functools.cache
def numeric_code() -> str:
    """Return the hash (hex) of the numeric code and of `numeric_versions`."""
    digest = hashlib.sha256(repr(sorted(numeric_versions().items())).encode())
    for path in files():
        digest.update(f"{path.relative_to(FOLDER)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files() -> list[Path]:
    """Return the paths of the files that count, sorted."""
    paths = [path for room in ROOMS for path in (FOLDER / room).rglob("*.py")]
    paths += [FOLDER / name for name in MODULES]
    return sorted(path for path in paths if str(path.relative_to(FOLDER)) not in NOT_NUMERIC)


@functools.cache
def numeric_versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on beside our own code."""
    versions = {name: version(name) for name in PACKAGES}
    libc = " ".join(platform.libc_ver())
    return {"python": platform.python_version(), "libc": libc, **versions}


@functools.cache
def version(package: str) -> str:
    """Return the version of an installed package, or "not installed"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
