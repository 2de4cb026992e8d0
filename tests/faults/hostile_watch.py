"""Meets a command line and tells how it ends badly, and what it does that it must not."""

import faulthandler
import os
import signal
import sys
import tempfile
import warnings

from click.testing import CliRunner

SECONDS = 10
"""What a command line may take; beyond it the process ends with the stack of what hangs."""


class Watch:
    """Hears, by Python's audit events, what is done while it is open."""

    WRITES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod")
    NEVER = ("pickle.find_class", "socket.connect", "socket.bind", "os.system")

    def __init__(self):
        self.open, self.heard, self.allowed = False, [], ()
        sys.addaudithook(self._hear)
        faulthandler.register(signal.SIGALRM, chain=True)  # shows what hangs, then ends it

    def _hear(self, event, arguments):
        if not self.open:
            return
        if event == "pickle.find_class" and arguments[0] == "optbench.errors":
            return  # what a process of our own, in which user code is met first, says of it
        if event in self.NEVER:
            self.heard.append(f"{event} {arguments!r}")
        elif event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) if flags else 0
            if writes and isinstance(path, str | bytes | os.PathLike):
                self._check(event, path)
        elif event in self.WRITES:
            self._check(event, arguments[0])

    def _check(self, event, path):
        path = os.path.realpath(os.fsdecode(path))
        if path != os.devnull and not f"{path}/".startswith(self.allowed):
            self.heard.append(f"{event} {path}")

    def __call__(self, folder, arguments):
        """Run a command line in a folder; return what is wrong with how it ends, or None."""
        from optbench.cli.main import main

        caches = os.environ.get("OPTBENCH_CACHE_DIR", "")
        self.allowed = tuple(f"{os.path.realpath(own)}/" for own in (folder, caches) if own)
        self.heard.clear()
        os.chdir(folder)
        tempfile.tempdir = folder  # what is unnamed and temporary counts as the folder's
        signal.setitimer(signal.ITIMER_REAL, SECONDS)  # forked processes have none of it
        self.open = True
        try:
            with warnings.catch_warnings():
                result = CliRunner().invoke(main, arguments)
        finally:
            self.open = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            tempfile.tempdir = None
            os.chdir("/")
        if not isinstance(result.exception, SystemExit | None):
            return f"{type(result.exception).__name__}: {result.exception}"
        of_a_plugin = arguments[:1] == ["list"]  # which shows where a file of the user's failed
        traced = "Traceback (most recent" in result.output and not of_a_plugin
        if traced or result.exit_code not in (0, 1, 2, 3):
            return f"exit {result.exit_code}: {result.output[-300:]}"
        return "; ".join(dict.fromkeys(self.heard)) or None
