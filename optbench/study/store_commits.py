"""Group commits: what is written becomes durable in groups, a moment after it was handed over.

To make a transaction durable takes milliseconds, to compute a cell often less than one. So writes
wait in a queue; a thread executes them in the order in which they came, and commits what it has
executed every quarter of a second. A process that is killed loses the writes of that moment, never
an earlier one without a later one, and none whose `on_commit` was called.
"""

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, NoReturn

from optbench.errors import ResultsError

Write = Callable[[sqlite3.Connection], Any]
"""Executes statements. Done twice it has the effect of once: Ctrl-C may cut it short."""
Call = Callable[[], object]
COMMIT_AFTER = 0.25
"""Seconds for which what was executed waits for its commit."""
GATHER = 0.02
"""Seconds for which writes gather before they are executed."""
MOST_BYTES = 32 * 2**20
"""What may wait in the queue: about as much as is written in a quarter of a second. Beyond it
whoever writes helps to execute."""


class _Queued(NamedTuple):
    """A write, what is to be called when it is durable, and the bytes that it keeps in memory."""

    write: Write
    on_commit: Call | None
    size: int


class GroupCommits:
    """The writes to one connection, by all threads of this process.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode (``isolation_level=None``).
    lock : threading.RLock
        Held by whoever uses the connection.
    errors : callable
        Returns a context that turns errors of SQLite into `ResultsError`.
    on_failure : callable
        Called when writes are lost to an error.

    Notes
    -----
    The error of a write is raised by the next call that writes and by all later ones: what was not
    durable by then is lost. An error of an `on_commit` is raised by the next call, once.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.RLock,  # type: ignore[valid-type,unused-ignore]
        errors: Callable[[], AbstractContextManager[None]],
        on_failure: Call,
    ) -> None:
        self.connection, self.lock = connection, lock
        self.errors, self.on_failure = errors, on_failure
        self.queue: deque[_Queued] = deque()
        self.queued_bytes = 0
        self.counting, self.calling = threading.Lock(), threading.RLock()
        self.began: float | None = None
        self.executed: list[Call] = []
        self.durable: deque[Call] = deque()
        self.failure: Exception | None = None
        self.raised_by_call: BaseException | None = None
        self.wake, self.closing = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name="results writer", daemon=True)
        self.thread.start()

    def later(self, write: Write, on_commit: Call | None = None, size: int = 0) -> None:
        """Queue a write that keeps `size` bytes in memory.

        ``on_commit()`` is called when it is durable, by the thread that commits, one at a time. It
        holds no lock of the store.
        """
        self._raise_errors()
        with self.counting:
            self.queue.append(_Queued(write, on_commit, size))
            self.queued_bytes += size
        if not self.wake.is_set():  # to set it takes longer
            self.wake.set()
        while self.queued_bytes > MOST_BYTES and self._execute_next():
            pass

    def now(self, write: Write) -> Any:
        """Execute and commit all that is queued, then a write of its own; return its value."""
        self._raise_errors()
        with self.lock:
            self.execute()
            self._commit()
            with self.errors():
                self.connection.execute("BEGIN IMMEDIATE")
                try:
                    value = write(self.connection)
                    self.connection.execute("COMMIT")
                except BaseException:
                    self._roll_back()
                    raise
        self._call()
        return value

    def execute(self) -> None:
        """Execute all that is queued, so that it can be read."""
        while self._execute_next():
            pass

    def flush(self) -> None:
        """Execute and commit all that is queued: it is durable, and its calls were made."""
        self._raise_errors()
        self.execute()
        self._commit()
        self._call()

    def close(self) -> None:
        """Flush, and end the thread; raise what was not raised yet, and a write's error again."""
        self.closing.set()
        self.wake.set()
        self.thread.join()
        self.execute()
        self._commit()
        self._call()
        self._raise_errors()

    def _run(self) -> None:
        """Execute and commit what comes, until all is closed."""
        while not self.closing.is_set():
            self.wake.wait()
            self.wake.clear()
            while (self.queue or self.began is not None) and not self.closing.wait(GATHER):
                try:
                    while not self._is_due() and self._execute_next():
                        pass
                    if self._is_due():
                        self._commit()
                        self._call()
                except BaseException as error:
                    if error is not self.failure:
                        self.raised_by_call = error

    def _is_due(self) -> bool:
        began = self.began
        return began is not None and time.monotonic() - began >= COMMIT_AFTER

    def _execute_next(self) -> bool:
        """Execute the write that waits longest; say whether there was one."""
        with self.lock:
            if not self.queue:
                return False
            queued = self.queue[0]  # taken off when it is executed: Ctrl-C loses none
            try:
                if self.began is None:
                    if not self.connection.in_transaction:
                        self.connection.execute("BEGIN IMMEDIATE")
                    self.began = time.monotonic()
                queued.write(self.connection)
            except Exception as error:
                self._lose(error)
            if queued.on_commit is not None:
                self.executed.append(queued.on_commit)
            with self.counting:
                self.queue.popleft()
                self.queued_bytes -= queued.size
        return True

    def _commit(self) -> None:
        with self.lock:
            try:
                if self.connection.in_transaction:
                    self.connection.execute("COMMIT")
            except Exception as error:
                self._lose(error)
            self.began = None
            self.durable.extend(self.executed)
            self.executed.clear()

    def _call(self) -> None:
        with self.calling:
            while self.durable:
                self.durable.popleft()()

    def _lose(self, error: Exception) -> NoReturn:
        """Undo and forget all that is not durable, since a write or commit failed; say so."""
        self._roll_back()
        with self.counting:
            self.queue.clear()
            self.queued_bytes = 0
        self.executed.clear()
        self.began = None
        try:
            with self.errors():
                raise error
        except Exception as reported:
            self.failure = reported
            self.on_failure()
            raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self.connection.in_transaction:  # some errors have SQLite roll back itself
                self.connection.execute("ROLLBACK")

    def _raise_errors(self) -> None:
        if isinstance(self.failure, ResultsError):
            raise ResultsError(str(self.failure)) from self.failure
        if self.failure is not None:
            raise self.failure
        if self.raised_by_call is not None:
            error, self.raised_by_call = self.raised_by_call, None
            raise error
