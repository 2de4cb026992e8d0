"""Descents below a declared minimum: one thread of BLAS, for the others would only wait."""

import scipy.optimize
from threadpoolctl import threadpool_info, threadpool_limits

import optbench
from optbench.cli.checks.minima import RANDOM_POINTS, lower_points


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
