"""Solvers within a budget: what is counted, what is kept, and where they do not run."""

import numpy as np
import pytest
from scipy.optimize import minimize

import optbench
from optbench.lanes import solvers
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.lanes.solvers import METHODS, Solver, SolverRun
from optbench.lanes.targets import TARGETS
from optbench.study.pairs import expand
from optbench.study.schema import Study


def outcome(name, problem, steps, lanes=2, **options):
    problem = optbench.problem(problem)
    return simulate(
        problem,
        Solver(name),
        LaneInputs(problem.starts(range(lanes)), problem.keys(range(lanes)), np.ones(lanes)),
        Job(steps=steps, **options),
    )


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name]])
def test_calls_are_counted_and_the_result_is_scipys(name):
    """Unlimited, the best point and the number of evaluations are those that SciPy reports."""
    problem = optbench.problem("rosenbrock")
    counted = []

    def value(x):
        counted.append(x.copy())
        return float(problem.value(x))

    def both(x):
        counted.append(x.copy())
        return problem.value_and_grad(x)

    valued = name in solvers.VALUES_ONLY
    function, jac = (value, None) if valued else (both, True)
    found = minimize(function, problem.start, jac=jac, method=METHODS[name])
    run = outcome(name, "rosenbrock", steps=5000, lanes=1)
    assert run.steps[0] == len(counted) - 1
    values = [float(problem.value(x)) for x in counted]
    assert run.f_best[0] == min(values) <= found.fun
    np.testing.assert_array_equal(run.x[0], counted[int(np.argmin(values))])
    hit = next(k for k, f in enumerate(values) if f <= 1e-3 * values[0])
    assert run.hits[0, list(TARGETS).index(1e-3)] == hit


@pytest.mark.parametrize("name", METHODS)
def test_no_call_goes_beyond_the_budget(name, monkeypatch):
    problem, calls = optbench.problem("rosenbrock", dim=10), []
    real = type(problem).value_and_grad

    def counting(self, x):
        calls.append(x)
        return real(self, x)

    monkeypatch.setattr(type(problem), "value_and_grad", counting)
    run = SolverRun(problem=problem, start=problem.start, budget=20, records={0, 5, 20})
    run.minimize(name, 7)
    assert len(run.values) == len(calls) == 21  # the last point is looked at for nothing
    assert [f for f, _ in run.recorded] == [min(run.values[: k + 1]) for k in (0, 5, 20)]


def test_random_search_is_keyed_by_the_lane():
    first, again = (outcome("random_search", "himmelblau", 50, lanes=3) for _ in range(2))
    np.testing.assert_array_equal(first.x, again.x)
    assert len(np.unique(first.f_best)) == 3
    low, high = optbench.problem("himmelblau").box
    assert np.all((first.x >= low) & (first.x <= high))


def test_stop_at_target_ends_the_run_there():
    free, stopped = (
        outcome("scipy_lbfgsb", "sphere", 200, stop_at_target=stop) for stop in (False, True)
    )
    assert set(stopped.status) == {0}
    assert np.all(stopped.steps == stopped.hits.max(axis=1))
    np.testing.assert_array_equal(stopped.hits, free.hits)


def test_a_study_keeps_them_as_cells_and_its_page_shows_them(tmp_path):
    study = Study(
        name="mine", optimizers=["gd", "scipy_bfgs", "scipy_nelder_mead"],
        problems=["booth", "noisy_quadratic"], steps=60, seeds=2, lr=dict(count=3),
    )  # fmt: skip
    folder = optbench.run(study, tmp_path / "run")
    frames = optbench.load(folder)
    skipped = frames["skipped"].set_index("optimizer")["reason"]
    assert skipped["scipy_bfgs"] == (
        "scipy_bfgs is for noise-free surfaces; noisy_quadratic is not one"
    )
    lanes = frames["lanes"].query("optimizer == 'scipy_bfgs' and phase == 'scoring'")
    assert len(lanes) == 20 * 2 + 1 and set(lanes["status"]) == {"target"}
    page = (folder / "report" / "index.html").read_text()
    assert "scipy_nelder_mead" in page and "Conformance of the update rules" in page


def test_only_studies_that_name_them_run_them():
    study = Study(name="mine", optimizers=["*"], problems=["booth"])
    assert not {pair.optimizer.name for pair in expand(study)[0]} & set(METHODS)
