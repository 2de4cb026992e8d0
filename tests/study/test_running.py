"""Studies run to the same results whatever happens on the way."""

import os

import numpy as np
import pytest

from optbench.study.draws import tuning_draws
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.results import DONE, PENDING, Results
from optbench.study.running import _workers, run_pairs
from optbench.study.schema import Study
from optbench.study.store import Store
from tests.faults.runs import interrupt_at

STUDY = Study(
    name="small", optimizers=("momentum", "adam"),
    problems=({"name": "booth"}, {"name": "noisy_quadratic"}), steps=30, seeds=2,
    tuning_instances=(1, 2), scoring_instances=(3, 4, 5, 6),
    lr={"low": 1e-3, "high": 1e-1, "count": 5},
)  # fmt: skip


def stored(folder):
    with Results(folder) as store:
        return {
            (f["optimizer"], f["label"], f["phase"], tuple(a["lr"])): {
                name: array.tobytes() for name, array in a.items()
            }
            for f, a in store.cells((PENDING, DONE))
        }


def run(folder, threads=1, progress=None):
    with Store(folder) as store:
        return run_pairs(expand(STUDY)[0], STUDY, store, threads, progress)


class Told(Progress):
    """Keeps which pairs it was told are done."""

    def __init__(self):
        super().__init__()
        self.done = []

    def pair_done(self, pair):
        self.done.append(pair.key)
        super().pair_done(pair)


def unfinished(folder):
    with Results(folder) as store:
        pairs = store.pairs()
    return {(p["optimizer"], p["label"]) for p in pairs if p["state"] == PENDING}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    run(folder)
    return stored(folder)


def test_two_threads_give_the_same_bytes(reference, tmp_path):
    run(tmp_path, threads=2)
    assert stored(tmp_path) == reference


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    reference, tmp_path, threads, monkeypatch
):  # fmt: skip
    interrupt_at(monkeypatch, cell=4)
    stopped = Told()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, threads, stopped)
    assert not {*stopped.done} & unfinished(tmp_path) and stopped.share < 1.0
    monkeypatch.undo()
    kept = stored(tmp_path)
    assert 3 <= len(kept) < len(reference)
    assert all(reference[key] == value for key, value in kept.items())
    progress = run(tmp_path, threads)
    assert stored(tmp_path) == reference
    assert progress.cells == len(reference)
    assert run(tmp_path, threads).lane_steps == 0


def test_diverged_lanes_count_as_failures_and_stay(tmp_path):
    from optbench.report.statistics.load import load

    study = STUDY.changed(
        problems=[{"name": "rosenbrock", "dims": [2]}], lr={"low": 10.0, "high": 10.0, "count": 1},
        optimizers=["momentum"],
    )  # fmt: skip
    with Store(tmp_path) as store:
        run_pairs(expand(study)[0], study, store, 1)
    frames = load(tmp_path)
    row = frames["convergence"].iloc[0]
    assert row["diverged"] == row["lanes"] == 8
    assert row["median_gap"] == np.inf and row["success_share"] == 0
    # The rate and the default on four tuning draws, the canonical one and eight to be scored.
    assert len(frames["lanes"]) == 2 * (4 + 1 + 8)


def test_lanes_start_at_their_draws_whatever_was_launched_before(tmp_path):
    """SAM takes half as many steps, so that its launches are cut into chunks of more blocks."""
    study = STUDY.changed(
        problems=[{"name": "rosenbrock", "dims": [100]}], steps=1000, seeds=1,
        optimizers=["momentum", "momentum[sam_rho=0.05]"], tuning_instances=range(1, 11),
        scoring_instances=range(11, 15), lr={"low": 1e-5, "high": 1e-2, "count": 31},
    )  # fmt: skip
    pairs, _ = expand(study)
    draws = tuning_draws(pairs[0].problem, study)
    values = [
        draws.instances[at].value(x) for at, x in zip(draws.position, draws.starts, strict=True)
    ]
    for number, order in enumerate((pairs, pairs[::-1])):
        for pair in order:
            with Store(tmp_path / f"{number}") as store:
                run_pairs([pair], study, store, 1)
            with Results(tmp_path / f"{number}") as results:
                cells = list(results.cells(phases=["tuning"]))
            assert len(cells) == 1
            for _, arrays in cells:
                np.testing.assert_allclose(arrays["f_start"], values, rtol=1e-12)


def test_a_study_has_a_thread_for_each_processor_that_it_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 2, 5}, raising=False)
    assert _workers(expand(STUDY)[0]) == 3
