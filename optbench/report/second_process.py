"""Frames of a large run that a second process makes, while this one makes all others and the page.

Python computes on one processor at a time. The second process loads the run by itself, and sends
each frame when it is made; what both have loaded is compared first, since a run may go on.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from optbench.errors import ResultsError
from optbench.study.results import FILE, Results

if TYPE_CHECKING:
    import pandas as pd

    from optbench.report.statistics.load import RunFrames

LARGE = 8_000_000
"""Bytes of a run's file from which a second process pays: it takes half a second to start."""
FRAMES = (
    "runtimes", "regret", "tuning_curves", "labels", "kinds", "comparisons", "control",
    "containment", "merit", "running_times", "profiles", "left_out", "narrowing", "rulesets",
    "good_settings",
)  # fmt: skip
"""What it makes, in the order in which it is needed."""
WRITTEN = ("lanes",)
"""Frames that nothing but their table needs: the second process makes what the file holds."""
CODE = "import sys; from optbench.report import second_process; second_process.serve(sys.argv[1])"
LENGTH = struct.Struct("<Q")
"""Bytes of a message, before it."""


def stamp(results: Results) -> str:
    """Return a hash of what is read of a run: its pairs, their states and their cells."""
    states = [(own["optimizer"], own["label"], own["state"]) for own in results.pairs()]
    return hashlib.sha256(repr((states, results.names())).encode()).hexdigest()


class SecondProcess:
    """A process that makes `FRAMES` of a run, and the files of `WRITTEN`.

    Parameters
    ----------
    folder : path
        Of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(folder)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        self._messages: dict[str, bytes] = {}
        self._changed = threading.Condition()
        self._ended = ""
        weakref.finalize(self, self.process.kill)
        reader = threading.Thread(target=_read, args=(weakref.ref(self), self.process))
        reader.daemon = True
        reader.start()

    def receive(self, name: str, message: bytes) -> None:
        """Take a message; the reader calls this."""
        with self._changed:
            self._messages[name] = message
            self._changed.notify_all()

    def end(self, words: str) -> None:
        """Take note that no message follows, and why."""
        with self._changed:
            self._ended = words
            self._changed.notify_all()

    def stamp(self) -> str:
        """Return what the process has loaded; see `stamp`."""
        return str(self._result("stamp"))

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of `FRAMES`, when it is made."""
        frame: pd.DataFrame = self._result(name)
        return frame

    def content(self, name: str) -> bytes:
        """Return what the file of one of `WRITTEN` holds, when it is made."""
        content: bytes = self._result(name)
        return content

    def _result(self, name: str) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: name in self._messages or self._ended)
            if name not in self._messages:
                raise ResultsError(
                    f"{self.folder}: the second process, which makes {name}, ended early "
                    f"({self._ended}); try again, with more memory free if it was killed"
                )
            return pickle.loads(self._messages[name])


def _read(owner: weakref.ref[SecondProcess], process: subprocess.Popen[bytes]) -> None:
    """Hand the messages of a process on to who is still waiting for them."""
    assert process.stdout is not None and process.stderr is not None
    with process:
        while (message := _message(process.stdout)) is not None:
            name, content = message
            if (own := owner()) is not None:
                own.receive(name, content)
            del own
        errors = process.stderr.read().decode(errors="replace").strip()
        process.wait()
    if (own := owner()) is not None:
        own.end(errors.rpartition("\n")[2] or f"exit code {process.returncode}")


def _message(stream: IO[bytes]) -> tuple[str, bytes] | None:
    """Return the next name and its bytes; None if there is none, or not all of it."""
    parts = []
    for _ in range(2):
        head = stream.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        parts.append(stream.read(length))
        if len(parts[-1]) < length:
            return None
    return parts[0].decode(), parts[1]


def load(folder: Path) -> tuple[RunFrames, dict[str, Any]]:
    """Return frames and manifest of a run; a second process makes some frames of a large one.

    Raises
    ------
    ResultsError
        As `load.load_with_manifest` does, and when a frame is asked for that the second process
        ended without.
    """
    second = _started(folder)  # before the imports: it imports the same
    from optbench.report.statistics.load import load_with_manifest

    with Results(folder) as results:
        own = stamp(results)
    frames, manifest = load_with_manifest(folder)
    if second is None or second.stamp() != own:
        return frames, manifest
    makers = {name: functools.partial(second.frame, name) for name in FRAMES}
    contents = {name: functools.partial(second.content, name) for name in WRITTEN}
    return frames.made_elsewhere(makers, contents), manifest


def _started(folder: Path) -> SecondProcess | None:
    """Start a second process for a large run, where there is a processor for it."""
    try:
        size = (folder / FILE).stat().st_size
    except OSError:  # whoever reads the run says so
        return None
    return SecondProcess(folder) if size >= LARGE and (os.cpu_count() or 1) > 1 else None


def serve(folder: str) -> None:
    """Send all that a second process makes to standard output."""
    from optbench.report import tables
    from optbench.report.statistics.load import load_with_manifest

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    with Results(folder) as results:
        own = stamp(results)
    frames, _ = load_with_manifest(folder)
    with Results(folder) as results:
        _send(out, "stamp", own if own == stamp(results) else "")
    with contextlib.suppress(BrokenPipeError):
        for name in (*FRAMES, *WRITTEN):
            frame = frames[name]
            file = tables.file_name(name, frame)
            _send(out, name, tables.content(file, frame) if name in WRITTEN else frame)


def _send(out: IO[bytes], name: str, result: object) -> None:
    for part in (name.encode(), pickle.dumps(result, pickle.HIGHEST_PROTOCOL)):
        out.write(LENGTH.pack(len(part)))
        out.write(part)
    out.flush()
