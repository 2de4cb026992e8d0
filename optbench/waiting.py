"""Nothing waits in silence: on a terminal, work that takes longer than two seconds says what it is.

Code names its work by `working` and `tell`, from whatever depth; the first line is written when the
work has lasted `PATIENCE`, to standard error, and only if that is a terminal. It is overwritten as
the work goes on, and wiped out at its end. What shows the progress in a way of its own, such as the
bar of a run, gets the texts instead, by `redirect_to`. And nothing waits for Python to look for
garbage where there is little, see `without_collections`.
"""

import contextlib
import gc
import sys
import threading
from collections.abc import Callable, Iterator

PATIENCE = 2.0
"""Seconds of silence."""
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

    def begin(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth == 1 and self.listener is None and _on_terminal():
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
                _write("\r\x1b[K")
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
                _write(f"\r\x1b[Koptbench: {self.text} ...")


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
