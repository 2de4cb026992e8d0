"""What a second process makes is what this one would; how it ends early is said."""

import os
import signal

import pandas as pd
import pytest

from optbench import session
from optbench.errors import ResultsError
from optbench.report import second_process
from optbench.report.statistics.load import load as load_alone
from optbench.report.statistics.load import load_with_manifest
from optbench.study.results import Results
from optbench.study.schema import Study


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a small run, without a report."""
    from optbench.study.invocation import compute

    study = Study(
        name="two", optimizers=["gd", "adam"], problems=["sphere", "moons_mlp"], steps=60,
        lr={"low": 1e-3, "high": 1.0, "count": 4},
    )  # fmt: skip
    return compute(study, tmp_path_factory.mktemp("second") / "run")


@pytest.fixture
def large(monkeypatch):
    """Have every run count as large."""
    monkeypatch.setattr(second_process, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_frames_and_files_are_the_same(run, large, tmp_path):
    frames, manifest = second_process.load(run)
    alone = load_alone(run)
    assert set(frames) == set(alone) and set(frames.contents) == set(second_process.WRITTEN)
    for name in frames:
        pd.testing.assert_frame_equal(frames[name], alone[name])
    assert manifest == load_with_manifest(run)[1]
    pages = [
        session.write_report(run, loaded=loaded, out=tmp_path / out)
        for out, loaded in (("second", (frames, manifest)), ("alone", load_with_manifest(run)))
    ]
    first, second = (page.parents[1] for page in pages)
    files = [path.relative_to(first) for path in sorted(first.rglob("*")) if path.is_file()]
    assert len(files) > 20
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_a_run_that_went_on_in_between_is_not_mixed(run, large, monkeypatch):
    monkeypatch.setattr(second_process, "stamp", lambda results: "of another state")
    frames, _ = second_process.load(run)
    assert frames.contents == {}
    pd.testing.assert_frame_equal(frames["comparisons"], load_alone(run)["comparisons"])


def test_a_stamp_changes_with_what_is_read(run, monkeypatch):
    with Results(run) as results:
        before = second_process.stamp(results)
        assert second_process.stamp(results) == before
        names = results.names()
        monkeypatch.setattr(results, "names", lambda: names[1:])
        assert second_process.stamp(results) != before


def test_a_process_that_is_killed_is_told_of(run):
    second = second_process.SecondProcess(run)
    os.kill(second.process.pid, signal.SIGKILL)
    with pytest.raises(ResultsError, match=r"run: the second process.*ended early.*memory"):
        second.frame("control")


def test_the_last_line_of_its_errors_is_told(tmp_path):
    second = second_process.SecondProcess(tmp_path)
    with pytest.raises(ResultsError, match="holds no run.sqlite"):
        second.stamp()


def test_small_runs_and_single_processors_have_none(run, monkeypatch):
    assert second_process.load(run)[0].contents == {}
    monkeypatch.setattr(second_process, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert second_process.load(run)[0].contents == {}
