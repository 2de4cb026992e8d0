"""Worker processes that user code may end: each is watched, and another one takes its place.

A worker is a process of Loky's, which starts it without the caller's script, keeps it warm, and
tells when it has ended and how. What is added here: limits of time and memory, where the code was
when it met them, and that no worker outlives this process. Workers are kept for the next study.
"""

import atexit
import faulthandler
import gc
import os
import re
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from contextlib import contextmanager
from multiprocessing.util import Finalize
from typing import IO, TYPE_CHECKING, Any, TypeVar

from optbench.define.apart import GRACE, at, limit_memory, now_apart, outcome_of, trace_in
from optbench.define.limits import Limits
from optbench.define.processes import end_with, ending
from optbench.errors import UserCodeError
from optbench.study.study_run import StoppedError

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

T = TypeVar("T")
GLANCE = 0.1
"""Seconds between two looks at whether the study was told to stop."""
_IDLE: list["Worker"] = []
_LOCK = threading.Lock()


class Worker:
    """A process that computes what it is handed, one thing after another.

    Parameters
    ----------
    memory : float, optional
        Megabytes of data that it may hold, beside what it begins with.
    """

    def __init__(self, memory: float | None) -> None:
        self.memory = memory
        self.executor: ProcessPoolExecutor | None = None
        self.log: IO[bytes] | None = None
        # A process ends with the thread that starts it, and this one lives as long as the worker.
        self.keeper = ThreadPoolExecutor(1, thread_name_prefix="optbench-worker")

    def call(
        self,
        function: Callable[..., T],
        *arguments: object,
        limits: Limits,
        seconds: float,
        stop: threading.Event | None = None,
    ) -> T:
        """Return what a function of a module returns for arguments that pickle.

        Parameters
        ----------
        function : callable
        *arguments
        limits : Limits
        seconds : float
            How long it may take.
        stop : threading.Event, optional
            Set when nobody waits for the result any more.

        Raises
        ------
        UserCodeError
            With what the function raised, or how the process ended.
        StoppedError
            If `stop` is set meanwhile.
        """
        try:
            future = self.keeper.submit(self._submit, function, arguments, limits, seconds).result()
            kind, content = self._awaited(future, seconds, stop)
        except BaseException:
            self.end()
            raise
        if kind == "result":
            value: T = content
            return value
        if kind == "refused":
            raise UserCodeError(content[1])
        if kind == "memory":  # what it holds is not known any more
            self.end()
        raise UserCodeError(*content)

    def _submit(
        self, function: Callable[..., T], arguments: tuple[object, ...], limits: Limits,
        seconds: float,
    ) -> "Future[tuple[str, Any]]":  # fmt: skip
        """Hand over work to the process, which is started if there is none."""
        from loky.process_executor import BrokenProcessPool

        # A worker outlives a study, and a notebook may have gone to another folder since.
        work = _serve, (os.getcwd(), [*sys.path]), function, arguments, limits, seconds
        future: Future[tuple[str, Any]]
        if self.executor is not None and self.log is not None:
            self.log.truncate(0)
            try:
                future = self.executor.submit(*work)
                return future
            except BrokenProcessPool:  # it has ended while nobody used it
                self.end()
        self.executor = self._started()
        future = self.executor.submit(*work)
        return future

    def _started(self) -> "ProcessPoolExecutor":
        """Return a new process, which begins with its first work."""
        from loky import ProcessPoolExecutor

        # The process opens the file by its name and removes that: none is left, however this ends.
        descriptor, name = tempfile.mkstemp(prefix="optbench-", suffix=".log")
        self.log = os.fdopen(descriptor, "r+b", buffering=0)
        initial = (os.getpid(), self.memory, name)
        return ProcessPoolExecutor(1, initializer=_begin, initargs=initial)

    def _awaited(
        self, future: "Future[tuple[str, Any]]", seconds: float, stop: threading.Event | None
    ) -> tuple[str, Any]:
        """Wait for what a call comes to."""
        from loky.process_executor import BrokenProcessPool

        # A process that is started imports first, which is not the user's code.
        deadline = time.monotonic() + seconds + GRACE + _STARTING
        while time.monotonic() < deadline:
            try:
                return future.result(GLANCE)
            except TimeoutError:
                if stop is not None and stop.is_set():
                    raise StoppedError from None
                if "Timeout (" in self._trace():
                    time.sleep(GLANCE)  # it may still be writing
                    break
            except BrokenProcessPool as error:
                trace = self._trace()
                raise UserCodeError(f"{_ending(str(error))}{at(trace)}", trace) from None
        trace = self._trace()
        raise UserCodeError(f"{Limits.overdue(seconds)}{at(trace)}", trace)

    def _trace(self) -> str:
        """Return what the process has written down of where it was."""
        return "" if self.log is None else trace_in(self.log)

    def end(self) -> None:
        """End the process; the next call starts another one."""
        executor, self.executor = self.executor, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)
        if self.log is not None:
            self.log.close()

    def close(self) -> None:
        """End the process, and the thread that it belongs to."""
        self.end()
        self.keeper.shutdown()


