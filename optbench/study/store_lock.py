"""One process writes into a run's folder: it locks the folder; messages to others name it."""

import contextlib
import os
import platform
from pathlib import Path

import filelock

from optbench.errors import ResultsError
from optbench.study.results import Results
from optbench.study.store_opening import LOCK


def lock_folder(folder: Path) -> filelock.BaseFileLock:
    """Keep other processes from writing into a folder, or say which one does.

    Returns
    -------
    FileLock
        To be released when all is written.

    Raises
    ------
    ResultsError
        If another process writes there, or the disk has no locks.
    """
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0.5)  # `is_held` holds it a moment
    except filelock.Timeout:
        raise ResultsError(
            f"{folder}: {_writer(folder)} is writing a run there; wait for it, or "
            "choose another folder with --out"
        ) from None
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be locked ({error.strerror}); choose a folder on a disk "
            "that knows locks, with --out"
        ) from None
    return lock


def _writer(folder: Path) -> str:
    """Return words for the process that writes a run, as far as the run says which one."""
    with contextlib.suppress(OSError, IndexError, KeyError), Results(folder) as results:
        last = results.invocations()[-1]
        if last["host"] == platform.node():
            os.kill(last["process"], 0)  # raises if it is there no more
        return f"process {last['process']} on {last['host']} (since {last['started']})"
    return "another process"


def make_writable(folder: Path) -> None:
    """Create `folder` and make sure that files can be written into it, or raise `ResultsError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ResultsError(
            f"{folder}: results cannot be written there ({error.strerror}); "
            "choose another folder with --out"
        ) from None
