"""Runs that were interrupted, killed or damaged, read while written, or of an older version."""

import contextlib
import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from optbench import session
from optbench.errors import ResultsError
from optbench.report.statistics.load import load, load_with_manifest
from optbench.study import invocation
from optbench.study.results import DONE, FILE, Results
from optbench.study.store import Store
from tests.faults.runs import LANES, SMALL, call, interrupt_at, study

FIXTURES = Path(__file__).parent.parent / "fixtures"
TWO_TUNED_PAIRS = {
    "optimizers": ["momentum"], "problems": ["booth", {"name": "sphere", "dims": [2]}],
    "space": "all", "trials": 3,
}  # fmt: skip
"""Two pairs of two cells each."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    return invocation.compute(study(), folder)


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


def contents(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}


def test_reading_writes_nothing(finished):
    before = contents(finished)
    load(finished)
    assert call("list", "runs", "-v", "--root", finished.parent).exit_code == 0
    assert contents(finished) == before and f"{FILE}-wal" not in before


def test_two_processes_do_not_write_into_one_run(finished):
    script = f"""
        import sys
        from optbench.study.store import Store
        with Store({str(finished)!r}) as store:
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
            Store(finished)
        assert len(load(finished)["lanes"]) == LANES  # reading goes on
    finally:
        holder.communicate("")


def test_two_runs_of_one_second_have_two_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {invocation.new_folder(study().name) for _ in range(5)}
    assert len(folders) == 5 and all(folder.is_dir() for folder in folders)


