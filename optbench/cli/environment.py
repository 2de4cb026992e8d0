"""What `optbench env` shows: all that a report of a fault needs, to be copied as it is."""

import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

import llvmlite.binding as llvm
from numba.core import config

from optbench.define.machine_memory import available_memory
from optbench.errors import counted
from optbench.kernels.compiling import entries, vector_library
from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.memory.capacity import processors, size
from optbench.lanes import devices
from optbench.study import machine

ROOT = Path(__file__).resolve().parents[2]
"""Where the package lies."""
PREFIXES = ("OPTBENCH_", "NUMBA_", "OMP_", "OPENBLAS_", "MKL_", "PYTHON", "CUDA_")
"""Beginnings of variables that change what is computed, or how fast."""


def describe() -> list[tuple[str, str]]:
    """Return what decides the numbers and the speed here, as (name, text) pairs.

    A line without a name belongs to the line before.
    """
    model = getattr(config, "CPU_NAME", None) or llvm.get_host_cpu_name()
    count = len(vector_library.symbols())
    return [
        *machine.versions().items(),
        ("installed", installed()),
        ("system", f"{platform.platform()} ({_distribution()})"),
        ("interpreter", f"{platform.python_implementation()} at {sys.executable}"),
        ("processor", f"{machine.cpu_name()} (compiled for {model})"),
        ("threads", f"{processors()} of {os.cpu_count()} processors are to be used"),
        ("memory", f"{size(available_memory())} free"),
        ("SIMD", LEVEL),
        (
            "vector math",
            f"{count} functions of {vector_library.LIBRARY}" if count else "polynomials",
        ),
        *_named("BLAS", _blas()),
        *devices.describe(),
        *_named("variables", variables()),
        *cache_state(),
    ]


def installed() -> str:
    """Return whether a wheel or a source tree runs, of which commit, and where it lies."""
    if not (ROOT / "pyproject.toml").is_file():
        return f"a wheel in {ROOT}"
    commit = machine.git_commit()
    tree = f"the source tree {ROOT}" + (f", commit {commit}" if commit else "")
    try:
        text = importlib.metadata.distribution("optbench").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return f"{tree}, not installed"
    facts = json.loads(text or "{}")
    editable = facts.get("dir_info", {}).get("editable", False)
    here = editable and facts.get("url") == ROOT.as_uri()
    return f"{tree}, {'an editable install' if here else 'not what pip has installed'}"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):  # not Linux
        return platform.machine()


def _blas() -> list[str]:
    """Return a line for each library of BLAS that NumPy and SciPy have brought."""
    import scipy.linalg  # noqa: F401  # it loads one of them
    from threadpoolctl import threadpool_info

    return [
        f"{one['internal_api']} {one['version']}, {one.get('architecture', '?')}, "
        f"{one['num_threads']} threads: {Path(one['filepath']).name}"
        for one in threadpool_info() if one["user_api"] == "blas"
    ]  # fmt: skip


def variables() -> list[str]:
    """Return the variables of the environment that are set and matter here: NAME=value."""
    return [f"{name}={os.environ[name]}" for name in sorted(os.environ) if _matters(name)]


def _matters(name: str) -> bool:
    return name.startswith(PREFIXES) or name in ("LD_LIBRARY_PATH", "LD_PRELOAD")


def _named(name: str, lines: list[str]) -> list[tuple[str, str]]:
    """Return lines as pairs, of which the first one has the name."""
    return [("" if number else name, line) for number, line in enumerate(lines or ["none"])]


def as_dict(facts: list[tuple[str, str]]) -> dict[str, str]:
    """Return the facts by name; lines without one belong to the line before."""
    named: dict[str, str] = {}
    for name, text in facts:
        last = name or list(named)[-1]
        named[last] = f"{named[last]}; {text}" if last in named else text
    return named


def cache_state() -> list[tuple[str, str]]:
    """Return the cache's state, with the reason if it is off, and what its folder holds."""
    try:
        folder = entries.usable()
    except entries.CacheOffError as reason:
        return [("compile cache", f"off: {reason}")]
    count, kept = entries.usage(folder)
    return [
        ("compile cache", f"on: {folder}"),
        ("", f"{counted(count, 'entry')}, {_mib(kept)} of at most {_mib(entries.limit())}"),
    ]


def clear_cache() -> str:
    """Empty the cache's folder, also when the cache is off; return what was done as a sentence."""
    try:
        folder = entries.location()
        if not folder.exists():
            return f"nothing to remove: {folder} does not exist"
        entries.check(folder)
    except (entries.CacheOffError, OSError) as reason:
        return f"nothing removed: {reason}"
    count, freed = entries.clear(folder)
    return f"removed {counted(count, 'entry')}, {_mib(freed)}, from {folder}"


def _mib(size: int) -> str:
    return f"{size / entries.MIB:.1f} MiB"
