"""What theory says about runs on quadratics and convex functions, and which point is reported."""

import numpy as np
import pytest

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from tests.tolerance import rounding

CURVATURES = np.array([1.0, 10.0, 100.0])


def on_quadratic(rule, steps, start, curvatures=CURVATURES, points="reported", **settings):
    """Run a rule on sum w x^2 / 2 by replaying one gradient after the other."""
    state, x, iterates = None, np.array(start), [np.array(start)]
    for _ in range(steps):
        run = dict(state=state, return_state=True, **settings)
        value = [0.5 * np.sum(curvatures * x**2)]
        row, state = optbench.replay(rule, [curvatures * x], start, values=value, **run)
        x = state.x[:, 0]
        iterates.append(row[1] if points == "reported" else x)
    return np.array(iterates)


def test_gradient_descent_contracts_each_coordinate():
    """x_t = (1 - lr w)^t x_0."""
    start, lr, steps = np.array([1.0, -2.0, 0.5]), 0.015, 60
    expected = start * (1 - lr * CURVATURES) ** np.arange(steps + 1)[:, None]
    np.testing.assert_allclose(on_quadratic("gd", steps, start, lr=lr), expected, rtol=1e-11)


def two_term(roots, start, first, steps):
    """x_t = a r_1^t + b r_2^t with the two first points given."""
    r1, r2 = roots
    b = (first - r1 * start) / (r2 - r1)
    t = np.arange(steps + 1)[:, None]
    return np.real((start - b) * r1**t + b * r2**t)


@pytest.mark.parametrize("rule", ["heavy_ball", "momentum", "momentum_inside"])
def test_heavy_ball_follows_its_characteristic_roots(rule):
    """Polyak 1964: r^2 - (1 + mu - lr w) r + mu = 0, here with real and complex roots."""
    start, lr, mu, steps = np.array([1.0, -2.0, 0.5]), 0.012, 0.7, 80
    middle = (1 + mu - lr * CURVATURES).astype(complex)
    width = np.sqrt(middle**2 - 4 * mu)
    assert {True, False} == set(np.isreal(width))
    roots = (middle - width) / 2, (middle + width) / 2
    expected = two_term(roots, start, (1 - lr * CURVATURES) * start, steps)
    iterates = on_quadratic(rule, steps, start, lr=lr, momentum=mu)
    np.testing.assert_allclose(iterates, expected, rtol=0, atol=1e-13)


def test_polyaks_tuning_reaches_the_rate_of_its_theorem():
    """With lr = 4 / (sqrt L + sqrt m)^2 both roots have the size (sqrt k - 1) / (sqrt k + 1)."""
    curvatures, start = np.array([1.0, 100.0]), np.array([1.0, 1.0])
    rate = (10 - 1) / (10 + 1)
    iterates = on_quadratic(
        "heavy_ball", 300, start, curvatures, lr=4 / (10 + 1) ** 2, momentum=rate**2
    )
    sizes = np.linalg.norm(iterates[100:], axis=1)
    steps = np.arange(100, 301)
    assert np.all(sizes <= 40 * steps * rate**steps)
    assert sizes[-1] >= 0.01 * rate**300


def convex(name, rng):
    """Return a convex function, its gradient, Lipschitz constant, a minimiser and a start."""
    if name == "worst":  # Nesterov 2004, sec. 2.1.2: first half of the coordinates coupled
        n, k, big = 201, 100, 4.0
        matrix = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
        matrix[k:, :] = matrix[:, k:] = 0.0
        best = np.zeros(n)
        best[:k] = 1 - np.arange(1, k + 1) / (k + 1)
        b = np.zeros(n)
        b[0] = 1.0
        start = np.zeros(n)
    else:
        root = rng.standard_normal((20, 20)) * 10.0 ** rng.uniform(-2, 0, 20)
        matrix = root.T @ root
        big, best = np.linalg.eigvalsh(matrix)[-1], rng.standard_normal(20)
        b, start = matrix @ best, rng.standard_normal(20)

    def value(x):
        return 0.5 * x @ matrix @ x - b @ x

    return value, lambda x: matrix @ x - b, big, best, start


