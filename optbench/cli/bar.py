"""The progress bar of a running study: cells, lane-steps per second, time left."""

import contextlib
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from optbench.report.escaping import terminal
from optbench.study import progress
from optbench.study.pairs import Pair, PairKey
from optbench.waiting import redirect_to


class Bar(progress.Progress):
    """Shows progress on standard error while it is open; work is weighted by its cost."""

    def __init__(self, quiet: bool = False) -> None:
        super().__init__()
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True, quiet=quiet),
        )
        self.costs: dict[PairKey, float] = {}

    def __enter__(self) -> Self:
        self.task = self.bar.add_task("preparing", total=None, speed="")
        with contextlib.ExitStack() as opened:
            opened.enter_context(self.bar)
            opened.enter_context(redirect_to(self.describe))
            self.opened = opened.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self.opened.close()

    def describe(self, text: str) -> None:
        """Show what is done before the lanes run: what compiles now."""
        if not self.cells:
            self.bar.update(self.task, description=terminal(text))

    def add_finished_pair(self, pair: Pair, cells: int) -> None:
        """Move the bar on over a pair that an earlier invocation has finished."""
        super().add_finished_pair(pair, cells)
        self.pair_done(pair)

    def begin(self, work: Sequence[tuple[Pair, float]]) -> None:
        """Take note of the pairs and their costs."""
        self.costs = {pair.key: cost for pair, cost in work}
        self.bar.update(self.task, total=sum(self.costs.values()))

    def advance(self, pair: Pair) -> None:
        """Show the cells and the speed so far."""
        elapsed = max((self.bar.tasks[0].elapsed or 0.0) - self.compile_seconds, 1e-9)
        speed = f"{self.cells} cells, {self.lane_steps / elapsed / 1e6:.1f} M lane-steps/s"
        self.bar.update(self.task, description="running", speed=speed)

    def pair_done(self, pair: Pair) -> None:
        """Move the bar on by the pair's cost."""
        with self.lock:
            self.bar.advance(self.task, self.costs[pair.key])
