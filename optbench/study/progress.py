"""What a running study reports while it runs: cells, lane-steps, failures."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from optbench.waiting import tell

if TYPE_CHECKING:  # a report needs none of what computes
    from collections.abc import Sequence

    from optbench.study.pairs import Pair


class Progress:
    """Counts what a running study has done; override `advance` to show it.

    Attributes
    ----------
    cells, lane_steps : int
    compile_seconds : float
    failures : list of (str, str)
        Label of a pair that failed, and why.
    """

    def __init__(self) -> None:
        self.cells = 0
        self.lane_steps = 0
        self.compile_seconds = 0.0
        self.failures: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def begin(self, work: Sequence[tuple[Pair, float]]) -> None:
        """Take note of the work ahead: (pair, relative cost) of each pair."""

    def add(self, pair: Pair, lane_steps: int) -> None:
        """Count a finished cell of a pair."""
        with self.lock:
            self.cells += 1
            self.lane_steps += lane_steps
            self.advance(pair)

    def add_finished_pair(self, pair: Pair, cells: int) -> None:
        """Count the cells of a pair that an earlier invocation has finished."""
        with self.lock:
            self.cells += cells

    def advance(self, pair: Pair) -> None:
        """Show the progress; called under the lock after each cell."""
        tell(f"running: {self.cells} cells done, now {pair.label}")

    def fail(self, pair: Pair, reason: str) -> None:
        """Take note of a pair that failed."""
        with self.lock:
            self.failures.append((pair.label, reason))

    def pair_done(self, pair: Pair) -> None:
        """Take note of a finished pair."""
