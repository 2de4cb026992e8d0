"""Files of runs of earlier and later versions, and databases of somebody else."""

import contextlib
import gzip
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from optbench.errors import ResultsError
from optbench.report.statistics.load import load
from optbench.study import invocation
from optbench.study.results import FILE, Results
from optbench.study.store import Store
from tests.command_line import call
from tests.faults.runs import LANES, contents, study

FIXTURES = Path(__file__).parent.parent / "fixtures"


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
