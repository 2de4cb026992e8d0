"""Signals, clocks that jump, and disks that are full or cannot be written."""

import datetime
import itertools
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from optbench.cli.main import _signals_interrupt
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.results import FILE, Results
from tests.command_line import call
from tests.faults.runs import study

TOML = """
optimizers = ["gd"]
problems = [{ name = "sphere", dims = [2] }, "booth"]
steps = 20
seeds = 20
"""
SIGNALLED = """
    import os, signal, sys, time
    from optbench.study import tuning
    from optbench.cli.main import main
    compute = tuning.compute
    def signalled(cell, *others):
        arrays = compute(cell, *others)
        if cell.problem.name == "booth" and not cell.scoring:
            os.kill(os.getpid(), int(sys.argv[3]))
            time.sleep(1.0)  # the main thread tells this one to stop
        return arrays
    tuning.compute = signalled
    main(["run", sys.argv[1], "--out", sys.argv[2], "--threads", "1"])
"""


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(TOML)
    return path


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGHUP])
def test_what_interrupts_keeps_what_has_finished(toml, tmp_path, sent):
    """SIGTERM: see `test_run_files`."""
    command = [sys.executable, "-c", textwrap.dedent(SIGNALLED), toml, tmp_path / "run"]
    done = subprocess.run([*command, str(int(sent))], capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert done.stderr.count("interrupted; what has finished is kept") == 1
    assert "Traceback" not in done.stderr
    assert load_with_manifest(tmp_path / "run")[1]["state"].startswith("interrupted: ")
    invocation.compute(toml, tmp_path / "run", threads=1)
    assert load_with_manifest(tmp_path / "run")[1]["state"] == "complete"


def test_a_hang_up_that_is_ignored_interrupts_nothing():
    """As nohup has it; and what was there before is there afterwards."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _signals_interrupt():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), _signals_interrupt():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(1.0)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    """By days to and fro at every look: results and their order hang on no clock."""
    jumps = itertools.cycle([86400.0, -3 * 86400.0, 1e9, -1e9])
    now, real = time.time, datetime.datetime

    class Jumping(real):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + datetime.timedelta(seconds=next(jumps))

    two = study(problems=[{"name": "sphere", "dims": [2]}, {"name": "booth"}])
    invocation.compute(two, tmp_path / "steady", threads=1)
    monkeypatch.setattr(time, "time", lambda: now() + next(jumps))
    monkeypatch.setattr(datetime, "datetime", Jumping)
    monkeypatch.chdir(tmp_path)
    folders = {invocation.new_folder("small") for _ in range(8)}
    assert len(folders) == 8
    for _ in range(2):
        invocation.compute(two, tmp_path / "jumping", threads=1)
    monkeypatch.undo()
    with Results(tmp_path / "steady") as steady, Results(tmp_path / "jumping") as jumping:
        assert jumping.names() == steady.names()
        for (*_, cell), (_, arrays) in zip(steady.names(), steady.cells(), strict=True):
            again = jumping.get(cell)[1]
            assert {n: a.tobytes() for n, a in again.items()} == {
                n: a.tobytes() for n, a in arrays.items()
            }
    assert call("list", "runs", "-v", "--root", tmp_path).exit_code == 0


MOUNTED = """
    set -e
    mount -t tmpfs -o size=SIZE none "$FOLDER"
    run() { status=0; "$PYTHON" -m optbench "$@" 2>>"$SAID" >/dev/null || status=$?; echo $status; }
    run run "$TOML" --out "$FOLDER/run" --threads 1
    cp "$FOLDER/run/run.sqlite"* "$KEPT"
    AGAIN
"""


def mounted(tmp_path, toml, size, again):
    """Run a study on a small disk of its own, then something `again`; return statuses and words."""
    folder, kept, said = (tmp_path / name for name in ("disk", "kept", "said"))
    folder.mkdir()
    kept.mkdir()
    script = textwrap.dedent(MOUNTED).replace("SIZE", size).replace("AGAIN", again)
    environment = {"FOLDER": folder, "TOML": toml, "SAID": said, "KEPT": kept,
                   "PYTHON": sys.executable}  # fmt: skip
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()], said.read_text()


@pytest.fixture(scope="module")
def mounts():
    """Skip where this user mounts no disks."""
    try_one = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"]
    if not shutil.which("unshare") or subprocess.run(try_one, capture_output=True).returncode:
        pytest.skip("this user mounts no disks")


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_is_one_message_and_the_same_command_goes_on(toml, tmp_path):
    again = """
    mount -o remount,size=50m "$FOLDER"
    run run "$TOML" --out "$FOLDER/run" --threads 1
    rm -r "$KEPT"/*; cp "$FOLDER/run/run.sqlite" "$KEPT"
    """
    (full, done), said = mounted(tmp_path, toml, "190k", textwrap.dedent(again))
    assert (full, done) == (3, 0), said
    assert said.count("make room, or choose another folder") == 1 and "Traceback" not in said
    with Results(tmp_path / "kept") as results:
        assert results.count() == 4 and len(list(results.cells())) == 4


@pytest.mark.usefixtures("mounts")
def test_a_disk_that_cannot_be_written_is_one_message_and_is_read(toml, tmp_path):
    again = """
    mount -o remount,ro "$FOLDER"
    run run "$TOML" --out "$FOLDER/run"
    run report "$FOLDER/run" --out "$KEPT/elsewhere"
    """
    (done, refused, elsewhere), said = mounted(tmp_path, toml, "50m", textwrap.dedent(again))
    assert (done, refused, elsewhere) == (0, 3, 0), said
    assert said.count("results cannot be written there (Read-only file system)") == 1
    assert "Traceback" not in said
    assert (tmp_path / "kept" / "elsewhere" / "report" / "index.html").is_file()
    assert (tmp_path / "kept" / FILE).is_file()