@pytest.mark.parametrize("name", ["worst", "random"])
def test_nesterov_obeys_his_bound_on_convex_functions(name):
    """f(y_k) - f* <= 2 L |x_0 - x*|^2 / (k + 1)^2 with lr = 1 / L (Beck and Teboulle, thm. 4.4)."""
    value, gradient, big, best, start = convex(name, np.random.default_rng(5))
    steps = 90
    state, x, gaps, plain = None, start, [], start
    for k in range(1, steps + 1):
        row, state = optbench.replay(
            "nesterov_convex", [gradient(x)], start, lr=1 / big, state=state, return_state=True
        )
        x = state.x[:, 0]
        plain = plain - gradient(plain) / big
        gaps.append(value(row[1]) - value(best))
        bound = 2 * big * np.sum((start - best) ** 2) / (k + 1) ** 2
        assert gaps[-1] <= bound
    assert gaps[-1] > 1e-4 * bound  # the bound is not far off
    assert gaps[-1] < 0.7 * (value(plain) - value(best))


# --------------------------------------------------------------------------- a rate that drops


def dropping(rule):
    """Ten steps of g = 1 with lr = 0.1, then ten with 0.01."""
    ones = np.ones((10, 1))
    early, state = optbench.replay(rule, ones, [0.0], lr=0.1, momentum=0.9, return_state=True)
    late = optbench.replay(rule, ones, [0.0], lr=0.01, momentum=0.9, state=state)
    return np.concatenate([early, late[1:]])[:, 0]


def test_momenta_part_when_the_rate_drops():
    """Inside, the velocity keeps the old rate: v_11 = 0.9 v_10 + 0.01; outside all of it drops."""
    outside, inside = dropping("momentum"), dropping("momentum_inside")
    np.testing.assert_allclose(inside[:11], outside[:11], rtol=1e-13)
    sums = 10 * (1 - 0.9 ** np.arange(1, 21))  # 1, 1.9, 2.71, ...
    assert sums[9] == pytest.approx(6.5132155990)
    np.testing.assert_allclose(-np.diff(outside), np.repeat([0.1, 0.01], 10) * sums, rtol=1e-12)
    assert outside[10] - outside[11] == pytest.approx(0.01 * 6.86189403910)
    assert inside[10] - inside[11] == pytest.approx(0.9 * 0.651321559900 + 0.01)
    ages = np.arange(1, 11)
    left = 0.9**ages * 0.1 * sums[9] + 0.01 * 10 * (1 - 0.9**ages)
    np.testing.assert_allclose(-np.diff(inside)[10:], left, rtol=1e-12)
    np.testing.assert_allclose(dropping("heavy_ball"), inside, rtol=1e-12)
    ahead = dropping("nesterov_sutskever")
    np.testing.assert_allclose(ahead, inside, rtol=1e-12)  # theta is where the velocity leads


# ------------------------------------------------------------------------------ what is reported


def test_averaged_sgd_reports_the_mean_of_its_points():
    gradients = np.random.default_rng(0).standard_normal((40, 3))
    run = dict(lr=0.1, lambd=0.0, t0=10.0)
    x = optbench.replay("asgd", gradients, np.ones(3), points="query", **run)
    iterates = optbench.replay("asgd", gradients, np.ones(3), **run)
    np.testing.assert_allclose(x, 1 - 0.1 * np.cumsum(np.vstack([np.zeros(3), gradients]), axis=0))
    np.testing.assert_array_equal(iterates[:13], x[:13])
    for t in range(13, 41):
        np.testing.assert_allclose(iterates[t], x[12 : t + 1].mean(axis=0), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("rule", "z"),
    [
        ("schedule_free_sgd", [0.0, -0.125, -0.625, 0.375]),  # 0.5 (1/4 1, 2/4 2, 3/4 -4 ...)
        ("schedule_free_adamw", [0.0, -0.125, -0.375, 0.0]),  # signs: beta2 = 0
    ],
)
def test_schedule_free_warms_up_and_weights_by_the_squared_rate(rule, z):
    gradients = [[1.0], [2.0], [-8.0 / 3.0]]
    run = dict(lr=0.5, warmup_steps=4.0)
    beta = "beta1" if rule == "schedule_free_adamw" else "beta"
    run |= dict(beta2=0.0, eps=1e-300) if rule == "schedule_free_adamw" else {}
    z, weights = np.array(z), np.array([1.0, 4.0, 9.0])  # (t / 4)^2
    average = np.concatenate([[0.0], np.cumsum(weights * z[1:]) / np.cumsum(weights)])
    for points, expected in (("reported", average), ("query", 0.1 * z + 0.9 * average)):
        iterates = optbench.replay(rule, gradients, [0.0], points=points, **run, **{beta: 0.9})
        np.testing.assert_allclose(iterates[:, 0], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "rule", ["asgd", "nesterov_sutskever", "nesterov_convex", "schedule_free_adamw"]
)
def test_driver_reports_f_at_the_reported_point(rule):
    run = optbench.minimize(rule, "rosenbrock", steps=50, lr=1e-3)
    problem = optbench.problem("rosenbrock")
    for x, f in zip(run.records.x[0], run.records.f[0], strict=True):
        assert f == pytest.approx(problem.value(x), rel=1e-12)
    assert len({tuple(x) for x in run.records.x[0]}) > 20


