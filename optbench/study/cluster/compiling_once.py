"""Workers of one machine that compile each thing once among them, and each what no other does.

The compile cache hands on what is compiled; a lock a unit, held while it is compiled, keeps two
workers from compiling the same. Where a file system knows no locks, both compile it, to no harm.
"""

import contextlib
import hashlib
from collections.abc import Sequence

import filelock

from optbench.kernels.compiling import entries
from optbench.lanes.pool import Unit, is_loaded
from optbench.study.compiling import units_of_pairs
from optbench.study.numeric_code import numeric_code
from optbench.study.orders import Order, restored

LONGEST = 300.0
"""Seconds after which a unit is compiled although another worker seems to be at it."""


def compile_once(orders: Sequence[Order]) -> None:
    """Load, or compile, what the pairs of orders need, but for what fails: it fails where it runs.

    What is free is compiled first; what other workers compile is waited for last.
    """
    waiting = [unit for unit in _units(orders) if not is_loaded(unit)]
    while waiting:
        held = [unit for unit in waiting if not _compiled(unit, 0.0)]
        if held and len(held) == len(waiting):
            _compiled(held.pop(0), LONGEST)
        waiting = held


def _units(orders: Sequence[Order]) -> list[Unit]:
    """Return what the pairs of orders need, each once, the longest first."""
    pairs, space = [], None
    for order in orders:
        with contextlib.suppress(Exception):
            pair, study = restored(order)
            pairs.append(pair)
            space = study.space
    if space is None:
        return []
    distinct = {unit.key: unit for unit in units_of_pairs(pairs, space)}
    return sorted(distinct.values(), key=lambda unit: unit.seconds, reverse=True)


def _compiled(unit: Unit, seconds: float) -> bool:
    """Compile a unit, or load it; return False if another worker is at it for so many seconds."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_lock(unit).acquire(seconds))
        except filelock.Timeout:
            if seconds < LONGEST:
                return False
        except (OSError, NotImplementedError, entries.CacheOffError):
            pass  # there is no folder, or there are no locks on it
        with contextlib.suppress(Exception):
            unit.compile()
    return True


def _lock(unit: Unit) -> filelock.BaseFileLock:
    """Return the lock of a unit."""
    name = hashlib.sha256(f"{numeric_code()} {unit.name}".encode()).hexdigest()[:32]
    return filelock.FileLock(entries.usable() / f"{name}.lock")
