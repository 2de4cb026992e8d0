"""The progress of a running study: a bar on a terminal, else a line at each milestone."""

import contextlib
import re
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from optbench.cli.milestones import Milestones, fate
from optbench.report.escaping import terminal
from optbench.study import progress
from optbench.study.pairs import Pair
from optbench.waiting import redirect_to

NARROW, ROOMY, WIDE = 60, 80, 110
"""Columns of a terminal from which there is a bar, a word on what becomes of what is compiled, and
the speed."""
COUNTED = re.compile(r"(.*) \((\d+) of (\d+)\)")
"""What is done, and how far it is: see `waiting.tell`."""
PREPARING = "preparing"


class Bar(progress.Progress):
    """Shows progress on the last line of a terminal while it is open, by the cost of the work."""

    def __init__(self) -> None:
        super().__init__()
        console = Console(stderr=True)
        doing = Column(ratio=1, no_wrap=True, overflow="ellipsis")
        columns = [
            TextColumn("{task.description}", markup=False, table_column=doing),
            *([BarColumn(bar_width=16)] if console.width >= NARROW else []),
            TextColumn("{task.fields[facts]}", markup=False),
        ]
        self.bar = Progress(*columns, console=console, expand=True, transient=True)
        self.task = self.bar.add_task(PREPARING, total=None, facts="")

    def __enter__(self) -> "Bar":
        with contextlib.ExitStack() as opened:
            opened.enter_context(self.bar)
            opened.enter_context(redirect_to(self.describe))
            self.opened = opened.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self.opened.close()

    def describe(self, text: str) -> None:
        """Show what is done before the lanes run: what compiles now."""
        if self.lanes_run:
            return
        facts = [fate(text)] if self.bar.console.width >= ROOMY and fate(text) else []
        if counted := COUNTED.fullmatch(text):
            text, number, total = counted.groups()
            facts = [f"{number} of {total}", *facts]
            self.bar.update(self.task, total=int(total), completed=int(number) - 1)
        self.bar.update(self.task, description=terminal(text), facts="; ".join(facts))

    def advance(self, pair: Pair) -> None:
        """Show what runs, the cells so far, and the time that the rest takes."""
        facts = [f"{self.share:.0%}", f"{self.cells}/{self.cells_in_all} cells"]
        if self.seconds_left is not None:
            facts.append(f"{progress.clock(self.seconds_left)} left")
        if self.bar.console.width >= WIDE:
            facts.append(f"{self.speed / 1e6:.1f} M lane-steps/s")
        if self.bar.console.width < NARROW:
            facts = facts[:1] + facts[2:]
        self.bar.update(
            self.task, description=terminal(self.now()), total=1.0, completed=self.share,
            facts=", ".join(facts),
        )  # fmt: skip


@contextlib.contextmanager
def progress_shown(quiet: bool = False) -> Iterator[progress.Progress]:
    """Yield the progress of a run that shows itself on standard error, unless it is to be quiet."""
    if quiet:
        with redirect_to(lambda text: None):
            yield progress.Progress()
    elif sys.stderr is not None and sys.stderr.isatty():
        with Bar() as bar:
            yield bar
    else:
        lines = Milestones()
        with redirect_to(lines.describe):
            yield lines
        lines.end()
