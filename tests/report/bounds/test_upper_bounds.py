"""No lane of a rule lies above what is proved of it, at any recorded step: our rules, our problems.

The only slack is that of rounding.
"""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

import optbench
from optbench.report.bounds.convex_starts import ConvexStarts
from optbench.report.bounds.which import BOUNDS, bound
from tests.report.bounds.lanes import gaps_of, quadratic_starts, rounding, starts_on

QUADRATICS = [
    ("sphere", 10), ("ellipsoid_1e2", 10), ("ellipsoid_1e4", 10), ("ellipsoid_1e6", 10),
    ("rotated_ellipsoid_1e2", 10), ("rotated_ellipsoid_1e6", 10), ("nesterov_chain", 10),
    ("nesterov_chain", 100), ("double_sum", 10), ("power_law_2", 10), ("trid", 6),
    ("hilbert", 5), ("booth", 2),
]  # fmt: skip
SHARES = (0.01, 0.3, 1.0, 1.5, 1.99)
"""Rates, as shares of 1 / L; each bound is inf beyond what it allows."""
RELATIVE = 1e-6
"""Of a bound: powers of roots that differ by rounding, which at a double root is its square root.
"""


def lanes(problem, seeds=4):
    return problem.starts(range(seeds))


def polyak(smoothness, convexity):
    """Rate and momentum of Polyak 1964, sec. 2."""
    a, b = math.sqrt(smoothness), math.sqrt(convexity)
    return {"lr": 4 / (a + b) ** 2, "momentum": ((a - b) / (a + b)) ** 2}


def nesterov_momentum(rate, convexity):
    """Momentum of Nesterov 2004, theorem 2.2.3."""
    root = math.sqrt(rate * convexity)
    return (1.0 - root) / (1.0 + root)


def assert_below(rule, hyper, problem, points, starts):
    """Hold lanes under their bounds; return whether there is one."""
    steps, gaps = gaps_of(rule, problem, points, **hyper)
    most = bound(rule, hyper, starts, steps)
    if most is None:
        return False
    allowed = most * (1 + RELATIVE) + rounding(problem)
    excess = np.where(np.isfinite(most), gaps - allowed, -np.inf)
    lane, record = np.unravel_index(excess.argmax(), excess.shape)
    assert excess.max() <= 0, (rule, hyper, int(steps[record]), gaps[lane, record], most[lane])
    return True


@pytest.mark.parametrize(("name", "dim"), QUADRATICS)
def test_rules_stay_below_their_bounds_on_quadratics(name, dim):
    held = dict.fromkeys(BOUNDS, 0)
    for instance in (0, 3):
        problem = optbench.problem(name, dim, instance)
        points = lanes(problem)
        starts = quadratic_starts(problem, points)
        smoothness, convexity = float(starts.smoothness[0]), float(starts.convexity[0])
        for share in SHARES:
            for rule, hyper in settings(share / smoothness, convexity):
                held[rule] += assert_below(rule, hyper, problem, points, starts)
        for rule in ("heavy_ball", "momentum"):
            best = polyak(smoothness, convexity)
            assert assert_below(rule, best, problem, points, starts)
        slowest_best = {"lr": 2 / (smoothness + convexity) * (1 - 1e-9)}
        assert assert_below("gd", slowest_best, problem, points, starts)
    assert min(held.values()) > 0, held


def settings(rate, convexity):
    """Yield (rule, hyperparameters) with a rate, among them what strong convexity asks for."""
    yield "gd", {"lr": rate}
    yield "nesterov_convex", {"lr": rate}
    made_for = {nesterov_momentum(rate, convexity)} if rate * convexity <= 1 else set()
    for b in {0.0, 0.5, 0.9, 0.99} | made_for:
        for rule in ("heavy_ball", "momentum_inside", "nesterov", "nesterov_sutskever"):
            yield rule, {"lr": rate, "momentum": b}
        yield "momentum", {"lr": rate, "momentum": b, "dampening": 0.0}
        yield "momentum_ema", {"lr": rate / (1 - b), "momentum": b, "debias": 0.0}


