"""User code met in a forked process first: what ends, hangs or bursts there harms nothing here.

A fork takes some milliseconds, has imported everything, and sees what this process sees. What went
well there is done again here (`rehearse`), or its result is taken over (`result_of`). Where nothing
can be forked, code is met here at once. Cells of studies have workers: see `study.supervising`.
"""

import faulthandler
import os
import pickle
import re
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

from optbench.define.limits import LIMITS, MB, Limits
from optbench.define.machine_memory import available_memory
from optbench.define.processes import end_with, ending
from optbench.errors import UserCodeError, UserError
from optbench.waiting import silence

T = TypeVar("T")
GRACE = 0.5
"""Seconds after the limit, in which a process writes down where it is."""
SAY_WHERE = signal.SIGUSR1
"""Has a process do so, in compiled code too."""
_HERE = False
"""Whether this process is itself one that user code may end."""


def may_end() -> bool:
    """Say whether this process is one that user code may end: then code is met at once."""
    return _HERE or not hasattr(os, "fork") or sys.platform != "linux"


def now_apart() -> None:
    """Take note that this process may be ended by user code."""
    global _HERE
    _HERE = True


def rehearse(action: Callable[[], object], whose: str) -> None:
    """Do something in a forked process; what it raises is raised again where it is done here.

    Parameters
    ----------
    action : callable
    whose : str
        What is done and where, for the message.

    Raises
    ------
    UserCodeError
        If the process does not outlive it, or it takes too long or too much memory.
    """
    if not may_end():

        def silently() -> None:
            action()  # what it returns need not pickle

        kind, content = _forked(silently, whose)
        if kind == "exited":
            raise UserCodeError(f"{whose}: {content[0]}{at(content[1])}", content[1])


def result_of(action: Callable[[], T], whose: str) -> T:
    """Return the result of something done in a forked process; it must pickle.

    Raises
    ------
    UserCodeError
        As `rehearse` does, and if anything is raised that is no `UserError`.
    UserError
        Of the class and with the message with which it was raised there.
    """
    if may_end():
        return action()
    kind, content = _forked(action, whose)
    if kind == "result":
        value: T = content
        return value
    if kind == "refused":
        refused, message = content
        error = refused.__new__(refused)
        error.args = (message,)
        raise error
    raise UserCodeError(f"{whose}: {content[0]}", content[1])


def _forked(action: Callable[[], object], whose: str) -> tuple[str, Any]:
    """Return what an action came to in a forked process."""
    limits = LIMITS.get()
    seconds = limits.seconds()
    with os.fdopen(os.memfd_create("traceback"), "w+b") as log:
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads
            warnings.filterwarnings("ignore", r"os\.fork\(\)", RuntimeWarning)  # of JAX, likewise
            parent, process = os.getpid(), os.fork()
        if not process:
            _serve(action, parent, limits, log, reading, writing)
        os.close(writing)
        code = None
        try:
            answer = _read(reading, seconds)
            if answer is None:
                os.kill(process, SAY_WHERE)
                time.sleep(GRACE)
            code = _killed(process) if answer is not None else None
        finally:
            os.close(reading)
            if code is None:
                _killed(process)
        trace = trace_in(log)
    if answer:
        kind, content = pickle.loads(answer)  # our own fork wrote it
        if kind != "memory":
            return kind, content
        happened, trace = content
    elif code is None:
        happened = limits.overdue(seconds)
    else:
        happened = ending(code)
    raise UserCodeError(f"{whose}: {happened}{at(trace)}", trace)


def _serve(
    action: Callable[[], object], parent: int, limits: Limits, log: IO[bytes], reading: int,
    writing: int,
) -> NoReturn:  # fmt: skip
    """Do an action in the forked process, send what it came to, and end."""
    try:
        os.close(reading)
        end_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        silence()
        now_apart()
        faulthandler.enable(log)
        # Not `dump_traceback_later`: where the parent waits with one, a fork waits for its thread.
        faulthandler.register(SAY_WHERE, log, all_threads=False)
        limit_memory(limits.memory)
        answer = outcome_of(action, limits)
        with os.fdopen(writing, "wb") as out:
            pickle.dump(answer, out, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def outcome_of(action: Callable[[], object], limits: Limits) -> tuple[str, Any]:
    """Return ("result", value), or what an action raised.

    That is ("refused", (class, message)) of a `UserError`, else (words, traceback) with "memory"
    where that ran out, with "raised" of an exception, and with "exited" of what is meant to end the
    process.
    """
    try:
        return "result", action()
    except SystemExit as error:
        return "exited", (f"exited with {error.code} (sys.exit)", traceback.format_exc())
    except BaseException as error:
        if _is_of_memory(error):
            return "memory", (limits.too_large, traceback.format_exc())
        if isinstance(error, UserError):
            return "refused", (type(error), str(error))
        kind = "raised" if isinstance(error, Exception) else "exited"
        return kind, (f"{type(error).__name__}: {error}", traceback.format_exc())


def _is_of_memory(error: BaseException | None) -> bool:
    """Say whether an error, or one that it was raised from, is that memory has run out."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def limit_memory(memory: float | None) -> None:
    """Let this process have so many megabytes of data beside what it has, by default what is free.

    Code, files and what is shared do not count; what is reserved and not used does. Only Linux has
    such a limit.
    """
    if sys.platform != "linux":
        return
    import resource

    most = int(_held() + (available_memory() if memory is None else memory * MB))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _held() -> int:
    """Return the bytes of data that this process has."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return 1024 * int(line.split()[1])
    return 0


def _read(reading: int, seconds: float) -> bytes | None:
    """Return all that is written to a pipe before its end, None if it has none by then."""
    deadline = time.monotonic() + seconds
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(reading, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _killed(process: int) -> int:
    """End a child process, if it has not ended; return its exit code, or minus a signal."""
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:  # it has closed its pipe: it ends by itself
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def trace_in(log: IO[bytes]) -> str:
    """Return what a process has written down of where it was; how Python imports is left out."""
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines(keepends=True)
    return "".join(line for line in lines if 'File "<frozen ' not in line)


def at(trace: str) -> str:
    """Return ", at FILE:LINE", the innermost line outside of libraries in a traceback, or ""."""
    places = re.findall(r'File "([^"]+)", line (\d+)', trace)
    if trace.startswith("Traceback"):  # of an exception, the innermost last
        places.reverse()
    own = (f", at {file}:{line}" for file, line in places if not _of_library(file))
    return next(own, "")


def _of_library(file: str) -> bool:
    """Say whether a file belongs to optbench, to a package or to Python."""
    here = str(Path(__file__).resolve().parents[1])
    return file.startswith((here, "<", sys.base_prefix)) or "site-packages" in file
