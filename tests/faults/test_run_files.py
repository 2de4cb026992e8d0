"""Files of runs that are damaged or full, and that reading leaves as they are."""

import shutil
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from optbench.errors import ResultsError
from optbench.report.statistics.load import load, load_with_manifest
from optbench.study import invocation
from optbench.study.results import DONE, FILE, Results
from optbench.study.store import Store
from tests.command_line import call
from tests.faults.runs import contents


def test_reading_writes_nothing(finished):
    before = contents(finished)
    load(finished)
    assert call("list", "runs", "-v", "--root", finished.parent).exit_code == 0
    assert contents(finished) == before and f"{FILE}-wal" not in before


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