SMOOTH = [("log_sum_exp", 2, 1.0), ("log_sum_exp", 10, 1.0), ("huber", 2, 1.0), ("huber", 10, 1.0)]
"""L: the Hessian of log_sum_exp is at most diagonal, with shares that add up to 1 (Nesterov 2005,
sec. 4.4); the slope of a Huber function rises by 1 at most."""


@pytest.mark.parametrize(("name", "dim", "smoothness"), SMOOTH)
def test_rules_stay_below_their_bounds_on_convex_functions(name, dim, smoothness):
    problem = optbench.problem(name, dim)
    points = lanes(problem, 8)
    starts = starts_on(problem, points, smoothness)
    for share in SHARES:
        hyper = {"lr": share / smoothness}
        assert assert_below("gd", hyper, problem, points, starts)
        is_bounded = assert_below("nesterov_convex", hyper, problem, points, starts)
        assert is_bounded == (share <= 1)


def test_gradient_descent_stays_below_its_bound_on_logistic_regression():
    """L of a mean of logistic losses is a quarter of the largest curvature of the features."""
    problem = optbench.problem("logistic_breast_cancer")
    n, features = (int(problem.placement.q[i]) for i in (0, 3))
    data = np.reshape(problem.placement.p[: n * features], (n, features))
    with_intercept = np.hstack([data, np.ones((n, 1))])
    penalty = np.append(np.full(features, 1e-2), 0.0)
    curved = with_intercept.T @ with_intercept / (4 * n) + np.diag(penalty)
    smoothness = float(np.linalg.eigvalsh(curved)[-1])
    minimum, points = minimiser(problem), lanes(problem)
    starts = starts_on(problem, points, smoothness, minimum=minimum)
    for share in SHARES:
        hyper = {"lr": share / smoothness}
        taken, gaps = gaps_of("gd", problem, points, 100, least=problem.value(minimum), **hyper)
        most = bound("gd", hyper, starts, taken)
        assert np.isfinite(most).all() and (gaps <= most * (1 + RELATIVE) + 1e-13).all()


def minimiser(problem):
    """Return the minimiser as SciPy finds it: the gap there is below the square of the gradient."""
    options = {"gtol": 1e-12}
    solved = minimize(
        problem.value, problem.start, jac=problem.grad, method="BFGS", options=options
    )
    assert np.abs(problem.grad(solved.x)).max() < 1e-7
    return solved.x


# ------------------------------------------------------------------- the bounds are no looser


@pytest.mark.parametrize("steps", [5, 50])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_huber_function_meets_the_bound_of_gradient_descent(steps, share):
    """Drori and Teboulle 2014, theorem 3.2, with slopes of at most 1: it starts at 2 h k + 1."""
    problem = optbench.problem("huber", 2)
    points = np.array([[2 * share * steps + 1, 0.0]])
    taken, gaps = gaps_of("gd", problem, points, steps, lr=share)
    most = bound("gd", {"lr": share}, starts_on(problem, points, 1.0), taken)
    assert gaps[0, -1] == pytest.approx(most[0, -1], rel=1e-12)


@pytest.mark.parametrize("axis", [0, -1])
def test_an_extreme_axis_meets_the_bound_of_strong_convexity(axis):
    """((kappa - 1) / (kappa + 1))^2 a step at h = 2 / (L + mu), along either axis."""
    problem = optbench.problem("ellipsoid_1e2", 10)
    points = np.eye(10)[[axis]]
    hyper = {"lr": 2 / 101 * (1 - 1e-12)}
    taken, gaps = gaps_of("gd", problem, points, **hyper)
    expected = gaps[0, 0] * (99 / 101) ** (2.0 * taken)
    np.testing.assert_allclose(gaps[0], expected, rtol=1e-6)
    most = bound("gd", hyper, quadratic_starts(problem, points), taken)
    np.testing.assert_allclose(gaps[0][taken > 50], most[0][taken > 50], rtol=1e-6)


def test_the_steepest_axis_meets_the_bound_of_polyaks_heavy_ball():
    problem = optbench.problem("ellipsoid_1e2", 10)
    points, hyper = np.eye(10)[[-1]], polyak(100.0, 1.0)
    taken, gaps = gaps_of("heavy_ball", problem, points, 60, **hyper)
    ratio = 9 / 11
    expected = ratio ** (2.0 * taken) * (taken + 1 + ratio * taken) ** 2 * gaps[0, 0]
    np.testing.assert_allclose(gaps[0], expected, rtol=1e-5)
    most = bound("heavy_ball", hyper, quadratic_starts(problem, points), taken)
    np.testing.assert_allclose(most[0], expected, rtol=1e-9)


