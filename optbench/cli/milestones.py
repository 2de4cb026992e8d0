"""The progress of a running study as plain lines, for logs, pipes and notebooks."""

import time
from collections.abc import Sequence

from optbench.cli.documents import say
from optbench.errors import counted
from optbench.study import progress
from optbench.study.pairs import Pair
from optbench.waiting import COMPILING

PACE = 10.0
"""Seconds after which there is a line, whatever has happened."""
MOMENT = 1.0
"""Seconds between two milestones at least: a run of a second needs no quarters."""
QUARTERS = (0.25, 0.5, 0.75)


def fate(text: str) -> str:
    """Return what becomes of what is compiled now; nothing where something else is done."""
    from optbench.kernels.compiling import entries

    if not text.startswith(COMPILING):
        return ""
    try:
        entries.usable()
    except entries.CacheOffError:
        return "not kept: see `optbench env`"
    return "kept for later runs"


class Milestones(progress.Progress):
    """Prints a line at the beginning, at each quarter of the cost, and every `PACE` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.began = self.last = time.monotonic()
        self.quarters = [*QUARTERS]
        self.compiles = False

    def begin(self, work: Sequence[progress.Work]) -> None:
        """Say how much there is to do."""
        super().begin(work)
        cells = sum(own.cells for own in work)
        self._say(f"{counted(len(work), 'pair')}, {counted(cells, 'cell')}")

    def describe(self, text: str) -> None:
        """Say what is done before the lanes run: that something compiles at once, else in time."""
        first = text.startswith(COMPILING) and not self.compiles
        self.compiles |= first
        if not self.lanes_run and (first or self._is_time(PACE)):
            self._say("; ".join(filter(None, (text, fate(text)))))

    def lanes_begin(self) -> None:
        """Say how long it took to compile, if anything was."""
        if self.compiles:
            self._say(f"compiled after {self._so_far()}, now running")

    def advance(self, pair: Pair) -> None:
        """Say how far it is where a quarter is passed, or it is time."""
        passed = [quarter for quarter in self.quarters if self.share >= quarter]
        self.quarters = self.quarters[len(passed) :]
        if self.running and (self._is_time(PACE) or passed and self._is_time(MOMENT)):
            left = self.seconds_left
            time_left = "" if left is None else f", {progress.clock(left)} left"
            self._say(f"{self.share:.0%}, {self._cells_so_far()}{time_left}; now {self.now()}")

    def end(self) -> None:
        """Say that all has run, and what comes then."""
        report = "; now writing the report" if self.cells else ""
        self._say(f"{self._cells_so_far()} after {self._so_far()}{report}")

    def _so_far(self) -> str:
        return progress.clock(time.monotonic() - self.began)

    def _cells_so_far(self) -> str:
        return f"{self.cells} of {counted(self.cells_in_all, 'cell')}"

    def _is_time(self, seconds: float) -> bool:
        return time.monotonic() - self.last >= seconds

    def _say(self, text: str) -> None:
        self.last = time.monotonic()
        say(f"optbench: {text}", err=True)
