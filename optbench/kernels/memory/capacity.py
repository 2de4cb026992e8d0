"""What this machine has, and requests that are beyond it refused before anything is allocated."""

import os

from optbench.define.machine_memory import available_memory
from optbench.errors import SettingError, UserError
from optbench.gate import whole

SURELY_THERE = 1 << 28
"""Bytes that are not worth asking for."""


def check_memory(
    whose: str, needed: float, advice: str, error: type[UserError] = SettingError
) -> None:
    """Raise `error` if `needed` bytes are more than there are."""
    if needed > SURELY_THERE and needed > available_memory():
        raise error(
            f"{whose} would take {size(needed)} of memory; {size(available_memory())} are free: "
            f"lower {advice}"
        )


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of(threads: int | None) -> int:
    """Return how many threads a user asks for: by default as many as there are processors.

    Raises
    ------
    SettingError
        If it is no whole number of at least 1.
    """
    return processors() if threads is None else whole("threads", threads, low=1)


def size(count: float) -> str:
    """Write a number of bytes: ``1.6 GB``."""
    for unit, power in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= power:
            return f"{amount(count / power)} {unit}"
    return f"{amount(count)} bytes"


def duration(seconds: float) -> str:
    """Write a time: ``3 hours``."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{amount(seconds / length)} {unit}"
    return f"{amount(seconds / 60)} minutes" if seconds >= 120 else f"{seconds:.0f} s"


def amount(number: float) -> str:
    """Write a number that counts something, roughly: ``1,600``, ``2.5e+10``."""
    return (
        f"{number:,.0f}" if 10 <= number < 1e9 or number == int(number) < 1e9 else f"{number:.2g}"
    )
