"""How processes that this one starts end: with this one, or as words for a message."""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Make this process, which `parent` started, end when the thread that started it does."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def ending(code: int) -> str:
    """Say how a process ended: "exited with 3", "killed by signal 11 (SIGSEGV)".

    Parameters
    ----------
    code : int
        The exit code, or minus the number of the signal.
    """
    if code >= 0:
        return f"exited with {code}"
    name = ""
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
    if -code == signal.SIGKILL:
        name += ", by which systems end what takes too much memory"
    return f"killed by signal {-code} ({name})" if name else f"killed by signal {-code}"
