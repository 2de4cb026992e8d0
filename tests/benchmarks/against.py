"""The same lanes at this commit and at another one, in turns: how many times as fast they are now.

    python tests/benchmarks/against.py                     against the commit 8716a51
    python tests/benchmarks/against.py main softmax adam   against main: cases with one of the words

Two processes hold the two versions of the package, both on one core, with warm compile caches.
A ratio is the median over repeats of the other commit's time divided by ours, each of one turn;
the quartiles are beside it. Times are processor time. Only the first and the last step are
recorded, and no metrics are asked for, which the older one takes all the same where there are data.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.cell_lanes import Lanes

ROOT = Path(__file__).resolve().parents[2]
PROCESS = Path(__file__).with_name("cell_lanes.py")
OTHER = "8716a51"
TRIALS = tuple(10.0 ** (-5 + i / 6) for i in range(25))
"""Rates from 1e-5 to 0.1."""
SEEDS = 5
DATA = {
    "logistic_breast_cancer": 200, "softmax_iris": 300, "softmax_wine": 200,
    "ridge_diabetes": 300, "softmax_digits": 100,
}  # fmt: skip
"""Steps of Adam."""
FULL_STEPS = 40
"""Steps of gd, which takes all examples at each."""
NOISE = {"noisy_quadratic": 10, "student_noise": 20, "noisy_beale": 2}
SURFACES = {"sphere": {"gd": 1e-2, "adam": 1e-3}, "rosenbrock": {"gd": 1e-4, "adam": 1e-3}}
"""Rates at which no lane diverges."""
LANES = (8, 32, 256, 2048)
COORDINATES = 4_000_000
"""Coordinate-steps of a case on a surface, about."""


def cases():
    """Yield all lanes that are compared."""
    for dtype in ("float64", "float32"):
        for problem, steps in DATA.items():
            for rule, count in (("adam", steps), ("gd", FULL_STEPS)):
                yield Lanes(rule, problem, None, dtype, SEEDS, TRIALS, count)
        for problem, dim in NOISE.items():
            yield Lanes("adam", problem, dim, dtype, SEEDS, TRIALS, 1000)
        for problem, rates in SURFACES.items():
            for rule, rate in rates.items():
                for dim in (2, 10, 100):
                    for count in LANES:
                        steps = min(10_000, max(100, COORDINATES // (count * dim)))
                        yield Lanes(rule, problem, dim, dtype, count, (rate,), steps, spread=True)


class Version:
    """A process that runs lanes on the package that lies in a folder."""

    def __init__(self, folder):
        environment = {
            **os.environ, "PYTHONPATH": str(folder), "OPTBENCH_CACHE": "on",
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, PROCESS], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._answer()

    def seconds(self, lanes):
        """Run lanes once; return (seconds, number of finite lanes)."""
        self.process.stdin.write(lanes.text + "\n")
        self.process.stdin.flush()
        return json.loads(self._answer())

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(map(str, self.process.args))} ended: see its message")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def checked_out(commit):
    """Check a commit out into a folder that is removed at the end."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*git, "add", "--detach", str(tree), commit], **quiet)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], **quiet)


@dataclass(frozen=True)
class Comparison:
    """What a case gave.

    Attributes
    ----------
    then, now : float
        Medians in milliseconds.
    ratios : list of float
        Then over now, for each repeat.
    finite : tuple of int
        How many lanes stayed finite then and now: where these differ, so does the work.
    """

    then: float
    now: float
    ratios: list[float]
    finite: tuple[int, int]

    def __str__(self):
        low, middle, high = statistics.quantiles(self.ratios, n=4)
        text = f"{self.then:10.2f}{self.now:10.2f}{middle:8.2f}  {low:.2f}-{high:.2f}"
        if self.finite[0] == self.finite[1]:
            return text
        return f"{text}  {self.finite[0]} lanes were finite then, {self.finite[1]} are now"


def compare(lanes, now, then, repeats):
    """Let two versions take turns."""
    pairs = [(then.seconds(lanes), now.seconds(lanes)) for _ in range(repeats)]
    return Comparison(
        then=statistics.median(before for (before, _), _ in pairs) * 1e3,
        now=statistics.median(after for _, (after, _) in pairs) * 1e3,
        ratios=[before / after for (before, _), (after, _) in pairs],
        finite=(pairs[0][0][1], pairs[0][1][1]),
    )


def main():
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", nargs="?", default=OTHER, help=f"the other one [{OTHER}]")
    parser.add_argument("words", nargs="*", help="only cases whose names have one of these")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    chosen = [
        lanes for lanes in cases()
        if not arguments.words or any(word in str(lanes) for word in arguments.words)
    ]  # fmt: skip
    print(f"{'':70}{'then, ms':>10}{'now, ms':>10}{'ratio':>8}  quartiles")
    with (
        checked_out(arguments.commit) as tree,
        Version(tree) as then,
        Version(ROOT) as now,
    ):
        for lanes in chosen:
            print(f"{lanes!s:70}{compare(lanes, now, then, arguments.repeats)}", flush=True)


if __name__ == "__main__":
    main()
