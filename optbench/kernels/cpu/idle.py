"""Work in pieces that idle threads take a share of.

Launches run in the threads of their callers. A launch of several chunks starts a thread for every
one that stands idle at the time, before each chunk, so that the last large one of many does not run
alone. Where pieces share work themselves (see `memory.sharing`), a thread without one waits at a
seat for others' work.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.sharing import SEATS, sitter

Piece = TypeVar("Piece")


def run_pieces(
    pieces: Iterable[Piece],
    work: Callable[[Piece], None],
    idle: threading.Semaphore,
    sharing: bool = False,
) -> None:
    """Do the work of all pieces, in this thread and in as many as are idle.

    Parameters
    ----------
    pieces : iterable
        Independent of each other.
    work : callable
        ``work(piece)``. What it raises is raised once all pieces under way have ended.
    idle : threading.Semaphore
        Counts idle threads: one is taken for each thread that helps, and given back.
    sharing : bool
        Whether compiled code shares what it does within a piece.
    """
    waiting = deque(pieces)
    helpers: list[Future[None]] = []
    crew = _Crew()

    def drain(begin: Callable[[], None] = lambda: None) -> None:
        try:
            while waiting:
                try:
                    piece = waiting.popleft()
                except IndexError:  # another thread was faster
                    break
                begin()
                work(piece)
        except BaseException:
            waiting.clear()
            raise
        finally:
            crew.leave()
        if sharing:
            crew.sit()

    def help_out() -> None:
        try:
            drain()
        finally:
            idle.release()

    pool: ThreadPoolExecutor | None = None

    def start_helpers() -> None:
        nonlocal pool
        while (waiting or (sharing and crew.size <= SEATS)) and idle.acquire(blocking=False):
            pool = pool or ThreadPoolExecutor(SEATS)
            crew.join()
            helpers.append(pool.submit(help_out))

    try:
        drain(start_helpers)
    finally:
        if pool is not None:
            pool.shutdown()
    for helper in helpers:
        helper.result()


class _Crew:
    """The threads that do pieces: once all have left, nobody waits at a seat for their work."""

    def __init__(self) -> None:
        self.size = 1
        self._lock = threading.Lock()
        self._over = np.zeros(1, np.int64)

    def join(self) -> None:
        """Count one more thread."""
        with self._lock:
            self.size += 1

    def leave(self) -> None:
        """Count one thread less."""
        with self._lock:
            self.size -= 1
            self._over[0] = self.size == 0

    def sit(self) -> None:
        """Take a share of what others do until all have left."""
        if not self._over[0]:
            with flushed():
                sitter()(self._over.ctypes.data)
