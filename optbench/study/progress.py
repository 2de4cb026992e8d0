"""What a running study tells of itself."""

import threading

from optbench.waiting import tell


class Progress:
    """What a running study tells: cells, lane-steps, seconds; override `advance` to show it."""

    def __init__(self):
        self.cells = 0
        self.lane_steps = 0
        self.compile_seconds = 0.0
        self.failures = []
        self.lock = threading.Lock()

    def begin(self, work):
        """Take note of the work ahead: (pair, relative cost) of each pair."""

    def add(self, cell, lane_steps):
        """Count a finished cell."""
        with self.lock:
            self.cells += 1
            self.lane_steps += lane_steps
            self.advance(cell)

    def keep(self, pair, cells):
        """Count the cells of a pair that an earlier invocation has finished."""
        with self.lock:
            self.cells += cells

    def advance(self, cell):
        """Show the progress; called under the lock after each cell."""
        tell(f"running: {self.cells} cells done, now {cell.pair.label}")

    def fail(self, pair, reason):
        """Take note of a pair that failed."""
        with self.lock:
            self.failures.append((pair.label, reason))

    def pair_done(self, pair):
        """Take note of a finished pair."""