@pytest.mark.parametrize("rule", ["heavy_ball", "nesterov", "nesterov_sutskever"])
def test_the_flattest_axis_meets_the_bound_of_momentum_that_is_too_slow(rule):
    problem = optbench.problem("ellipsoid_1e4", 10)
    points, hyper = np.eye(10)[[0]], {"lr": 1e-4, "momentum": 0.9}
    taken, gaps = gaps_of(rule, problem, points, **hyper)
    most = bound(rule, hyper, quadratic_starts(problem, points), taken)[0]
    late = taken > 130  # early the bound for oscillating axes is larger
    np.testing.assert_allclose(gaps[0][late], most[late], rtol=1e-9)


@pytest.mark.parametrize(
    ("rule", "factor"), [("gd", 2.0), ("nesterov_convex", 8.0), ("nesterov_sutskever", 2.0)]
)
def test_the_chain_comes_near_the_bounds(rule, factor):
    """No method can be more than 64/3 below Nesterov's: that is the lower bound."""
    problem = optbench.problem("nesterov_chain", 101)
    points = np.zeros((1, 101))
    starts = quadratic_starts(problem, points)
    hyper = {"lr": 1 / float(starts.smoothness[0])}
    if rule == "nesterov_sutskever":
        hyper["momentum"] = nesterov_momentum(hyper["lr"], float(starts.convexity[0]))
    taken, gaps = gaps_of(rule, problem, points, 50, **hyper)
    nearest = float((bound(rule, hyper, starts, taken) / gaps)[0, 1:].min())
    print(f"{rule} on the chain: {nearest:.1f} times below its bound at best")
    assert 1.0 <= nearest < factor


def test_heavy_ball_gains_the_square_root_of_the_condition_number():
    """Of kappa = 10^4: 4 / sqrt(kappa) a step in ln gap, and gradient descent 4 / kappa."""
    problem = optbench.problem("ellipsoid_1e4", 10)
    starts = quadratic_starts(problem, lanes(problem))
    steps = np.array([10_000.0, 11_000.0])
    for rule, hyper, expected in (
        ("heavy_ball", polyak(1e4, 1.0), 4e-2), ("gd", {"lr": 2 / (1e4 + 1)}, 4e-4),
    ):  # fmt: skip
        first, later = np.log(bound(rule, hyper, starts, steps)[0])
        assert (first - later) / 1000 == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("rule", "hyper"),
    [
        ("adam", {"lr": 0.1}),
        ("gd", {"lr": 2.1}),
        ("momentum", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        ("momentum_ema", {"lr": 0.1, "momentum": 0.9, "debias": 1.0}),
        ("heavy_ball", {"lr": 4.0, "momentum": 0.9}),
        ("nesterov", {"lr": 1.1, "momentum": 0.9}),
        ("nesterov_convex", {"lr": 1.1}),
    ],
)
def test_where_nothing_is_proved_there_is_no_bound(rule, hyper):
    starts = ConvexStarts(*np.array([[1.0], [0.1], [2.0], [1.5]]), quadratic=True)
    assert bound(rule, hyper, starts, np.arange(5)) is None


def test_momentum_is_bounded_on_quadratics_alone():
    parts = np.array([[1.0], [0.1], [2.0], [1.5]])
    hyper = {"lr": 0.5, "momentum": 0.9}
    for rule in ("heavy_ball", "nesterov"):
        assert bound(rule, hyper, ConvexStarts(*parts, quadratic=True), np.arange(5)) is not None
        assert bound(rule, hyper, ConvexStarts(*parts, quadratic=False), np.arange(5)) is None


def test_a_lane_that_starts_at_the_minimum_stays_there():
    starts = ConvexStarts(*np.array([[1.0], [0.1], [0.0], [0.0]]), quadratic=True)
    assert (bound("gd", {"lr": 0.5}, starts, np.arange(5)) == 0.0).all()
