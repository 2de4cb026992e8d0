"""What lanes would cost, estimated before anything is allocated or run.

The estimates are rough, within a factor of about three: they are there to refuse a zero too many at
once and with its price, not after ten minutes with a MemoryError.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from optbench.catalog.instance import Problem
from optbench.define.machine_memory import available_memory
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import (
    SURELY_THERE,
    amount,
    duration,
    processors,
    size,
)
from optbench.lanes.runnable import Runnable

NANOSECONDS = 0.5
"""Of one thread for one coordinate and example in one step, about the best there is."""
LONGEST = 30 * 86400
"""Seconds of all threads that a call or a study may take."""
LANE_BYTES = 300
"""What every lane holds besides points and records: keys, results, hits."""
WIDEST = 256
"""Lanes of a block at most, in float64."""
TABLE_BYTES = 16, 250
"""A step's share of the table of step scalars: of the schedule alone, and with a `uniform`."""

LANE_TABLES = 256 << 20
"""Bytes of the tables of a thread at a time, and of what they are made from, unless one is more."""
TABLE_NANOSECONDS = 1, 30
"""Of one thread for a setting's step scalars in one step."""


@dataclass(frozen=True, slots=True)
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

    def __str__(self) -> str:
        return (
            f"{amount(self.lanes)} lanes, {amount(self.lane_steps)} lane-steps, about "
            f"{size(self.bytes)} of memory and {duration(self.seconds)}"
        )

    def refuse(self, whose: str, advice: str, error: type[Exception] = SettingError) -> None:
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


def of_lanes(
    problem: Problem,
    optimizer: Runnable,
    *,
    lanes: int,
    steps: int,
    records: int,
    dtype: DTypeLike,
    threads: int | None = None,
    points: bool = False,
    settings: int = 1,
) -> Cost:
    """Return the `Cost` of lanes of an optimizer on a problem.

    Parameters
    ----------
    problem : Problem
    optimizer : Optimizer or Solver
    lanes, steps, records : int
    dtype : {"float64", "float32"}
    threads : int, optional
        By default the number of processors.
    points : bool
        Whether the points of records are kept.
    settings : int
        How many settings the lanes have, the rate apart: each has step scalars of its own.
    """
    threads, itemsize, d = threads or processors(), np.dtype(dtype).itemsize, problem.dim
    records = min(records, steps + 1)
    numbers_per_record = 6 + 6 * (problem.examples is not None) + 2 * d * points
    states, tabled, evaluations = _of_optimizer(optimizer)
    block_numbers = min(lanes, 1 if problem.across else 8) * d * (8 + states)
    lane_bytes = LANE_BYTES + d * (8 + 2 * itemsize) + records * itemsize * numbers_per_record
    table_bytes = steps * TABLE_BYTES[tabled]
    if settings > 1:
        table_bytes = min(settings * table_bytes, threads * max(8 * table_bytes, LANE_TABLES))
    thread_bytes = block_numbers * itemsize + 8 * problem.placement.room(min(lanes, WIDEST))
    examples = min(problem.examples) if problem.examples else 1
    work = lanes * steps * d * examples
    return Cost(
        lanes=lanes,
        lane_steps=lanes * steps,
        bytes=lanes * lane_bytes + threads * thread_bytes + table_bytes,
        seconds=(
            work * evaluations * NANOSECONDS
            + (settings > 1) * settings * steps * TABLE_NANOSECONDS[tabled]
        )
        * 1e-9
        / threads
        + lanes * steps * optimizer.step_seconds,  # Python's, of one thread at a time
    )


@functools.lru_cache(maxsize=4096)
def _of_optimizer(optimizer: Runnable) -> tuple[int, bool, int]:
    """Return arrays of state, whether steps have numbers of their own, and gradients a step."""
    parts = optimizer.parts
    tabled = any("uniform" in part.functions for part in parts)
    return sum(len(part.state) for part in parts), tabled, optimizer.evaluations
