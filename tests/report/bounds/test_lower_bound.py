"""No first-order method is faster than what the chain allows: every rule of the catalog.

After k gradients only k coordinates of the chain have moved, so that its gap is at least that of a
chain of k links (Nesterov 2004, theorem 2.1.7). That holds for what a rule makes of the gradients
coordinate by coordinate as for combinations of them (Carmon et al. 2020, Lower bounds for finding
stationary points, "zero-respecting").
"""

import numpy as np
import pytest

import optbench
from optbench.rules import compose

SMOOTHNESS = 4.0
RATES = 10.0 ** np.arange(-3.0, 1.5, 0.5)
CHAIN = optbench.problem("nesterov_chain", 3)
RULES = [
    name for name in optbench.optimizers() if compose.optimizer(name).wants(CHAIN) is None
]  # fmt: skip


def least_gap(evaluations, dim):
    """Return f on the first coordinates, as few as evaluations [r], minus f* on `dim`."""
    links = np.minimum(evaluations, dim)
    return 0.5 * (1.0 / (links + 1.0) - 1.0 / (dim + 1.0))


def test_the_least_gap_is_that_of_the_linear_system():
    d, k = 21, 10
    chain = 2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1)
    first = np.eye(d)[0]
    values = [
        -0.5 * first[:m] @ np.linalg.solve(chain[:m, :m], first[:m]) for m in (k, d)
    ]  # fmt: skip
    assert least_gap(np.array(k), d) == pytest.approx(values[0] - values[1], rel=1e-12)
    problem = optbench.problem("nesterov_chain", d)
    assert problem.f_min == pytest.approx(values[1], rel=1e-12)


def nesterovs_bound(problem, steps):
    """3 L |x_0 - x*|^2 / (32 (k + 1)^2) for a chain of 2 k + 1 links."""
    distance = np.sum((problem.start - problem.minimum) ** 2)
    return 3.0 * SMOOTHNESS * distance / (32.0 * (steps + 1.0) ** 2)


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_is_faster_than_a_first_order_method_can_be(rule):
    cost = compose.optimizer(rule).evaluations
    for k in (2, 12, 30):
        problem = optbench.problem("nesterov_chain", 2 * k + 1)
        assert not problem.start.any()
        steps = max(1, k // cost)
        rates = {} if compose.optimizer(rule).fixed_rate else {"lr": RATES}
        n = len(RATES) if rates else 1
        run = optbench.minimize(
            rule, problem, steps=steps, lanes=n, start=problem.start, records=4 * steps, **rates
        )
        gaps = run.records.f - problem.f_min
        spent = run.records.steps * cost
        slack = 1e-14
        assert (gaps >= least_gap(spent, problem.dim) - slack).all()
        assert not run.x[np.isfinite(run.f)][:, steps * cost :].any()
        if steps * cost == k:
            assert (gaps[:, -1] >= nesterovs_bound(problem, k) - slack).all()


@pytest.mark.parametrize("k", [1, 5, 50])
def test_conjugate_gradients_meet_the_lower_bound(k):
    """They take the least value of the coordinates that have moved: no bound is larger."""
    from scipy.sparse.linalg import cg

    d = 2 * k + 1
    problem = optbench.problem("nesterov_chain", d)
    chain = 2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1)
    x, _ = cg(chain, np.eye(d)[0], rtol=0.0, maxiter=k)
    gap = problem.value(x) - problem.f_min
    assert gap == pytest.approx(float(least_gap(np.array(k), d)), rel=1e-9)
    assert 1.0 <= gap / nesterovs_bound(problem, k) < 1.0 + 1.0 / k