# ---------------------------------------------------------------------------- values and steps


def test_polyak_takes_f_ref_where_it_is_known():
    """On |x|^2 the step with f* = 0 halves x; a declared minimum overrides f_min."""
    problem, start = optbench.problem("sphere", dim=3), np.full((1, 3), 2.0)
    facts = dict(starts=start, keys=problem.keys(range(1)), lr=np.array([1e9]))
    value = problem.value(start[0])
    slope = problem.grad(start[0])
    step = value / np.sum(slope**2)
    for f_min in (0.0, -5.0):
        rule = optbench.optimizer(f"polyak[f_min={f_min}]")
        with_reference = simulate(problem, rule, LaneInputs(**facts), Job(steps=7))
        factor = 1 - step * slope[0] / 2.0
        np.testing.assert_allclose(with_reference.x[0], 2.0 * factor**7, rtol=1e-12)
    without_reference = simulate(
        problem,
        optbench.optimizer("polyak[f_min=-5]"),
        LaneInputs(**facts),
        Job(steps=7, f_ref=np.nan),
    )
    assert np.max(np.abs(without_reference.x - with_reference.x)) > 0.1


def test_polyaks_step_obeys_its_bound():
    """min f - f* <= G |x_0 - x*| / sqrt(k + 1) on convex functions (Boyd and Park, sec. 4)."""
    value, gradient, _, best, start = convex("random", np.random.default_rng(5))
    state, x, lowest, steepest = None, start, np.inf, 0.0
    for k in range(60):
        g, gap = gradient(x), value(x) - value(best)
        lowest, steepest = min(lowest, gap), max(steepest, np.linalg.norm(g))
        assert lowest <= steepest * np.linalg.norm(start - best) / np.sqrt(k + 1)
        _, state = optbench.replay(
            "polyak", [g], start, values=[gap], lr=1e9, state=state, return_state=True
        )
        x = state.x[:, 0]


@pytest.mark.parametrize("short", [0, 1])
def test_barzilai_borwein_steps_are_inverse_curvatures(short):
    """Each step is within [1 / L, 1 / m]; in one dimension the second point is the minimum."""
    one = on_quadratic("barzilai_borwein", 2, [3.0], np.array([7.0]), lr=0.01, short=short)
    assert abs(one[-1, 0]) <= rounding(16, 3.0)  # two products, a quotient and a step from 3
    start = np.array([1.0, 1.0, 1.0])
    points = on_quadratic("barzilai_borwein", 30, start, lr=1e-3, short=short)
    gradients = CURVATURES * points
    moves = points[1:-1] - points[2:]
    steps = moves[:, 0] / gradients[1:-1, 0]
    assert np.all((steps >= 1 / 100 - 1e-12) & (steps <= 1 + 1e-12))


def test_barzilai_borwein_keeps_its_step_where_the_curvature_is_negative():
    gradients = [[1.0], [2.0], [1.0]]  # the gradient grows while x falls: s.y < 0
    iterates = optbench.replay("barzilai_borwein", gradients[:2], [0.0], lr=0.1)
    np.testing.assert_allclose(iterates[:, 0], [0.0, -0.1, -0.3])


@pytest.mark.parametrize("rule", ["dog", "dowg", "dadapt_sgd", "dadapt_adam", "prodigy", "cocob"])
def test_parameter_free_rules_need_no_rate(rule):
    """With everything by default they come close on a well-conditioned quadratic."""
    problem, start = optbench.problem("sphere", dim=10), np.full(10, 3.0)
    run = optbench.minimize(rule, problem, steps=3000, start=start)
    assert run.best[0] < 1e-3 * problem.value(start)


def test_rprop_steps_grow_shrink_and_wait():
    gradients = [[1.0], [1.0], [-1.0], [-1.0], [-1.0]]
    iterates = optbench.replay("rprop", gradients, [0.0], lr=0.1)[:, 0]
    # 0.1, 0.12, a change of sign: 0.06 and no move, then 0.06 (forgotten), 0.072
    np.testing.assert_allclose(iterates, [0.0, -0.1, -0.22, -0.22, -0.16, -0.088], rtol=1e-14)
