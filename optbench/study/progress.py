"""What a running study reports while it runs: what runs now, cells, time left, failures."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from optbench.waiting import tell

if TYPE_CHECKING:  # a report needs none of what computes
    from collections.abc import Sequence

    from optbench.study.pairs import Pair, PairKey

FORESEEING = 0.02
"""Share of the cost that must have been paid before the time left is said."""


def clock(seconds: float) -> str:
    """Return a time as 12 s, 3 min 5 s or 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Work(NamedTuple):
    """A pair of the work ahead."""

    pair: Pair
    cost: float
    """Of all its cells, in any unit that pairs share."""
    cells: int
    """That it has at least: a best rate at the edge of its grid adds some."""


class Progress:
    """Counts what a running study has done; override `advance` to show it.

    Attributes
    ----------
    cells, lane_steps : int
    compile_seconds : float
    failures : list of (str, str)
        Label of a pair that failed, and why.
    running : dict of PairKey to str
        What runs now: "tuning adam on rosenbrock (d=2)".
    """

    def __init__(self) -> None:
        self.cells = 0
        self.lane_steps = 0
        self.compile_seconds = 0.0
        self.failures: list[tuple[str, str]] = []
        self.running: dict[PairKey, str] = {}
        self.lock = threading.Lock()
        self._costs: dict[PairKey, float] = {}
        self._cells: dict[PairKey, int] = {}
        self._done: dict[PairKey, int] = {}
        self._paid: dict[PairKey, float] = {}
        self._total = self._spent = self._free = 0.0
        self._began: float | None = None

    def begin(self, work: Sequence[Work]) -> None:
        """Take note of the work ahead."""
        self._costs = {own.pair.key: own.cost for own in work}
        self._cells = {own.pair.key: own.cells for own in work}
        self._done = dict.fromkeys(self._costs, 0)
        self._paid = dict.fromkeys(self._costs, 0.0)
        self._total = sum(self._costs.values())

    def begin_cell(self, pair: Pair, phase: str) -> None:
        """Take note of what is done for a pair now: tuning, scoring, or running elsewhere."""
        with self.lock:
            if self._began is None:
                self._began, self._free = time.perf_counter(), self._spent
                self.lanes_begin()
            self.running[pair.key] = f"{phase} {pair.label}"
            self.advance(pair)

    def lanes_begin(self) -> None:
        """Take note that all is compiled and prepared; called under the lock, once."""

    def add(self, pair: Pair, lane_steps: int) -> None:
        """Count a finished cell of a pair."""
        with self.lock:
            self.cells += 1
            self.lane_steps += lane_steps
            self._count(pair, 1)
            self.advance(pair)

    def add_finished_pair(self, pair: Pair, cells: int) -> None:
        """Count the cells of a pair that an earlier invocation has finished."""
        with self.lock:
            self.cells += cells
            self._count(pair, cells)
            self._pay(pair, 1.0)

    def advance(self, pair: Pair) -> None:
        """Show the progress; called under the lock when a cell begins and after it."""
        left = self.seconds_left
        time_left = "" if left is None else f", {clock(left)} left"
        tell(f"{self.now()}: {self.cells} of {self.cells_in_all} cells{time_left}")

    def fail(self, pair: Pair, reason: str) -> None:
        """Take note of a pair that failed: cells that it lacks are not waited for."""
        with self.lock:
            self.failures.append((pair.label, reason))
            if pair.key in self._done:
                self._cells[pair.key] = self._done[pair.key]

    def pair_done(self, pair: Pair) -> None:
        """Take note of a finished pair."""
        with self.lock:
            self.running.pop(pair.key, None)
            self._pay(pair, 1.0)
            self.advance(pair)

    def _count(self, pair: Pair, cells: int) -> None:
        """Count cells of a pair, and the part of its cost that they are."""
        if pair.key in self._done:
            done = self._done[pair.key] = self._done[pair.key] + cells
            self._cells[pair.key] = max(done, self._cells[pair.key])
            self._pay(pair, done / self._cells[pair.key])

    def _pay(self, pair: Pair, share: float) -> None:
        """Take note of which share of a pair's cost is paid; it never shrinks."""
        paid = share * self._costs.get(pair.key, 0.0)
        more = max(0.0, paid - self._paid.get(pair.key, 0.0))
        self._paid[pair.key] = self._paid.get(pair.key, 0.0) + more
        self._spent += more

    @property
    def cells_in_all(self) -> int:
        """Cells of all pairs, as far as they are known by now."""
        return max(self.cells, sum(self._cells.values()))

    @property
    def share(self) -> float:
        """Which part of the whole cost is paid, 0 to 1."""
        return min(1.0, self._spent / self._total) if self._total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes at the speed so far; None while nobody can say."""
        if self._began is None or not self._total:
            return None
        paid_here = (self._spent - self._free) / self._total
        if paid_here < FORESEEING:
            return None
        return (time.perf_counter() - self._began) * (1.0 - self.share) / paid_here

    @property
    def lanes_run(self) -> bool:
        """Whether a cell has begun: till then things are compiled and prepared."""
        return self._began is not None

    @property
    def speed(self) -> float:
        """Steps of all lanes in a second since the first cell began."""
        began = time.perf_counter() if self._began is None else self._began
        return self.lane_steps / max(time.perf_counter() - began, 1e-9)

    def now(self) -> str:
        """Return what runs now, the pair that has been running for longest by name."""
        if not self.running:
            return "storing"
        more = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
        return f"{next(iter(self.running.values()))}{more}"
