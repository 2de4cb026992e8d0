"""Reports are written aside and moved whole, elsewhere too, and harm no other one."""

import shutil

import pytest

from optbench import session
from tests.command_line import call
from tests.faults.runs import contents


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
