"""What the tests of runs share: a small study, a plugin's bowl, interrupts, bytes of files."""

import itertools

from optbench.study import tuning
from optbench.study.progress import Progress
from optbench.study.schema import Study

SMALL = {
    "name": "small", "optimizers": ["gd[lr=0.1]"], "problems": [{"name": "sphere", "dims": [2]}],
    "steps": 20, "seeds": 2, "tuning_instances": [1], "scoring_instances": [2, 3],
}  # fmt: skip
LANES = 1 + 2 * 2
"""Of the small study, which tunes nothing: the canonical lane, and two seeds on two instances."""
BOWL = """
from optbench.define import problem

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def {name}(x, g):
    g[0] = {slope} * x[0]
    g[1] = {slope} * x[1]
    return 0.5 * {slope} * (x[0] * x[0] + x[1] * x[1])
"""


def study(**changes):
    return Study(**{**SMALL, **changes})


def interrupt_at(monkeypatch, cell):
    """Let Ctrl-C come while the cell of this number, counted from 1, is computed."""
    compute, begun = tuning.compute, itertools.count(1)

    def interrupted(*arguments):
        if next(begun) == cell:
            raise KeyboardInterrupt
        return compute(*arguments)

    monkeypatch.setattr(tuning, "compute", interrupted)


def contents(folder):
    """Return {name: (bytes, time of the last change)} of the files in a folder."""
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}


class Interrupting(Progress):
    """Lets Ctrl-C come when a run begins."""

    def begin(self, work):
        raise KeyboardInterrupt
