"""The progress bar of a running study: cells, lane-steps per second, time left."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from optbench.study import progress
from optbench.waiting import redirect_to


class Bar(progress.Progress):
    """Shows progress on standard error while it is open; work is weighted by its cost."""

    def __init__(self):
        super().__init__()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )

    def __enter__(self):
        self.bar.start()
        self.task = self.bar.add_task("preparing", total=None, told="")
        self.listening = redirect_to(self.tell)
        self.listening.__enter__()
        return self

    def __exit__(self, *exception):
        self.listening.__exit__(*exception)
        self.bar.stop()

    def tell(self, text):
        """Show what is done before the lanes run: what compiles now."""
        if not self.cells:
            self.bar.update(self.task, description=text)

    def keep(self, pair, cells):
        """Move the bar on over a pair that an earlier invocation has finished."""
        super().keep(pair, cells)
        self.pair_done(pair)

    def begin(self, work):
        """Take note of the pairs and their costs."""
        self.costs = {pair.key: cost for pair, cost in work}
        self.bar.update(self.task, total=sum(self.costs.values()))

    def advance(self, cell):
        """Show the cells and the speed so far."""
        elapsed = max(self.bar.tasks[0].elapsed - self.compile_seconds, 1e-9)
        speed = self.lane_steps / elapsed / 1e6
        self.bar.update(
            self.task, description="running", told=f"{self.cells} cells, {speed:.1f} M lane-steps/s"
        )

    def pair_done(self, pair):
        """Move the bar on by the pair's cost."""
        with self.lock:
            self.bar.advance(self.task, self.costs[pair.key])
