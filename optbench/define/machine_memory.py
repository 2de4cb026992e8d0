"""How much memory there is to be had on this machine."""

import math
import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


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
