"""What lanes would cost, told before anything is allocated or run.

The estimates are rough, within a factor of about three: they are there to refuse a zero too many at
once and with its price, not after ten minutes with a MemoryError.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optbench.errors import SettingError

NANOSECONDS = 0.5
"""Of one thread for one coordinate and example in one step, about the best there is."""
LONGEST = 30 * 86400
"""Seconds of all threads that a call or a study may take."""
LANE_BYTES = 300
"""What every lane holds besides points and records: keys, results, hits."""
TABLE_BYTES = 16, 250
"""A step's share of the table of step scalars: of the schedule alone, and with a `uniform`."""
SURELY_THERE = 1 << 28
"""Bytes that are not worth asking for."""
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cost:
    """What lanes would take.

    Attributes
    ----------
    lanes, lane_steps : int
    bytes : int
        Memory at once.
    seconds : float
        Of all threads, compiling apart.
    """

    lanes: int
    lane_steps: int
    bytes: int
    seconds: float

    def __str__(self):
        return (
            f"{_counted(self.lanes)} lanes, {_counted(self.lane_steps)} lane-steps, about "
            f"{size(self.bytes)} of memory and {duration(self.seconds)}"
        )

    def refuse(self, whose, advice, error=SettingError):
        """Raise `error` if it is more than this machine has, or takes longer than `LONGEST`.

        Parameters
        ----------
        whose, advice : str
            What the cost is of, and what to lower.
        error : exception class
        """
        free = available_memory() if self.bytes > SURELY_THERE else self.bytes
        if self.bytes <= free and self.seconds <= LONGEST:
            return
        limit = (
            f"{size(free)} are free" if self.bytes > free else f"the limit is {duration(LONGEST)}"
        )
        raise error(f"{whose} would take {self}; {limit}: lower {advice}")


def of_lanes(problem, optimizer, lanes, steps, records, dtype, threads=None, points=False):
    """Return the `Cost` of lanes of an optimizer on a problem.

    Parameters
    ----------
    problem : Problem
    optimizer : Optimizer or Baseline
    lanes, steps, records : int
    dtype : {"float64", "float32"}
    threads : int, optional
        By default the number of processors.
    points : bool
        Whether the points of records are kept.
    """
    threads, real, d = threads or processors(), np.dtype(dtype).itemsize, problem.dim
    records = min(records, steps + 1)
    numbers = 6 + 6 * (problem.examples is not None) + 2 * d * points
    state = sum(len(part.state) for part in optimizer.parts)
    block = min(lanes, 1 if problem.across else 8) * d * (8 + state)
    per_lane = LANE_BYTES + d * (8 + 2 * real) + records * real * numbers
    table = TABLE_BYTES[any("uniform" in part.functions for part in optimizer.parts)]
    examples = min(problem.examples) if problem.examples else 1
    work = lanes * steps * d * examples
    return Cost(
        lanes,
        lanes * steps,
        lanes * per_lane + threads * (block * real + 8 * problem.frame.work_size) + steps * table,
        work * optimizer.evaluations * NANOSECONDS * 1e-9 / threads,
    )


def check_memory(whose, needed, advice, error=SettingError):
    """Raise `error` if `needed` bytes are more than there are."""
    if needed > SURELY_THERE and needed > available_memory():
        raise error(
            f"{whose} would take {size(needed)} of memory; {size(available_memory())} are free: "
            f"lower {advice}"
        )


def available_memory():
    """Return the bytes of memory that can be had without swapping, in a container too."""
    return min(_available_on_the_machine(), _left_in_the_container())


def _left_in_the_container():
    """Return what the control group of this process leaves it; infinity without a limit."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        return max(0, int(limit) - int((_CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no such groups, or "max"
        return math.inf


def _available_on_the_machine():
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass  # not Linux
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def processors():
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def size(count):
    """Write a number of bytes: ``1.6 GB``."""
    for unit, power in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= power:
            return f"{_counted(count / power)} {unit}"
    return f"{count} bytes"


def duration(seconds):
    """Write a time: ``3 hours``."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{_counted(seconds / length)} {unit}"
    return f"{_counted(seconds / 60)} minutes" if seconds >= 120 else f"{seconds:.0f} s"


def _counted(number):
    return (
        f"{number:,.0f}" if 10 <= number < 1e9 or number == int(number) < 1e9 else f"{number:.2g}"
    )