def test_one_bad_file_harms_no_other_run(finished, tmp_path):
    root = tmp_path / "results"
    shutil.copytree(finished, root / "good")
    whole = (finished / FILE).read_bytes()
    for name, data in (("junk", b"junk" * 999), ("empty", b""), ("cut", whole[: len(whole) // 3])):
        (root / name).mkdir()
        (root / name / FILE).write_bytes(data)
    result = call("list", "runs", "--root", root)
    assert result.exit_code == 0 and "Traceback" not in result.output
    assert "good" in result.output and "complete" in result.output
    for name in ("junk", "empty", "cut"):
        assert str(root / name) in result.output, name
        failed = call("report", root / name)
        assert failed.exit_code == 3 and str(root / name) in failed.output


@pytest.mark.parametrize(
    ("table", "what"), [("cells", "the arrays of a cell"), ("axes", "arrays that cells share")]
)
def test_flipped_bytes_are_found_by_their_checksum(finished, tmp_path, table, what):
    shutil.copytree(finished, tmp_path / "run")
    with sqlite3.connect(tmp_path / "run" / FILE) as connection:
        for row, data in connection.execute(f"SELECT rowid, data FROM {table}").fetchall():
            flipped = bytearray(data)
            flipped[-3] ^= 0x10
            connection.execute(f"UPDATE {table} SET data = ? WHERE rowid = ?", (flipped, row))
    connection.close()
    result = call("report", tmp_path / "run")
    assert result.exit_code == 3 and f"the bytes of {what} have changed" in result.output


def test_a_full_disk_is_one_message_and_keeps_what_was_stored(tmp_path):
    called = []
    full = "cannot be written.*full.*make room"
    with pytest.raises(ResultsError, match=full), Store(tmp_path) as store:  # noqa: PT012
        store.put("small", {}, {"a": np.arange(3)}, on_commit=lambda: called.append("small"))
        store.flush()
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        noise = np.random.default_rng(0).random(100_000)
        store.put("large", {}, {"a": noise}, on_commit=lambda: called.append("large"))
        with pytest.raises(ResultsError, match=full):
            store.flush()
        assert not store.has("large") and store.has("small")
        with pytest.raises(ResultsError, match=full):  # and every later call
            store.put("later", {}, {})
    assert called == ["small"]
    with Results(tmp_path) as results:
        assert results.has("small") and not results.has("large")


def test_a_disk_that_fills_up_ends_a_run_with_one_message_and_the_same_command_goes_on(tmp_path):
    """The system lets no file of the first process grow beyond some 100 kB."""
    script = """
        import resource, sys
        from optbench.cli.main import main
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
        main(["run", sys.argv[1], "--out", sys.argv[2], "--threads", "2"])
    """
    toml, run = tmp_path / "both.toml", tmp_path / "run"
    toml.write_text(
        """optimizers = ["gd"]\nproblems = [{ name = "sphere", dims = [2] }, "booth"]
steps = 20\nseeds = 20"""
    )
    command = [sys.executable, "-c", textwrap.dedent(script), toml, run]
    full = subprocess.run(command, capture_output=True, text=True)
    assert full.returncode == 3 and full.stderr.count("cannot be written") == 1, full.stderr
    assert "make room" in full.stderr and "Traceback" not in full.stderr
    with Results(run) as results:
        pairs = results.pairs()
        assert len(pairs) == 2 and not all(pair["state"] == DONE for pair in pairs)
    invocation.compute(toml, run)
    assert load_with_manifest(run)[1]["state"] == "complete"


def test_other_databases_and_later_versions_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE of_somebody_else (a)")
    before = (tmp_path / FILE).read_bytes()
    for opened in (Results, Store):
        with pytest.raises(ResultsError, match="not a results file of optbench"):
            opened(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    later = tmp_path / "later"
    Store(later).__exit__()
    with sqlite3.connect(later / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ResultsError, match="later version of optbench"):
        Results(later)


@pytest.fixture(params=[0, 1, 2])
def earlier(request, tmp_path):
    """Lay the file of a run of an earlier format into a folder; return (folder, format, bytes)."""
    zipped = FIXTURES / f"run_of_version_{request.param}.sqlite.gz"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / FILE).write_bytes(gzip.decompress(zipped.read_bytes()))
    return tmp_path / "run", request.param, (tmp_path / "run" / FILE).read_bytes()


def test_a_run_of_an_earlier_format_is_refused_with_what_to_do(earlier):
    """The files were written by 0.1.0 and by versions after it."""
    folder, version, before = earlier
    words = f"earlier version of optbench .format {version}, .* run the study again"
    with pytest.raises(ResultsError, match=words):
        load(folder)
    assert call("report", folder).exit_code == 3
    listed = call("list", "runs", "--root", folder.parent)
    assert listed.exit_code == 0 and f"(format {version}" in listed.output
    assert contents(folder).keys() == {FILE} and (folder / FILE).read_bytes() == before


def test_a_run_of_an_earlier_format_is_kept_when_its_study_is_run_again(earlier):
    folder, version, before = earlier
    whole = statements(folder / FILE)
    assert len(load(invocation.compute(study(), folder))["lanes"]) == LANES
    assert statements(folder / f"run.format-{version}.sqlite") == whole
    if version > 0:  # the first one had an empty journal
        assert (folder / f"run.format-{version}.sqlite").read_bytes() == before
    (folder / FILE).write_bytes(before)  # as if that version had gone on there
    Store(folder).__exit__()
    assert statements(folder / f"run.format-{version}.sqlite") == whole
    assert statements(folder / f"run.format-{version}-2.sqlite") == whole


def statements(path):
    """Return all that a database holds."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), *connection.execute("PRAGMA user_version")]


def test_what_a_killed_writer_of_an_earlier_format_left_in_its_journal_is_kept(earlier):
    folder, version, _ = earlier
    script = """
        import os, signal, sqlite3, sys
        connection = sqlite3.connect(sys.argv[1])
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute("INSERT INTO manifest VALUES ('last', '1')")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), folder / FILE]
    assert subprocess.run(command).returncode == -9 and f"{FILE}-wal" in contents(folder)
    Store(folder).__exit__()
    with sqlite3.connect(folder / f"run.format-{version}.sqlite") as connection:
        assert connection.execute("SELECT value FROM manifest WHERE key = 'last'").fetchone()


def test_a_report_is_written_aside_and_moved_whole(finished, tmp_path, monkeypatch):
    shutil.copytree(finished, tmp_path / "run")
    page = session.write_report(tmp_path / "run")
    first = page.read_text()
    (tmp_path / "run" / "tables" / "of_an_earlier_report.csv").touch()
    monkeypatch.setattr("optbench.report.page.build._html", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        session.write_report(tmp_path / "run")
    assert page.read_text() == first
    monkeypatch.undo()
    session.write_report(tmp_path / "run")
    assert not (tmp_path / "run" / "tables" / "of_an_earlier_report.csv").exists()
    assert not list((tmp_path / "run").glob(".*"))


def test_damaged_text_is_found_and_harms_no_other_run(finished, tmp_path):
    root = tmp_path / "results"
    for name, query in (
        ("facts", "UPDATE cells SET facts = replace(facts, 'seconds', 'minutes')"),
        ("manifest", "UPDATE manifest SET value = substr(value, 2)"),
    ):
        shutil.copytree(finished, root / name)
        with sqlite3.connect(root / name / FILE) as connection:
            connection.execute(query)
        result = call("report", root / name)
        assert result.exit_code == 3 and "is damaged" in result.output, name
    shutil.copytree(finished, root / "good")
    listed = call("list", "runs", "--root", root)
    assert listed.exit_code == 0 and "good" in listed.output and "is damaged" in listed.output


def test_a_report_can_be_written_elsewhere(finished, tmp_path):
    before = contents(finished)
    result = call("report", finished, "--out", tmp_path / "elsewhere")
    assert result.exit_code == 0 and contents(finished) == before
    assert (tmp_path / "elsewhere" / "report" / "index.html").is_file()


def test_a_second_report_leaves_the_first_ones_work_alone(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    alive, dead = (tmp_path / "run" / f".writing-{process}" for process in (1, 2**22 + 1))
    for folder in (alive, dead):
        folder.mkdir()
    session.write_report(tmp_path / "run")
    assert alive.is_dir() and not dead.exists()
