"""Nothing waits in silence: work that takes longer than two seconds says what it is.

Code names its work by `working` and `tell`, from whatever depth; the first line is written when the
work has lasted `PATIENCE`, to standard error if that is a terminal, in a notebook below the cell.
It is overwritten as the work goes on, and wiped out at its end. What shows the progress in a way
of its own, such as the bar of a run, gets the texts instead, by `redirect_to`. And nothing waits
for Python to look for garbage where there is little, see `without_collections`.
"""

import contextlib
import gc
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

PATIENCE = 2.0
"""Seconds of silence."""
PACE = 0.2
"""Seconds between two lines of a notebook: each is a message to the browser."""
COMPILING = "compiling"


class _Line:
    """One line on a terminal, written after `PATIENCE`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.depth = 0
        self.text = ""
        self.visible = False
        self.timer: threading.Timer | None = None
        self.listener: Callable[[str], object] | None = None
        self.cell: _Cell | None = None

    def begin(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth > 1 or self.listener is not None:
                return
            self.cell = _Cell() if _in_notebook() else None
            if self.cell is not None or _on_terminal():
                self.timer = threading.Timer(PATIENCE, self.show)
                self.timer.daemon = True
                self.timer.start()

    def end(self) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth:
                return
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None
            if self.visible:
                self.put("")
            self.visible, self.text = False, ""

    def tell(self, text: str) -> None:
        with self.lock:
            # Names may hold what moves a terminal's cursor.
            self.text = "".join(letter if letter.isprintable() else "?" for letter in text)
            if self.listener is not None:
                self.listener(text)
            elif self.visible:
                self.show()

    def show(self) -> None:
        with self.lock:
            if self.depth and self.text and self.listener is None:
                self.visible = True
                self.put(f"optbench: {self.text} ...")

    def put(self, line: str) -> None:
        """Write a line in place of the one before."""
        if self.cell is not None:
            self.cell.put(line)
        else:
            _write(f"\r\x1b[K{line}")


class _Cell:
    """A line below the cell of a notebook that runs, which browsers replace by the next one."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.last = -PACE

    def put(self, line: str) -> None:
        """Show a line, unless the one before has just come; the empty one in any case."""
        now = time.monotonic()
        if line and now - self.last < PACE:
            return
        self.last, content = now, {"text/plain": line}
        if self.handle is None:
            display: Any = importlib.import_module("IPython.display").display
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)


def _in_notebook() -> bool:
    """Say whether Python runs as the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


_LINE = _Line()


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Say what a block does, if it takes long.

    Parameters
    ----------
    what : str
        A participle and its object: "compiling adam". Parts of what compiles are not named.
    """
    outer = _LINE.text
    _LINE.begin()
    if not (what.startswith(COMPILING) and outer.startswith(COMPILING)):
        _LINE.tell(what)
    try:
        yield
    finally:
        if outer:
            _LINE.tell(outer)
        _LINE.end()


def silence() -> None:
    """Say nothing more: for a forked process, where a thread that is gone may hold the lock."""
    global _LINE
    _LINE = _Line()
    _LINE.listener = lambda text: None


def tell(what: str, number: int | None = None, total: int | None = None) -> None:
    """Change what the innermost `working` says: "figures (12 of 48)"."""
    _LINE.tell(what if total is None else f"{what} ({number} of {total})")


@contextlib.contextmanager
def redirect_to(listener: Callable[[str], object]) -> Iterator[None]:
    """Hand the texts of a block to `listener(text)`, which shows them in a way of its own."""
    outer, _LINE.listener = _LINE.listener, listener
    try:
        yield
    finally:
        _LINE.listener = outer


@contextlib.contextmanager
def without_collections() -> Iterator[None]:
    """Have Python look for no garbage for a while: a tenth of imports and of compiling."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
