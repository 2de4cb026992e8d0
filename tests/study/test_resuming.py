"""A run that goes on sees at once what is stored, and never takes for stored what has changed."""

import cProfile
import pstats

import pytest

from optbench.study import claiming, invocation
from optbench.study import fingerprint as fingerprints
from optbench.study.fingerprint import fingerprint
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.results import FAILED, Results
from optbench.study.store import Store
from tests.benchmarks.resuming import fill, wide
from tests.faults.runs import BOWL, study

CALLS_A_PAIR = 250
"""Of functions, Python's own included, at most: seconds would measure the machine."""
TWO = {"problems": [{"name": "sphere", "dims": [2]}, {"name": "booth"}]}


def calls(folder, described):
    progress, profile = Progress(), cProfile.Profile()
    profile.runcall(invocation.compute, described, folder, progress=progress)
    assert progress.lane_steps == 0
    return pstats.Stats(profile).total_calls, progress.cells


def test_a_finished_pair_costs_few_calls(tmp_path):
    few, many = wide(8, 10), wide(8, 60)
    for name, described in (("few", few), ("many", many)):
        fill(tmp_path / name, described)
    calls(tmp_path / "few", few)  # imports
    (first, _), (second, cells) = calls(tmp_path / "few", few), calls(tmp_path / "many", many)
    assert cells == 2 * 8 * 60
    assert (second - first) / (8 * 50) <= CALLS_A_PAIR


@pytest.fixture
def unasked(monkeypatch):
    """Have no pair's cells be looked at by themselves."""
    monkeypatch.setattr(claiming, "first_cell", lambda *arguments: pytest.fail("looked at cells"))


def test_what_has_not_changed_is_not_looked_at_pair_by_pair(tmp_path, unasked):
    invocation.compute(study(**TWO), tmp_path)
    again = Progress()
    invocation.compute(study(**TWO), tmp_path, progress=again)
    assert (again.cells, again.lane_steps) == (2, 0)


def test_nothing_but_the_invocation_is_written(tmp_path):
    invocation.compute(study(**TWO), tmp_path)
    pairs, left_out = expand(study(**TWO))
    with Store(tmp_path) as store:
        before = store.connection.total_changes
        finished = claiming.claim(pairs, study(**TWO), store, left_out)
        assert finished == {pair.key: 1 for pair in pairs}
        assert store.connection.total_changes == before


def test_pairs_that_failed_are_tried_again(tmp_path):
    invocation.compute(study(**TWO), tmp_path)
    key = ("gd[lr=0.1]", "booth (d=2)")
    with Store(tmp_path) as store:
        store.end_pair(*key, FAILED, reason="a test", trace="none")
    pairs, left_out = expand(study(**TWO))
    with Store(tmp_path) as store:
        assert key not in claiming.claim(pairs, study(**TWO), store, left_out)
        (again,) = (pair for pair in store.pairs() if pair["label"] == key[1])
        assert again["state"] == "pending" and again["reason"] is None


def test_each_instance_of_a_problem_of_the_users_counts(tmp_path, monkeypatch):
    """It may read files that are nowhere in its code; the catalog's problems follow from theirs."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "own.py").write_text(BOWL.format(name="counted_bowl", slope=2.0))
    hashes = {}
    for name in ("counted_bowl", "booth"):
        own = study(problems=[name])
        pairs, left_out = expand(own, (plugins,))
        before = fingerprint(pairs, left_out, own, [])
        with monkeypatch.context() as patched:
            patched.setattr(fingerprints, "problem_identity", lambda own: str(own.instance))
            instances = fingerprint(pairs, left_out, own, [])
            patched.setattr(fingerprints, "problem_identity", lambda own: str(2 * own.instance))
            others = fingerprint(pairs, left_out, own, [])
        assert fingerprint(pairs, left_out, own, []) == before
        hashes[name] = (instances, others)
    assert hashes["counted_bowl"][0] != hashes["counted_bowl"][1]
    assert hashes["booth"][0] == hashes["booth"][1]


def test_cells_of_every_pair_are_those_that_are_counted(tmp_path):
    fill(tmp_path, wide(3, 4))
    progress = Progress()
    invocation.compute(wide(3, 4), tmp_path, progress=progress)
    with Results(tmp_path) as results:
        assert progress.cells == results.count() == 24
