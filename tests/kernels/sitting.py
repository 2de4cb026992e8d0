"""Threads that wait at seats, for tests of what compiled code shares with them."""

import contextlib
import threading

import numpy as np

from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.sharing import sitter


@contextlib.contextmanager
def sitting(count):
    """Let so many threads wait for work."""
    over, sit = np.zeros(1, np.int64), sitter()

    def wait():
        with flushed():
            sit(over.ctypes.data)

    threads = [threading.Thread(target=wait) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over[0] = 1
        for thread in threads:
            thread.join()
