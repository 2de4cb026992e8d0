"""Pairs with user code come to the same bytes in workers, from orders that need no other process's
memory."""

import dataclasses
import pickle

import pytest

from optbench.errors import UserError
from optbench.study import isolating, orders, supervising
from optbench.study.advancing import advance
from optbench.study.isolating import Isolation, is_apart
from optbench.study.orders import Order, PluginFolder, read_folders
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.results import DONE, PENDING, Results
from optbench.study.running import run_pairs
from optbench.study.schema import Study
from optbench.study.store import Store

OWN = """
from optbench.define import Log, normal, optimizer, problem
IMPORT

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def noisy_own(x, g, key):
    g[0] = SLOPE * x[0] + 0.1 * normal(key, 0)
    g[1] = SLOPE * x[1] + 0.1 * normal(key, 1)
    return 0.5 * SLOPE * (x[0] * x[0] + x[1] * x[1])

@optimizer(state=("v",), lr=Log(1e-2), keep=0.5, source="by hand")
def own_rule(x, g, v, lr, keep):
    v = keep * v + g
    return x - lr * v, v
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    own = tmp_path_factory.mktemp("own")
    (own / "mine.py").write_text(OWN.replace("IMPORT", f"from .{'_slope'} import SLOPE"))
    (own / "_slope.py").write_text("SLOPE = 2.0\n")
    yield own
    supervising.end_idle()


STUDY = Study(
    name="own", optimizers=("momentum", "own_rule"),
    problems=({"name": "noisy_own"}, {"name": "booth"}), steps=30, seeds=2,
    tuning_instances=(1, 2), scoring_instances=(3, 4, 5),
    lr={"low": 1e-3, "high": 1e-1, "count": 5},
)  # fmt: skip


def run(folder, own, threads=2):
    progress = Progress()
    with Store(folder) as store:
        run_pairs(expand(STUDY, own)[0], STUDY, store, threads, progress, folders=own)
    assert not progress.failures
    return progress


def stored(folder):
    with Results(folder) as results:
        return {
            (facts["optimizer"], facts["label"], facts["phase"], tuple(arrays["lr"])): {
                name: array.tobytes() for name, array in arrays.items()
            }
            for facts, arrays in results.cells((PENDING, DONE))
        }


def test_workers_and_this_process_come_to_the_same_bytes(folder, tmp_path, monkeypatch):
    progress = run(tmp_path / "apart", folder)
    monkeypatch.setattr(isolating, "is_apart", lambda *about: False)
    run(tmp_path / "here", folder)
    assert stored(tmp_path / "apart") == stored(tmp_path / "here")
    assert len(stored(tmp_path / "here")) == progress.cells


def test_what_is_stored_is_not_computed_again(folder, tmp_path, monkeypatch):
    """Pairs are taken up after their first cell, which the store has and no pair names."""
    run(tmp_path, folder)
    whole = stored(tmp_path)
    with Store(tmp_path) as store:
        for optimizer, label, *_ in store.names():
            store.begin_pair(optimizer, label)
    monkeypatch.setattr(isolating, "keep", None)  # nothing is to be kept
    progress = run(tmp_path, folder)
    assert stored(tmp_path) == whole and progress.lane_steps == 0
    assert run(tmp_path, folder).cells == len(whole)


def test_pairs_with_code_of_the_users_run_apart(folder):
    apart = {pair.key for pair in expand(STUDY, folder)[0] if is_apart(pair, (folder,))}
    booth, own = "booth (d=2)", "noisy_own (d=2)"
    assert apart == {("own_rule", booth), ("own_rule", own), ("momentum", own)}


@pytest.fixture
def order(folder):
    pair = next(p for p in expand(STUDY, folder)[0] if p.key == ("own_rule", "noisy_own (d=2)"))
    return Order.of(pair, STUDY, read_folders((folder,)))


def test_an_order_holds_all_that_another_machine_needs(order, tmp_path):
    """There the folder does not exist: its files come with the order, by content."""
    (own,) = order.folders
    moved = dataclasses.replace(own, path=str(tmp_path / "elsewhere"))
    there = pickle.loads(pickle.dumps(dataclasses.replace(order, folders=(moved,), cells=1)))
    here, step = advance(dataclasses.replace(order, cells=1)), advance(there)
    assert step.computed[0].identity == here.computed[0].identity
    for name, array in here.computed[0].arrays.items():
        assert step.computed[0].arrays[name].tobytes() == array.tobytes()
    assert step.identity == here.identity and step.names == here.names
    known = {step.computed[0].identity: step.computed[0].arrays}
    assert advance(dataclasses.replace(there, known=known, cells=9)).facts is not None


def test_an_order_that_means_something_else_elsewhere_is_refused(order):
    (own,) = order.folders
    files = tuple((name, text.replace(b"SLOPE = 2.0", b"SLOPE = 3.0")) for name, text in own.files)
    other = PluginFolder("/nonexistent", files, ())
    with pytest.raises(UserError, match="own_rule on noisy_own .*: is not what was ordered"):
        advance(dataclasses.replace(order, folders=(other,)))


def test_what_was_refused_is_not_kept_for_when_it_is_right_again(order, monkeypatch):
    """A worker lives on while a file is edited and the edit is taken back."""
    again = dataclasses.replace(order, budget=order.budget + 1)  # which no other test has asked for
    with monkeypatch.context() as patched:
        patched.setattr(orders, "content", lambda pair: "what it means for a moment")
        with pytest.raises(UserError, match="is not what was ordered"):
            orders.restored(again)
        again = dataclasses.replace(again, content="what it means for a moment")
        pair, _ = orders.restored(again)
    assert pair.budget == again.budget


def test_a_file_that_was_refused_is_not_imported_elsewhere(order):
    (own,) = order.folders
    files = (*own.files, ("bad.py", b"raise SystemExit('imported')"))
    moved = PluginFolder("/nonexistent", files, (("bad.py", "/from/bad.py: hangs"),))
    with pytest.warns(UserWarning, match="left out: /from/bad.py: hangs"):
        assert advance(dataclasses.replace(order, folders=(moved,))).identity


def test_an_isolation_knows_its_pairs_and_their_files(folder, tmp_path):
    from optbench.study.study_run import StudyRun

    pairs = expand(STUDY, folder)[0]
    with Store(tmp_path) as store:
        run = StudyRun(STUDY, store, Progress(), folders=(folder,))
        isolation = Isolation(pairs, run, 2)
        content = {pair.key: isolation.content(pair) for pair in pairs}
    assert [pair in isolation for pair in pairs] == ["-" in content[pair.key] for pair in pairs]
    assert len({*content.values()}) == len(pairs)
