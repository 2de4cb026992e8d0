"""A run that goes on sees at once what is stored, and never takes for stored what has changed."""

import cProfile
import pstats

import pytest

from optbench.study import claiming, invocation
from optbench.study.fingerprint import fingerprint
from optbench.study.isolating import Isolation
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.results import FAILED, Results
from optbench.study.store import Store
from optbench.study.tuning import first_cell
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

    def looked_at(*arguments):
        pytest.fail("looked at the cells of a pair")

    monkeypatch.setattr(Isolation, "first_identity", looked_at)


def test_what_has_not_changed_is_not_looked_at_pair_by_pair(tmp_path, unasked):
    invocation.compute(study(**TWO), tmp_path)  # nothing is stored yet
    again = Progress()
    invocation.compute(study(**TWO), tmp_path, progress=again)
    assert (again.cells, again.lane_steps) == (2, 0)


def test_nothing_but_the_invocation_is_written(tmp_path):
    invocation.compute(study(**TWO), tmp_path)
    pairs, left_out = expand(study(**TWO))
    with Store(tmp_path) as store:
        before = store.connection.total_changes
        claimed = claiming.claim(
            pairs, study(**TWO), store, left_out, identity_of=pytest.fail, content_of=pytest.fail
        )
        assert claimed == ({pair.key: 1 for pair in pairs}, {})
        assert store.connection.total_changes == before


def first(pair):
    return first_cell(pair, study(**TWO)).identity


def test_pairs_that_failed_are_tried_again_where_that_is_asked_for(tmp_path):
    invocation.compute(study(**TWO), tmp_path)
    key = ("gd[lr=0.1]", "booth (d=2)")
    with Store(tmp_path) as store:
        store.end_pair(*key, FAILED, reason="a test", trace="none")
    pairs, left_out = expand(study(**TWO))
    with Store(tmp_path) as store:
        finished, failed = claiming.claim(
            pairs, study(**TWO), store, left_out, identity_of=first, content_of=first,
            retry_failed=True,
        )  # fmt: skip
        assert key not in finished and not failed
        (again,) = (pair for pair in store.pairs() if pair["label"] == key[1])
        assert again["state"] == "pending" and again["reason"] is None


def test_a_problem_of_the_users_is_looked_at_pair_by_pair(tmp_path):
    """Its instances may follow from files that are nowhere in its code."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "own.py").write_text(BOWL.format(name="looked_at_bowl", slope=2.0))
    own, booth = study(problems=["looked_at_bowl"]), study(problems=["booth"])
    assert fingerprint(*expand(own, (plugins,)), own, []) is None
    same = {fingerprint(*expand(booth), booth, []) for _ in range(2)}
    assert len(same) == 1 and None not in same


@pytest.mark.parametrize(
    "changes",
    [{"steps": 21}, {"study_seed": 1}, {"scoring_instances": [2, 4]}, {"dtype": "float32"},
     {"target": 1e-3}, {"optimizers": ["gd[lr=0.2]"]}, {"problems": ["booth", "matyas"]}],
)  # fmt: skip
def test_what_changes_cells_changes_the_hash(changes):
    before, after = study(problems=["booth"]), study(**{"problems": ["booth"], **changes})
    assert fingerprint(*expand(before), before, []) != fingerprint(*expand(after), after, [])


def test_cells_of_every_pair_are_those_that_are_counted(tmp_path):
    fill(tmp_path, wide(3, 4))
    progress = Progress()
    invocation.compute(wide(3, 4), tmp_path, progress=progress)
    with Results(tmp_path) as results:
        assert progress.cells == results.count() == 24
