"""The progress of a run: what runs now, cells, time left by cost; a bar, or plain lines."""

import io
import re
import time

import pytest
from rich.console import Console

from optbench.cli import milestones
from optbench.cli.bar import Bar, progress_shown
from optbench.cli.milestones import Milestones
from optbench.study import invocation
from optbench.study.pairs import expand
from optbench.study.progress import Progress, Work, clock
from optbench.study.schema import Study

ENTRIES = {"optimizers": ["gd", "adam"], "problems": ["booth"], "steps": 5, "lr": {"count": 3}}
STUDY = Study(name="tiny", tuning_instances=[1, 2], scoring_instances=[3, 4], **ENTRIES)


@pytest.fixture
def now(monkeypatch):
    """A clock that tests set: ``now[0]`` seconds."""
    seconds = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: seconds[0])
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def pairs():
    return expand(STUDY)[0]


def begun(progress, pairs):
    """Begin a study whose first pair costs three times as much as the second."""
    progress.begin([Work(pairs[0], 3.0, 2), Work(pairs[1], 1.0, 2)])
    return progress


def test_the_time_left_follows_the_cost_that_is_paid(now, pairs):
    first, second = pairs
    progress = begun(Progress(), pairs)
    assert progress.seconds_left is None and progress.cells_in_all == 4
    progress.begin_cell(first, "tuning")
    now[0] += 6.0
    progress.add(first, 1000)
    # Half of three quarters of the cost in 6 s: the other five eighths take 10 s.
    assert progress.share == 3 / 8 and progress.seconds_left == pytest.approx(10.0)
    progress.begin_cell(second, "tuning")
    assert progress.now() == f"tuning {first.label} and 1 more"
    now[0] += 2.0
    progress.add(first, 1000)
    progress.pair_done(first)
    assert progress.share == 3 / 4 and progress.seconds_left == pytest.approx(8.0 / 3.0)
    assert progress.now() == f"tuning {second.label}" and progress.speed == 2000 / 8.0


def test_what_was_there_before_does_not_make_this_run_look_fast(now, pairs):
    progress = begun(Progress(), pairs)
    progress.add_finished_pair(pairs[0], 2)
    assert progress.share == 3 / 4
    progress.begin_cell(pairs[1], "tuning")
    now[0] += 5.0
    progress.add(pairs[1], 10)
    assert progress.cells == 3 and progress.seconds_left == pytest.approx(5.0)


def test_cells_that_a_grid_is_extended_by_and_those_of_a_failed_pair_are_counted(now, pairs):
    progress = begun(Progress(), pairs)
    for _ in range(3):
        progress.add(pairs[0], 1)
    assert progress.cells_in_all == 5 and progress.share == 3 / 4
    progress.fail(pairs[1], "why")
    progress.pair_done(pairs[1])
    assert progress.cells == progress.cells_in_all == 3 and progress.share == 1.0


def test_plain_lines_come_at_milestones_and_at_a_pace(now, pairs, capsys):
    shown = Milestones()
    begun(shown, pairs)
    now[0] += 2.0
    shown.describe("compiling adam (1 of 2)")
    now[0] += 3.0
    shown.describe("compiling gd (2 of 2)")  # too soon for another line
    now[0] += 8.0
    shown.describe("compiling gd (2 of 2)")
    shown.begin_cell(pairs[0], "tuning")
    now[0] += 6.0
    shown.add(pairs[0], 10)
    shown.begin_cell(pairs[0], "scoring")
    now[0] += milestones.PACE
    shown.begin_cell(pairs[1], "tuning")
    shown.pair_done(pairs[0])
    shown.pair_done(pairs[1])
    shown.end()
    assert capsys.readouterr().err.splitlines() == [
        f"optbench: {line}" for line in (
            "2 pairs, 4 cells",
            "compiling adam (1 of 2); kept for later runs",
            "compiling gd (2 of 2); kept for later runs",
            "compiled after 13 s, now running",
            f"38%, 1 of 4 cells, 10 s left; now tuning {pairs[0].label}",
            f"38%, 1 of 4 cells, 27 s left; now scoring {pairs[0].label} and 1 more",
            "1 of 4 cells after 29 s; now writing the report",
        )
    ]  # fmt: skip


def test_what_is_compiled_in_vain_is_not_said_to_be_kept(now, monkeypatch, capsys):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    Milestones().describe("compiling adam (1 of 2)")
    assert "compiling adam (1 of 2); not kept: see `optbench env`" in capsys.readouterr().err


def drawn(bar, width):
    """Return the line that a bar is on a terminal of so many columns."""
    console = Console(width=width, file=io.StringIO())
    console.print(bar.bar.get_renderable())
    (line,) = console.file.getvalue().splitlines()
    assert len(line) <= width
    return re.sub(r"[━╸╺─ ]+", " ", line).strip()


@pytest.mark.parametrize(
    ("width", "compiling", "running"),
    [
        (40, "compiling lion 3 of 9", "tuning gd on booth (d=2) 38%, 10 s left"),
        (80, "compiling lion 3 of 9; kept for later runs", "38%, 1/4 cells, 10 s left"),
        (120, "compiling lion 3 of 9; kept for later runs",
         "tuning gd on booth (d=2) 38%, 1/4 cells, 10 s left, 0.0 M lane-steps/s"),
    ],
)  # fmt: skip
def test_the_bar_fits_the_terminal(width, compiling, running, now, pairs, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    bar = begun(Bar(), pairs)
    bar.describe("compiling lion (3 of 9)")
    assert drawn(bar, width) == compiling
    bar.begin_cell(pairs[0], "tuning")
    now[0] += 6.0
    bar.add(pairs[0], 1000)
    assert running in drawn(bar, width)
    bar.describe("compiling lion (4 of 9)")  # what a cell compiles is not shown in its place
    assert running in drawn(bar, width)


def test_a_run_in_a_pipe_says_how_much_there_is_and_that_it_has_run(tmp_path, capsys):
    with progress_shown() as shown:
        invocation.compute(STUDY, tmp_path, threads=1, progress=shown)
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "optbench: 2 pairs, 4 cells"
    assert re.fullmatch(r"optbench: (\d) of \1 cells after \d+ s; now writing the report", last)
    assert shown.share == 1.0 and not shown.running


def test_quiet_is_quiet(tmp_path, capsys):
    with progress_shown(quiet=True) as shown:
        invocation.compute(STUDY, tmp_path, threads=1, progress=shown)
    assert capsys.readouterr() == ("", "") and shown.cells >= 4


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_times_are_read_at_a_glance(seconds, text):
    assert clock(seconds) == text
