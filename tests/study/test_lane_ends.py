"""Cells keep why their lanes failed: of the tuned and the default trial, on every draw."""

import numpy as np
import pytest

import optbench
from optbench.kernels.status import NOT_FINITE, Failure
from optbench.study.cells import scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.pairs import Pair
from optbench.study.schema import Study
from optbench.study.trials import rate_trials


def scored(optimizer, problem, rates, budget=200, kept=(0, 1), **options):
    study = Study(
        name="one", optimizers=["gd"], problems=["booth"], tuning_instances=(1, 2),
        scoring_instances=(3, 4, 5), target=1e-6, **options,
    )  # fmt: skip
    problem = optbench.problem(problem) if isinstance(problem, str) else problem
    pair = Pair(optbench.optimizer(optimizer), problem, budget)
    trials = rate_trials(np.array(rates))
    assert "failure" not in compute(tuning_cell(pair, study, trials))[0]
    return compute(scoring_cell(pair, study, trials, kept))[0]


def words(arrays, trial):
    return {Failure(code).words for code in arrays["failure"][:, trial]}


def test_every_kept_lane_has_a_word_and_a_number():
    arrays = scored("gd", "rosenbrock", [1e-4, 1e-3, 1.0], kept=(1, 2))
    assert arrays["failure"].shape == arrays["evidence"].shape == (4, 2)
    assert words(arrays, 0) == {"budget"} and words(arrays, 1) == {"not finite"}
    best = arrays["record_best"] - arrays["f_ref"][:, None, None]
    at = arrays["record_evaluations"].tolist()
    half = max(i for i, evaluations in enumerate(at) if evaluations <= 100)
    fall = 1.0 - best[:, 0, -1] / best[:, 0, half]
    np.testing.assert_array_equal(arrays["evidence"][:, 0], fall)
    np.testing.assert_array_equal(arrays["evidence"][:, 1], arrays["steps"][:, 2])
    assert (arrays["status"][:, 2] == NOT_FINITE).all()


def test_reached_lanes_have_not_failed():
    arrays = scored("gd", "booth", [0.05, 0.1])
    fails = arrays["failure"] != Failure.NONE
    np.testing.assert_array_equal(fails, ~arrays["reached"])
    np.testing.assert_array_equal(fails, ~np.isnan(arrays["evidence"]))


def test_basins_of_the_problem_are_asked():
    """Where a lane is below every other minimum it is at none of them."""
    arrays = scored("sign_sgd", "styblinski_tang", [0.003, 0.01], budget=1000)
    gaps = arrays["f_final"] - arrays["f_ref"][:, None]
    other = arrays["failure"] == Failure.OTHER_MINIMUM
    assert other.any() and (gaps[other] >= 14.0).all()
    inside = arrays["failure"][gaps < 14.0]
    assert set(inside) <= {Failure.NONE, Failure.STALLED} and Failure.STALLED in inside


@pytest.mark.parametrize("problem", ["noisy_quadratic", "logistic_breast_cancer", "digits_mlp"])
def test_of_noise_data_and_nets_is_said_what_can_be(problem):
    arrays = scored("sgd", problem, [1e-5, 1e5], budget=60)
    assert words(arrays, 0) <= {"budget", "stalled"}
    assert words(arrays, 1) <= {"not finite", "diverged", "left the box", "budget", "stalled"}


def test_float32_lanes_are_told_as_float64_ones():
    for dtype in ("float64", "float32"):
        study = Study(name="one", optimizers=["gd"], problems=["plateau"], target=1e-3)
        pair = Pair(optbench.optimizer("gd"), optbench.problem("plateau"), 100, dtype=dtype)
        cell = scoring_cell(pair, study, rate_trials(np.array([0.01, 0.1])), (0, 1))
        first, again = compute(cell)[0], compute(cell)[0]
        assert Failure.PLATEAU in first["failure"] and Failure.BUDGET in first["failure"]
        for name in ("failure", "evidence"):
            assert first[name].tobytes() == again[name].tobytes()
        if dtype == "float64":
            expected = first["failure"]
    np.testing.assert_array_equal(first["failure"], expected)
