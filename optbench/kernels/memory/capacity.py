"""What this machine has, and requests that are beyond it refused before anything is allocated."""

import math
import os
from pathlib import Path

from optbench.errors import SettingError, UserError

SURELY_THERE = 1 << 28
"""Bytes that are not worth asking for."""


_MEMINFO = Path("/proc/meminfo")


_CGROUP = Path("/sys/fs/cgroup")


def check_memory(
    whose: str, needed: float, advice: str, error: type[UserError] = SettingError
) -> None:
    """Raise `error` if `needed` bytes are more than there are."""
    if needed > SURELY_THERE and needed > available_memory():
        raise error(
            f"{whose} would take {size(needed)} of memory; {size(available_memory())} are free: "
            f"lower {advice}"
        )


def available_memory() -> float:
    """Return the bytes of memory that can be had without swapping, in a container too."""
    return min(_available_on_the_machine(), _left_in_the_container())


def _left_in_the_container() -> float:
    """Return what the control group of this process leaves it; infinity without a limit."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        return max(0, int(limit) - int((_CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no such groups, or "max"
        return math.inf


def _available_on_the_machine() -> int:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass  # not Linux
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def size(count: float) -> str:
    """Write a number of bytes: ``1.6 GB``."""
    for unit, power in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= power:
            return f"{_counted(count / power)} {unit}"
    return f"{count} bytes"


def duration(seconds: float) -> str:
    """Write a time: ``3 hours``."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{_counted(seconds / length)} {unit}"
    return f"{_counted(seconds / 60)} minutes" if seconds >= 120 else f"{seconds:.0f} s"


def _counted(number: float) -> str:
    return (
        f"{number:,.0f}" if 10 <= number < 1e9 or number == int(number) < 1e9 else f"{number:.2g}"
    )