_STARTING = 60.0
"""Seconds that a busy machine may take to start a process and to import optbench in it."""


@contextmanager
def worker(memory: float | None) -> Iterator[Worker]:
    """Lend a worker to one thread: one that is at hand with this limit, else a new one."""
    with _LOCK:
        at_hand = next((own for own in _IDLE if own.memory == memory), None)
        if at_hand is not None:
            _IDLE.remove(at_hand)
    if at_hand is None:
        # Of children that multiprocessing forks no other exit is called, and they wait for theirs.
        Finalize(None, end_idle, exitpriority=1)
    own = at_hand or Worker(memory)
    try:
        yield own
    finally:
        with _LOCK:
            _IDLE.append(own)


@atexit.register
def end_idle() -> None:
    """End all workers that nobody uses."""
    with _LOCK:
        idle, _IDLE[:] = list(_IDLE), []
    for own in idle:
        own.close()


def _forget() -> None:
    """Have no workers: those of the parent are not a forked process's, nor are their threads."""
    global _LOCK
    _LOCK = threading.Lock()
    for own in _IDLE:
        if own.log is not None:
            own.log.close()
    _IDLE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _ending(message: str) -> str:
    """Say how the process of a broken pool ended, by what Loky says of it."""
    codes = re.findall(r"(?:EXIT|SIG\w+|UNKNOWN)\((-?\d+)\)", message)
    return ending(int(codes[0])) if codes else "its process ended"


_LOG: IO[bytes]


def _begin(parent: int, memory: float | None, log: str) -> None:
    """Begin as a worker: end with the parent, write down where this ends, hold to the limits."""
    global _LOG
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _LOG = open(log, "ab", buffering=0)  # as long as the process
    os.unlink(log)
    faulthandler.enable(_LOG)
    now_apart()
    _import_all()
    gc.freeze()  # Loky collects every second, and would look at all that was imported
    limit_memory(memory)


def _import_all() -> None:
    """Import what cells need, so that no limit counts it."""
    import optbench.study.advancing  # noqa: F401


def _serve(
    where: tuple[str, list[str]], function: Callable[..., object], arguments: tuple[object, ...],
    limits: Limits, seconds: float,
) -> tuple[str, Any]:  # fmt: skip
    """Call a function in the worker; write down where it is when its time is over.

    Files and modules of the user's are found where the caller finds them: `where` has its folder
    and its path of modules.
    """
    folder, sys.path[:] = where
    os.chdir(folder)
    faulthandler.dump_traceback_later(seconds, file=_LOG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parent has shown those of imports
            return outcome_of(lambda: function(*arguments), limits)
    finally:
        faulthandler.cancel_dump_traceback_later()
