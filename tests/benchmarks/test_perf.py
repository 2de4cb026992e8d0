"""The judgement of `make perf`: ratios that are asked, and medians against earlier runs."""

import json

import pytest
from pytest_benchmark.storage.file import FileStorage

from tests.benchmarks import cases
from tests.benchmarks.saved import Archive, fullname


def row(ours, name="case", **facts):
    return cases.Row("part", name, {"optbench": [ours, 9 * ours, ours], "other": [3.0]}, **facts)


@pytest.fixture
def archive(tmp_path):
    Archive("Some CPU (R), 2 cores", tmp_path).save([row(2.0)], 1.0, {})
    return Archive("Some CPU (R), 2 cores", tmp_path)


def test_contenders_take_turns():
    order = []
    contenders = {name: lambda name=name: order.append(name) or 1.0 for name in "ab"}
    assert cases.take_turns(contenders, 2) == {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    assert "".join(order) == "ab" + "abab"


def test_ratios():
    samples = {"ours": [1.0, 2.0, 9.0], "slow": [8.0, 9.0, 9.0], "fast": [4.0, 6.0, 7.0]}
    assert cases.best_peer()(samples) == 3.0
    assert cases.best_peer(min)(samples) == 4.0
    assert cases.ours_over()(samples) == pytest.approx(1 / 3)
    assert cases.own_time(samples) == 2.0


@pytest.mark.parametrize(
    ("ratio", "at_most", "missed"),
    [(1.3, False, False), (1.29, False, True), (1.3, True, False), (1.31, True, True)],
)
def test_a_bound_is_missed_on_its_wrong_side(ratio, at_most, missed):
    assert row(1.0, ratio=ratio, required=1.3, at_most=at_most).missed is missed
    assert not row(1.0, ratio=ratio, required=1.3, at_most=at_most, unjudged="no cores").missed
    assert not row(1.0, ratio=ratio).missed


@pytest.mark.parametrize(
    ("now", "calibration", "worse"),
    [(2.29, 1.0, False), (2.31, 1.0, True), (2.31, 0.5, True), (2.31, 1.1, False)],
)
def test_a_median_is_worse_beyond_15_percent_and_what_the_machine_lost(
    archive, now, calibration, worse
):
    found = row(now)
    archive.compare(found, calibration)
    assert found.before == pytest.approx(2.0) and found.worse is worse


def test_rows_and_machines_without_a_past_are_not_compared(archive, tmp_path):
    found = row(9.0, name="new")
    archive.compare(found, 1.0)
    Archive("another CPU", tmp_path).compare(known := row(9.0), 1.0)
    assert found.before is known.before is None and not found.worse and not known.worse


def test_what_had_become_worse_is_no_yardstick(archive, tmp_path):
    archive.save([row(8.0, worse=True)], 1.0, {})
    archive.save([row(7.0, name="another")], 1.0, {})
    found = row(2.0)
    Archive("Some CPU (R), 2 cores", tmp_path).compare(found, 1.0)
    assert found.before == pytest.approx(2.0)


def test_files_are_those_of_pytest_benchmark(archive):
    path = archive.save([row(2.0, ratio=1.5, required=1.3)], 1.0, {"load": "0.1"})
    assert path.name == "0002_perf.json"
    storage = FileStorage(str(archive.folder), None)
    (loaded,) = [found for file, found in storage.load() if file.name == path.name]
    assert loaded == json.loads(path.read_text("utf-8"))
    (entry,) = loaded["benchmarks"]
    assert entry["fullname"] == fullname(row(2.0)) and entry["stats"]["median"] == 2e-9
    table = path.with_suffix(".md").read_text("utf-8")
    assert "| part | case | 2 ns | other 3 ns | 1.50 | >= 1.3 | met |" in table
    assert path.with_suffix(".csv").read_text("utf-8").count("\n") == 2
