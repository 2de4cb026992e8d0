"""Units of compilation in several processes: each takes the longest that nobody has begun.

Numba compiles one function at a time in a process. Processes are forked from this one, which has
imported everything and compiled nothing, so that none of them begins with a second of imports;
what they compile is handed on through the cache, where entries are whole or not there. Nobody waits
for a process that was killed: its unit is compiled where it is used, and so is one that failed.
"""

import contextlib
import gc
import math
import mmap
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba.core.compiler_lock import global_compiler_lock

from optbench.define.processes import end_with
from optbench.kernels.compiling.loading import NotKeptError, only_loading
from optbench.waiting import COMPILING, redirect_to, silence, tell, working

LONGEST = 300.0
"""Seconds after which processes are given up where nothing has ended: a unit takes about ten."""
GLANCE = 0.02
"""Seconds between two looks at processes that are waited for."""
WORTH = 1.0
"""Seconds that several processes have to save. Of an optimizer on a surface the driver is all but
half a second, most of which is lost again to starting and loading."""
WAITS, BEGUN = 0.0, -1.0
"""In place of the seconds of a unit that has not ended."""
MOMENT = 1e-6
"""The least seconds of one that has."""


@dataclass(frozen=True)
class Unit:
    """What is compiled, or loaded, as one.

    Attributes
    ----------
    name : str
        For messages.
    seconds : float
        About what it takes: it decides the order, and how many processes pay.
    key : hashable
        What tells it from other units.
    compile : callable
        Compiles it, or loads it from the cache, and keeps it in this process.
    """

    name: str
    seconds: float
    key: Hashable
    compile: Callable[[], object]


def compile_all(units: Iterable[Unit], processes: int) -> dict[str, float]:
    """Have the cache hold units, in as many processes as are of use, this one among them.

    Those that fail fail again, with their message, where they are used.

    Parameters
    ----------
    units : iterable of Unit
        Those of one key are compiled once.
    processes : int
        At most.

    Returns
    -------
    dict of str to float
        Processor time of each unit that was not in the cache, by name, the longest first; NaN of
        one that failed, or whose process was killed.
    """
    distinct = {unit.key: unit for unit in units}
    missing = [unit for unit in distinct.values() if not is_loaded(unit)]
    if not missing:
        return {}
    missing.sort(key=lambda unit: unit.seconds, reverse=True)
    board = _Board(missing)
    with working(COMPILING), _forked(_useful(missing, processes), board) as others:
        board.work()
        _wait(others, board)
    spent = np.where(board.seconds > 0.0, board.seconds, np.nan)
    return {missing[i].name: float(spent[i]) for i in np.argsort(-spent)}


def _useful(units: Sequence[Unit], processes: int) -> int:
    """Return how many processes to compile units by, at most `processes`.

    More than share what is not the longest unit gain nothing, and few gain less than they cost.
    """
    longest, total = units[0].seconds, sum(unit.seconds for unit in units)
    count = max(1, min(processes, math.ceil(total / longest)))
    return count if total - max(longest, total / count) >= WORTH else 1


def is_loaded(unit: Unit) -> bool:
    """Load a unit if the cache has it; what fails is not missing, it fails where it is used.

    Nobody is told that it is compiled: that is said where it is.
    """
    try:
        with only_loading(), redirect_to(lambda text: None):
            unit.compile()
    except NotKeptError:
        return False
    except Exception:
        return True
    return True


class _Board:
    """Which units wait, which are compiled and which have been: all processes see it.

    Attributes
    ----------
    seconds : float64 [units]
        `WAITS`, `BEGUN`, or a unit's processor time; NaN if it failed.
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self.seconds = np.frombuffer(mmap.mmap(-1, 8 * len(units)), np.float64)
        self.numbers = None
        if hasattr(os, "memfd_create"):
            self.numbers = os.memfd_create("units")
            os.write(self.numbers, np.arange(len(units), dtype=np.int32).tobytes())
            os.lseek(self.numbers, 0, os.SEEK_SET)
        self.own = iter(range(len(units)))

    def next(self) -> int | None:
        """Return the number of a unit that nobody has taken, None if there is none.

        Processes share the position in a file. A read of one in memory does not move it at once:
        without a lock two of them may get the same number.
        """
        if self.numbers is None:
            return next(self.own, None)
        import fcntl  # where there are such files, there is this

        fcntl.lockf(self.numbers, fcntl.LOCK_EX)
        try:
            taken = os.read(self.numbers, 4)
        finally:
            fcntl.lockf(self.numbers, fcntl.LOCK_UN)
        return int.from_bytes(taken, sys.byteorder) if taken else None

    def work(self) -> None:
        """Compile units until all are taken."""
        while (number := self.next()) is not None:
            began = time.thread_time()
            self.seconds[number] = BEGUN
            self.tell()
            try:
                self.units[number].compile()
            except Exception:  # it fails again where it is used, and is explained there
                self.seconds[number] = np.nan
            else:
                self.seconds[number] = max(time.thread_time() - began, MOMENT)

    def tell(self) -> None:
        """Say what is compiled now, the longest by name."""
        names = [self.units[i].name for i in np.flatnonzero(self.seconds == BEGUN).tolist()]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            begun = int(np.count_nonzero(self.seconds != WAITS))
            tell(f"{COMPILING} {names[0]}{more}", begun, len(self.units))

    @property
    def ended(self) -> int:
        """How many units nobody is to wait for any more."""
        return int(np.count_nonzero((self.seconds != WAITS) & (self.seconds != BEGUN)))


@contextlib.contextmanager
def _forked(processes: int, board: _Board) -> Iterator[list[int]]:
    """Have other processes work on a board; yield their ids. None is left when the block ends."""
    others: list[int] = []
    try:
        if processes > 1 and can_fork():
            _prepare()
            with contextlib.suppress(OSError):  # there may be no more processes, or memory
                while len(others) < processes - 1:
                    others.append(_fork(board))
        yield others
    finally:
        for process in others:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
        if board.numbers is not None:
            os.close(board.numbers)


def can_fork() -> bool:
    """Say whether processes can be forked here: on Linux, from the main thread.

    They end with the thread that began them, so that none outlives this process.
    """
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


def _prepare() -> None:
    """Do once what every process that compiles has to begin with."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def _fork(board: _Board) -> int:
    """Begin a process that works on a board and ends; return its id."""
    parent = os.getpid()
    # A process has no threads but the one that forks: what others hold, nobody gives back there.
    with global_compiler_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads
        process = os.fork()
        if process:
            return process
        try:
            _detach(parent)
            board.work()
        finally:
            os._exit(0)


def _detach(parent: int) -> None:
    """Make a forked process end with its parent, at once when interrupted, and say nothing."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    silence()
    gc.freeze()  # nothing of the parent's is to be collected here


def _wait(others: list[int], board: _Board) -> None:
    """Wait until processes have ended, and say what they compile; forget those that have."""
    ended, since = board.ended, time.monotonic()
    while True:
        others[:] = [process for process in others if not _has_ended(process)]
        if board.ended > ended:
            ended, since = board.ended, time.monotonic()
        if not others or time.monotonic() - since > LONGEST:
            return
        board.tell()
        time.sleep(GLANCE)


def _has_ended(process: int) -> bool:
    """Say whether a child process has ended."""
    try:
        return os.waitpid(process, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
