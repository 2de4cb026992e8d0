"""The arrays of a cell: what lanes of `minimize` give, in the shapes that docs/data.md names."""

import numpy as np
import pytest

import optbench
from optbench.catalog.references import reference
from optbench.kernels.status import NOT_RUN
from optbench.lanes.record_hits import record_hits
from optbench.lanes.records import record_evaluations
from optbench.lanes.targets import TARGETS
from optbench.study.cells import scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.pairs import Pair
from optbench.study.schema import Study
from optbench.study.trials import rate_trials
from tests.surfaces import unknown_minimum

STUDY = Study(
    name="one", optimizers=["gd"], problems=["booth"], seeds=2, tuning_instances=(1, 2),
    scoring_instances=(3, 4), target=1e-4,
)  # fmt: skip
RATES = np.array([0.001, 0.01, 0.1])


def scored(optimizer, problem, budget=200, kept=(1, 2), study=STUDY):
    pair = Pair(optbench.optimizer(optimizer), optbench.problem(problem), budget)
    cell = scoring_cell(pair, study, rate_trials(RATES), kept)
    return pair, compute(cell)[0]


def lane(optimizer, problem, arrays, draw, trial, steps, **options):
    """Run one lane of a cell by itself."""
    instance, seed = int(arrays["instance"][draw]), int(arrays["seed"][draw])
    problem = optbench.problem(problem, instance=instance or None)
    return problem, optbench.minimize(
        optimizer, problem, steps=steps, seed=seed, lr=arrays["lr"][trial], **options
    )


@pytest.mark.parametrize("optimizer", ["momentum", "adam[sam_rho=0.05]", "schedule_free_sgd"])
def test_lanes_of_a_surface_are_those_of_minimize_with_hits_in_evaluations(optimizer):
    pair, arrays = scored(optimizer, "booth")
    per_step = pair.optimizer.evaluations
    assert arrays["f_final"].shape == (5, 3) and arrays["f_start"].shape == (5,)
    assert arrays["status"][0, 0] == NOT_RUN and np.isnan(arrays["f_final"][0, 0])
    table = np.zeros((5, 3, len(TARGETS)), int)
    table[:, :, np.isin(TARGETS, arrays["targets"])] = np.moveaxis(arrays["hits"], 0, -1)
    for draw in range(5):
        for trial in range(3) if draw else (1, 2):  # on the canonical draw only those kept run
            _, run = lane(optimizer, "booth", arrays, draw, trial, pair.steps)
            assert arrays["f_final"][draw, trial] == run.f[0]
            assert arrays["f_best"][draw, trial] == run.best[0]
            assert arrays["steps"][draw, trial] == run.steps[0]
            assert arrays["f_start"][draw] == run.f_start[0]
            hits = np.where(run.hits[0] < 0, 0, run.hits[0] * per_step + 1)
            np.testing.assert_array_equal(table[draw, trial], hits)
            assert arrays["hit"][draw, trial] == hits[list(TARGETS).index(1e-4)]
    assert (arrays["hits"] > 0).any(axis=(1, 2)).all()  # a target that no lane met is not kept


def test_a_lane_that_leaves_its_target_again_has_touched_it_and_not_reached_it():
    """Momentum without damping swings: it passes the minimum and is away again at most times."""
    _, arrays = scored(
        "momentum[momentum=0.999]", "booth", budget=40, study=STUDY.changed(target=0.1)
    )
    goal = arrays["goal"][:, None]
    assert np.array_equal(arrays["reached"], (arrays["hit"] > 0) & (arrays["f_final"] <= goal))
    touched = (arrays["hit"] > 0) & ~arrays["reached"]
    assert touched.any() and (arrays["f_best"] <= goal)[touched].all()


def test_hits_with_noise_are_those_of_the_records():
    pair, arrays = scored("sgd", "noisy_quadratic", budget=300)
    evaluations = record_evaluations(300)
    for draw in range(5):
        problem, run = lane("sgd", "noisy_quadratic", arrays, draw, 2, 300)
        f_ref = reference(problem).value
        goal = np.array([[f_ref + 1e-2 * (run.f_start[0] - f_ref)]])
        expected = record_hits(evaluations, run.records.f, goal, np.array([f_ref]))
        assert arrays["hit"][draw, 2] == expected[0, 0]
    assert (arrays["hit"][:, 2] > 0).any()


def test_curves_are_kept_of_the_kept_trials_alone():
    _, arrays = scored("adam", "booth")
    assert arrays["kept"].tolist() == [1, 2]
    for place, trial in enumerate(arrays["kept"]):
        _, run = lane("adam", "booth", arrays, 3, trial, 200)
        np.testing.assert_array_equal(arrays["record_f"][3, place], run.records.f[0])
        np.testing.assert_array_equal(arrays["record_best"][3, place], run.records.best[0])
        np.testing.assert_array_equal(arrays["record_x"][3, place], run.records.x[0])


def test_optimizers_that_pay_more_a_step_are_recorded_at_the_same_evaluations():
    _, one = scored("momentum", "booth")
    pair, two = scored("momentum[sam_rho=0.05]", "booth")
    np.testing.assert_array_equal(one["record_evaluations"], two["record_evaluations"])
    assert one["record_f"].shape == two["record_f"].shape
    at_seven = list(two["record_evaluations"]).index(7)
    _, run = lane("momentum[sam_rho=0.05]", "booth", two, 1, 1, 3)
    assert two["record_f"][1, 0, at_seven] == run.f[0]  # three steps cost six evaluations


def test_data_problems_keep_losses_and_accuracies_of_the_kept_trials():
    pair, arrays = scored("sgd", "softmax_iris", budget=60)
    for place, trial in enumerate(arrays["kept"]):
        _, run = lane("sgd", "softmax_iris", arrays, 2, trial, 60)
        np.testing.assert_allclose(
            arrays["record_metrics"][2, place], run.records.metrics[0], rtol=1e-12
        )


def test_tuning_cells_of_surfaces_have_hits_and_no_curves():
    pair = Pair(optbench.optimizer("gd"), optbench.problem("booth"), 100)
    arrays = compute(tuning_cell(pair, STUDY, rate_trials(RATES)))[0]
    assert arrays["hit"].shape == (4, 3) and "record_f" not in arrays and "kept" not in arrays


def test_without_a_reference_there_is_no_target():
    _, arrays = scored("gd", unknown_minimum, budget=20)
    assert np.isnan(arrays["f_ref"]).all() and np.isnan(arrays["goal"]).all()
    assert not arrays["hit"].any() and not arrays["reached"].any() and not arrays["hits"].size
