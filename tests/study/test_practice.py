"""The practice of training in studies: cells are the lanes of minimize, stored and reported."""

import numpy as np
import pytest

import optbench
from optbench.kernels.status import STATUS_NAMES, STOPPED
from optbench.report.statistics.load import load
from optbench.study.cells import SCORING
from optbench.study.pairs import expand
from optbench.study.results import Results
from optbench.study.running import run_pairs
from optbench.study.schema import Study, read_study
from optbench.study.store import Store

STUDY = Study(
    name="practice", optimizers=("adam", "schedule_free_sgd"), steps=90, seeds=2,
    problems=(
        {"name": "practice_table_stopped", "steps": 400}, "practice_transfer_head",
        "practice_images_moved",
    ),
    lr={"low": 1e-2, "high": 1e-1, "count": 2}, tuning_instances=(1,), scoring_instances=(3,),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("practice")
    with Store(made) as store:
        run_pairs(expand(STUDY)[0], STUDY, store, 2)
    return made


def scored(folder):
    """Return the scoring cells by optimizer and problem."""
    with Results(folder) as store:
        return {
            (facts["optimizer"], facts["problem"]): arrays
            for facts, arrays in store.cells()
            if facts["phase"] == SCORING
        }


def test_cells_are_the_lanes_of_minimize(folder):
    cells = scored(folder)
    assert len(cells) == len(expand(STUDY)[0]) == 5  # one rule is left out of one problem
    for (optimizer, name), arrays in cells.items():
        draws = zip(arrays["instance"], arrays["seed"], strict=True)
        assert list(draws) == [(0, 0), (3, 1), (3, 2)]
        for trial, lr in enumerate(arrays["lr"]):
            run = optbench.minimize(
                optimizer, optbench.problem(name, instance=3),
                steps=int(arrays["record_evaluations"][-1]), lanes=2, seed=1, lr=lr,
                dtype="float32", records=20,
            )  # fmt: skip
            status = np.array(STATUS_NAMES)[arrays["status"][1:, trial]]
            np.testing.assert_array_equal(status, run.status)
            np.testing.assert_array_equal(arrays["f_final"][1:, trial], run.f)
            np.testing.assert_array_equal(arrays["metrics"][1:, trial], run.records.metrics[:, -1])
            np.testing.assert_array_equal(arrays["record_metrics"][1:, trial], run.records.metrics)


def test_rules_that_do_not_fit_a_net_are_left_out_with_the_reason():
    pairs, skipped = expand(STUDY)
    assert len(pairs) == 5
    ((optimizer, problem, reason),) = skipped
    assert (optimizer, problem) == ("schedule_free_sgd", "practice_transfer_head")
    assert "reports another point than it moves" in reason


def test_lanes_that_were_stopped_are_reported_so(folder):
    with Results(folder) as store:
        assert any((arrays["status"] == STOPPED).any() for _, arrays in store.cells())
    arrays = scored(folder)["adam", "practice_table_stopped"]
    assert (arrays["steps"] < 400).all()  # those that reached the target first keep that status
    frames = load(folder)
    lanes, layers = (
        frames[name][frames[name]["problem"] == "practice_table_stopped"]
        for name in ("lanes", "layers")
    )
    assert set(lanes["status"]) >= {"stopped"}
    seen = layers[layers["optimizer"] == "adam"]["step"]
    assert 0 < seen.max() <= arrays["steps"][0, 0]


def test_the_study_runs_every_declared_net_of_the_practice():
    pairs, skipped = expand(read_study("practice"))
    named = [name for name in optbench.problems() if name.startswith("practice_")]
    assert {pair.problem.name for pair in pairs} == {*named} and not skipped
