"""What `optbench env` shows: versions, processor, SIMD, and the state of the compile cache."""

import platform

import llvmlite.binding as llvm
from numba.core import config

from optbench.kernels.compiling import entries, vector_library
from optbench.kernels.compiling.features import LEVEL
from optbench.lanes import devices
from optbench.study import machine


def describe() -> list[tuple[str, str]]:
    """Return what decides the numbers and the speed here, as (name, text) pairs."""
    model = getattr(config, "CPU_NAME", None) or llvm.get_host_cpu_name()
    count = len(vector_library.symbols())
    return [
        *machine.versions().items(),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("processor", f"{machine.cpu_name()} (compiled for {model})"),
        ("SIMD", LEVEL),
        (
            "vector math",
            f"{count} functions of {vector_library.LIBRARY}" if count else "polynomials",
        ),
        *devices.describe(),
        *cache_state(),
    ]


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
    count, size = entries.usage(folder)
    return [
        ("compile cache", f"on: {folder}"),
        ("", f"{_entries(count)}, {_mib(size)} of at most {_mib(entries.limit())}"),
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
    count, size = entries.clear(folder)
    return f"removed {_entries(count)}, {_mib(size)}, from {folder}"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _mib(size: int) -> str:
    return f"{size / entries.MIB:.1f} MiB"
