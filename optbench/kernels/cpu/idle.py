"""Work in pieces that idle threads take a share of.

Launches run in the threads of their callers. A launch of several chunks starts a thread for every
one that stands idle at the time, before each chunk, so that the last large one of many does not run
alone.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def run_pieces(
    pieces: Iterable[Piece], work: Callable[[Piece], None], idle: threading.Semaphore
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
    """
    waiting = deque(pieces)
    helpers: list[Future[None]] = []

    def drain() -> None:
        try:
            while waiting:
                try:
                    piece = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                work(piece)
        except BaseException:
            waiting.clear()
            raise

    def help_out() -> None:
        try:
            drain()
        finally:
            idle.release()

    pool: ThreadPoolExecutor | None = None
    try:
        while waiting:
            while len(waiting) > 1 and idle.acquire(blocking=False):
                pool = pool or ThreadPoolExecutor(len(waiting))
                helpers.append(pool.submit(help_out))
            try:
                piece = waiting.popleft()
            except IndexError:
                break
            work(piece)
    except BaseException:
        waiting.clear()
        raise
    finally:
        if pool is not None:
            pool.shutdown()
    for helper in helpers:
        helper.result()
