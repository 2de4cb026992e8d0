"""Runs that were interrupted, terminated or killed, or that two processes write."""

import json
import shutil
import subprocess
import sys
import textwrap

import pytest

from optbench import session
from optbench.errors import ResultsError
from optbench.report.statistics.load import load, load_with_manifest
from optbench.study import invocation
from optbench.study.results import FILE
from optbench.study.store import Store
from tests.command_line import call
from tests.faults.runs import LANES, SMALL, contents, interrupt_at, study

TWO_TUNED_PAIRS = {
    "optimizers": ["momentum"], "problems": ["booth", {"name": "sphere", "dims": [2]}],
    "space": "all", "trials": 3,
}  # fmt: skip
"""Two pairs of two cells each."""


def test_an_interrupted_run_says_so_on_its_page_and_in_the_list(tmp_path, monkeypatch):
    run = tmp_path / "results" / "run"
    both = study(**TWO_TUNED_PAIRS)
    interrupt_at(monkeypatch, cell=4)
    with pytest.raises(KeyboardInterrupt):
        invocation.compute(both, run, threads=1)
    monkeypatch.undo()
    frames, manifest = load_with_manifest(run)
    assert manifest["state"] == "interrupted: 3 of 4 cells"
    assert len(frames["convergence"]) == 1
    assert "the same command goes on" in frames["skipped"].iloc[0]["reason"]
    page = session.write_report(run).read_text()
    assert "interrupted: 3 of 4 cells" in page and "Not run" in page
    assert "interrupted: 3 of 4 cells" in call("list", "runs", "--root", run.parent).output
    invocation.compute(both, run)
    assert load_with_manifest(run)[1]["state"] == "complete"


def test_a_terminated_run_is_one_that_was_interrupted(tmp_path):
    """A SIGTERM in the middle of a run: exit code 130, and a page of what is there."""
    script = """
        import os, signal, sys, time
        from optbench.study import tuning
        from optbench.cli.main import main
        compute = tuning.compute
        def terminated(cell, *others):
            arrays = compute(cell, *others)
            if cell.problem.name == "booth" and not cell.scoring:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(1.0)  # the main thread tells this one to stop
            return arrays
        tuning.compute = terminated
        main(["run", sys.argv[1], "--out", sys.argv[2], "--threads", "1"])
    """
    toml = tmp_path / "both.toml"
    toml.write_text(
        """optimizers = ["momentum"]\nproblems = [{ name = "sphere", dims = [10] }, "booth"]
steps = 10\nseeds = 1\nspace = "all"\ntrials = 3"""
    )
    command = [sys.executable, "-c", textwrap.dedent(script), toml, tmp_path / "run"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert "interrupted; what has finished is kept" in done.stderr
    assert call("report", tmp_path / "run").exit_code == 0
    page = (tmp_path / "run" / "report" / "index.html").read_text()
    assert "interrupted: 3 of 4 cells" in page


def test_a_killed_run_is_reported_without_touching_it(tmp_path):
    """After a SIGKILL the journal still lies beside the file: reading leaves both as they are.

    What the progress had counted by then is there.
    """
    script = """
        import json, os, signal, sys, time
        from optbench.study import tuning
        from optbench.study.invocation import compute
        from optbench.study.progress import Progress
        from optbench.study.schema import Study
        progress, arrays_of, begun = Progress(), tuning.compute, []
        def killed(*arguments):
            begun.append(arguments)
            while len(begun) == 4:
                if progress.cells == 3:
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(0.01)
            return arrays_of(*arguments)
        tuning.compute = killed
        compute(Study(**json.loads(sys.argv[1])), sys.argv[2], threads=1, progress=progress)
    """
    both = json.dumps({**SMALL, **TWO_TUNED_PAIRS})
    command = [sys.executable, "-c", textwrap.dedent(script), both, tmp_path / "run"]
    assert subprocess.run(command).returncode == -9
    before = contents(tmp_path / "run")
    assert f"{FILE}-wal" in before
    frames, manifest = load_with_manifest(tmp_path / "run")
    assert contents(tmp_path / "run") == before
    assert manifest["state"] == "interrupted: 3 of 4 cells" and len(frames["convergence"]) == 1
    assert call("report", tmp_path / "run").exit_code == 0
    invocation.compute(study(**TWO_TUNED_PAIRS), tmp_path / "run")
    assert load_with_manifest(tmp_path / "run")[1]["state"] == "complete"


def test_two_processes_do_not_write_into_one_run(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    script = f"""
        import sys
        from optbench.study.store import Store
        with Store({str(run)!r}) as store:
            store.begin_invocation(process=1234, host="elsewhere", started="today")
            print("held", flush=True)
            sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        words = r"process 1234 on elsewhere \(since today\) is writing a run there.*--out"
        with pytest.raises(ResultsError, match=words):
            Store(run)
        assert len(load(run)["lanes"]) == LANES  # reading goes on
    finally:
        holder.communicate("")


def test_two_runs_of_one_second_have_two_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {invocation.new_folder(study().name) for _ in range(5)}
    assert len(folders) == 5 and all(folder.is_dir() for folder in folders)
