"""What the measurement of whole studies stands on: stopwatches, sizes, the studies."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

from optbench.rules import compose
from optbench.rules.registry import optimizers
from optbench.study.pairs import expand
from optbench.study.schema import read_study
from tests.benchmarks import pipeline, whole_study
from tests.benchmarks.stopwatch import Stopwatch


def seconds():
    """Return a clock that advances by one second each time it is read."""
    return itertools.count().__next__


def test_a_call_within_a_call_counts_once():
    watch, owner = Stopwatch(seconds()), SimpleNamespace()
    owner.inner = lambda: "value"
    owner.outer = lambda: owner.inner()
    watch.watch(owner, "inner", "outer")
    assert owner.outer() == "value" and watch.seconds == 1.0
    assert owner.inner() == "value" and watch.seconds == 2.0


def test_what_raises_is_timed():
    watch = Stopwatch(seconds())
    for _ in range(2):
        try:
            watch.wrap(int)("no number")
        except ValueError:
            continue
    assert watch.seconds == 2.0


def test_threads_add_up():
    watch, both = Stopwatch(seconds()), Barrier(2, timeout=20)
    function = watch.wrap(both.wait)
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: function(), range(2))) == [0, 1]
    assert watch.seconds == 4  # the clock was read twice before either ended: 2 + 3 - 0 - 1


def test_sizes_leave_the_page_out(tmp_path):
    for name, size in (("run.sqlite", 1000), ("tables/lanes.csv", 500), ("report/index.html", 9)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert whole_study.megabytes(tmp_path) == 1500 / 1e6


def test_memory_is_of_this_process():
    before = whole_study.peak_megabytes()
    block = b"x" * 300_000_000
    assert 0 < before and whole_study.peak_megabytes() >= 300 and len(block)


def test_rows_of_a_study_have_limits_that_are_judged(monkeypatch):
    figures = dict.fromkeys(pipeline.UNITS, 1.0) | {"lanes": 12, "outside lanes": 4.5}
    calls = []
    monkeypatch.setattr(pipeline, "run", lambda *study: calls.append(study) or figures)
    only = {"default: outside lanes", "default: run"}
    rows = {row.name: row for row in pipeline.rows(only)}
    assert calls == [("default", pipeline.FEW), ("default",)]
    assert set(rows) == only and rows["default: outside lanes"].missed
    assert rows["default: run"].required is None and rows["default: run"].note == "12 lanes"


def test_the_wide_study_has_every_optimizer_on_every_surface():
    pairs, skipped = expand(read_study(pipeline.STUDIES["wide"]))
    labels, rules = ({pair.key[i] for pair in pairs} for i in (1, 0))
    assert len({pair.problem.definition.name for pair in pairs}) == 20 and len(labels) == 29
    assert len(pairs) == len(labels) * len(rules)
    left_out = {pair.optimizer for pair in skipped}
    expected = {name for name in optimizers() if not compose.optimizer(name).rule.matrix}
    assert expected - left_out == rules - left_out
