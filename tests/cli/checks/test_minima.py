"""Descents below a declared minimum: one thread of BLAS, for the others would only wait."""

import pytest
import scipy.optimize
from threadpoolctl import threadpool_info, threadpool_limits

import optbench
from optbench.cli.checks.findings import WrongError
from optbench.cli.checks.minima import RANDOM_POINTS, lower_points
from optbench.define import problem


def threads():
    """Return how many threads each BLAS has."""
    return {facts["num_threads"] for facts in threadpool_info() if facts["user_api"] == "blas"}


def test_descents_leave_blas_one_thread(monkeypatch):
    solve, during = scipy.optimize.minimize, []

    def watched(*arguments, **options):
        during.append(threads())
        return solve(*arguments, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", watched)
    with threadpool_limits(2, "blas"):
        said = lower_points(optbench.problem("booth"))
        assert threads() == {2}
    assert said.startswith(f"none below f_min in {RANDOM_POINTS} random points and 6 descents")
    assert during == [{1}] * 6


def parabola(x):
    return -x[0] * x[0] - x[1] * x[1]


def cubic(x):
    return x[0] * x[0] * x[0] + x[1] * x[1]


@pytest.mark.parametrize("function", [parabola, cubic])
def test_what_falls_to_minus_infinity_has_no_least_value(function):
    own = problem(start=[0.5, 0.5], box=(-1.0, 1.0), source="here")(function)
    with pytest.raises(WrongError, match="without end"):
        lower_points(optbench.problem(own))
