"""Laws that hold for every rule, whatever its formula: run over all of `optbench.optimizers()`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.lanes import simulate

from .plain import plain_replay
from .references import distance

RULES = list(optbench.optimizers())
WRAPPED = [
    "adam[clip_norm=1]",
    "momentum[sam_rho=0.3]",
    "gd[plateau_factor=0.5,plateau_patience=2]",
    "schedule_free_sgd[sam_rho=0.3,clip_norm=1,plateau_factor=0.5,plateau_patience=0]",
]
COORDINATEWISE = RULES
EVERY = RULES + WRAPPED
DECAYING = {"lion", "adamw"}

few = settings(max_examples=15, deadline=None, derandomize=True)


def drawn(seed, count=30, d=6):
    """Return random gradients, values and a start."""
    rng = np.random.default_rng(seed)
    gradients = rng.standard_normal((count, d)) * 10.0 ** rng.uniform(-1, 1, d)
    return gradients, rng.standard_normal(count), rng.standard_normal(d)


# ----------------------------------------------------------------------------- nothing to do


@pytest.mark.parametrize("spec", EVERY)
def test_rate_zero_leaves_x_unchanged(spec):
    """The driver gives rate 0 to lanes that ended; users may not."""
    problem = optbench.problem("rosenbrock", dim=5)
    starts = np.random.default_rng(0).uniform(-2, 2, (3, 5))
    outcome = simulate(
        problem, optbench.optimizer(spec), starts=starts, keys=problem.keys(range(3)),
        lr=np.zeros(3), steps=20,
    )  # fmt: skip
    np.testing.assert_array_equal(outcome.x, starts)
    np.testing.assert_array_equal(outcome.f_final, outcome.f_start)


@pytest.mark.parametrize("spec", EVERY)
def test_zero_gradient_at_rest_leaves_x_unchanged(spec):
    start = np.array([1.0, -2.0, 0.0, 1e-30, 1e30])
    off = {"weight_decay": 0.0} if spec in DECAYING else {}
    for points in ("reported", "query"):
        found = optbench.replay(spec, np.zeros((6, 5)), start, points=points, lr=0.5, **off)
        np.testing.assert_array_equal(found, np.tile(start, (7, 1)))


@pytest.mark.parametrize("spec", sorted(DECAYING))
def test_zero_gradient_with_decay_shrinks_x_by_its_rate(spec):
    start = np.array([1.0, -2.0, 0.0])
    found = optbench.replay(spec, np.zeros((6, 3)), start, lr=0.5, weight_decay=0.1)
    expected = start * 0.95 ** np.arange(7)[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_only_declared_rules_decay():
    assert DECAYING == {n for n, r in optbench.optimizers().items() if "weight_decay" in r.hyper}


# ----------------------------------------------------------------------------- hand arithmetic

MU1, MU2 = 0.45007347334, 0.45014693470  # 0.9 (1 - 0.96^0.004 / 2) and 0.9 (1 - 0.96^0.008 / 2)
FIRST_STEP = {
    # from x = 1 with g = 2 and lr = 0.1, other settings by default
    "gd": 0.8,
    "sgd": 0.8,
    "momentum": 0.8,  # v = 2
    "nesterov": 0.62,  # v = 2, g + 0.9 v = 3.8
    "lion": 0.8999,  # 1 - 0.1 (1 + 0.001)
    "adagrad": 0.9,  # total = 4
    "rmsprop": 5e-8,  # v = 0.04: 1 - 0.2 / (0.2 + eps)
    "adam": 0.9,  # both corrected moments are those of g alone: 2 / 2
    "adamw": 0.899,  # 1 - 0.1 0.01 - 0.1
    # m = 0.2, v_hat = 4: 1 - 0.1 (2 + 0.2 mu_2 / (1 - mu_1 mu_2)) / 2
    "nadam": 0.9 - 0.01 * MU2 / (1 - MU1 * MU2),
    "schedule_free_sgd": 0.8,  # z = 0.8 and its average are one point
}


@pytest.mark.parametrize("rule", RULES)
def test_first_step_is_hand_arithmetic(rule):
    for points in ("reported", "query"):
        found = optbench.replay(rule, [[2.0]], [1.0], lr=0.1, points=points)
        assert found[0, 0] == 1.0
        assert found[1, 0] == pytest.approx(FIRST_STEP[rule], rel=0, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("gd", [0.0, -0.1, -0.2, -0.3]),
        ("momentum", [0.0, -0.1, -0.29, -0.561]),  # v = 1, 1.9, 2.71
        ("nesterov", [0.0, -0.19, -0.461, -0.8049]),  # 1 + 0.9 v = 1.9, 2.71, 3.439
        ("adagrad", [0.0, -0.1, -0.170710678119, -0.228445705038]),  # 1, 1/sqrt 2, 1/sqrt 3
        ("adam", [0.0, -0.1, -0.2, -0.3]),
    ],
)
def test_constant_unit_gradient(rule, expected):
    found = optbench.replay(rule, np.ones((3, 1)), [0.0], lr=0.1)[:, 0]
    np.testing.assert_allclose(found, expected, rtol=2e-8, atol=1e-15)


def test_schedule_free_reports_the_average_and_queries_between():
    gradients = np.array([[1.0], [2.0], [-4.0]])
    run = dict(lr=0.5, beta=0.9)  # z = -0.5, -1.5, 0.5
    average = np.array([0.0, -0.5, -1.0, -0.5])
    z = np.array([0.0, -0.5, -1.5, 0.5])
    found = optbench.replay("schedule_free_sgd", gradients, [0.0], **run)
    np.testing.assert_allclose(found[:, 0], average, atol=1e-15)
    found = optbench.replay("schedule_free_sgd", gradients, [0.0], points="query", **run)
    np.testing.assert_allclose(found[:, 0], 0.1 * z + 0.9 * average, atol=1e-15)


def test_schedule_free_driver_reports_f_at_the_average():
    run = optbench.minimize("schedule_free_sgd", "rosenbrock", steps=50, lr=1e-3)
    problem = optbench.problem("rosenbrock")
    assert run.f[0] == pytest.approx(problem.value(run.x[0]), rel=1e-12)
    for x, f in zip(run.records.x[0], run.records.f[0], strict=True):
        assert f == pytest.approx(problem.value(x), rel=1e-12)


@pytest.mark.parametrize("rule", ["gd", "momentum", "adam"])
def test_sam_queries_x_plus_rho_times_the_unit_gradient(rule):
    gradients, _, start = drawn(5, 40)
    rho = 0.3
    query = optbench.replay(rule, gradients, start, points="query", sam_rho=rho)
    reported = optbench.replay(rule, gradients, start, sam_rho=rho)
    units = gradients / np.linalg.norm(gradients, axis=1, keepdims=True)
    np.testing.assert_allclose(query[1::2], query[:-1:2] + rho * units[::2], atol=1e-12)
    np.testing.assert_array_equal(reported[1::2], reported[:-1:2])
    np.testing.assert_array_equal(reported[::2], query[::2])
    # ... and the rule sees the second gradients alone, from the points before the ascent.
    alone = optbench.replay(rule, gradients[1::2], start)
    np.testing.assert_allclose(reported[::2], alone, rtol=1e-13)


def test_sam_hand_arithmetic():
    query = optbench.replay(
        "gd", [[3.0, 4.0], [1.0, -1.0]], [0.0, 0.0], points="query", lr=0.5, sam_rho=2.0
    )
    np.testing.assert_allclose(query, [[0.0, 0.0], [1.2, 1.6], [-0.5, 0.5]], rtol=1e-11)


# ----------------------------------------------------------------------------- symmetries


@pytest.mark.parametrize("spec", EVERY)
@few
@given(seed=st.integers(0, 1000), order=st.permutations(range(6)))
def test_permuting_coordinates_permutes_the_result(spec, seed, order):
    gradients, values, start = drawn(seed)
    plain = optbench.replay(spec, gradients, start, values=values)
    found = optbench.replay(spec, gradients[:, order], start[order], values=values)
    if spec in COORDINATEWISE:
        np.testing.assert_array_equal(found, plain[:, order])
    else:  # the norm is summed in another order
        assert distance(found, plain[:, order]) <= 1e-13


@pytest.mark.parametrize("spec", EVERY)
@few
@given(cut=st.integers(0, 30), seed=st.integers(0, 1000))
def test_stop_and_restore_equals_an_unbroken_run(spec, cut, seed):
    gradients, values, start = drawn(seed)
    for points in ("reported", "query"):
        whole, end = optbench.replay(
            spec, gradients, start, values=values, points=points, return_state=True
        )
        head, state = optbench.replay(
            spec, gradients[:cut], start, values=values[:cut], points=points, return_state=True
        )
        elsewhere = np.full_like(start, 7.0)  # the start is ignored when a state is given
        for _ in range(2):  # a state can be used again
            tail, last = optbench.replay(
                spec, gradients[cut:], elsewhere, values=values[cut:], points=points,
                state=state, return_state=True,
            )  # fmt: skip
            assert head.tobytes() + tail[1:].tobytes() == whole.tobytes()
            assert tail[0].tobytes() == head[-1].tobytes()
            assert state_bytes(last) == state_bytes(end)


def state_bytes(state):
    arrays = [state.x, *state.state.values(), *state.lane_state.values()]
    return state.evaluations, [np.asarray(a).tobytes() for a in arrays]


@pytest.mark.parametrize("spec", EVERY)
def test_layered_view_equals_the_flat_one(spec):
    shape = [(7, 10), (10,), (65,), (1,), (64, 2)]
    gradients, values, start = drawn(11, 40, d=274)
    for points in ("reported", "query"):
        run = dict(values=values, points=points)
        flat = optbench.replay(spec, gradients, start, **run)
        layered = optbench.replay(spec, gradients, start, shape=shape, **run)
        assert flat.shape == layered.shape
        assert distance(layered, flat) <= (1e-15 if spec in COORDINATEWISE else 1e-12)


# ----------------------------------------------------------------------------- compilation


def hyperparameters(spec):
    """Return a strategy for settings inside the declared ranges."""

    def inside(allowed):
        low = max(allowed.low, 0.0) + 1e-3 * allowed.open_low
        high = min(allowed.high, 2.0) - 1e-3 * allowed.open_high
        return st.floats(low, high)

    ranges = optbench.optimizer(spec).hyper
    return st.fixed_dictionaries({name: inside(allowed) for name, allowed in ranges.items()})


@pytest.mark.parametrize("spec", EVERY)
@few
@given(data=st.data(), seed=st.integers(0, 1000))
def test_compiled_equals_plain_python(spec, data, seed):
    gradients, values, start = drawn(seed, 12)
    given_settings = data.draw(hyperparameters(spec))
    optimizer = optbench.optimizer(spec).with_settings(**given_settings)
    found = optbench.replay(optimizer, gradients, start, values=values, points="query")
    assert distance(found, plain_replay(optimizer, gradients, start, values)) <= 1e-12


@pytest.mark.parametrize("spec", EVERY)
def test_float32_is_close_to_float64(spec):
    gradients, values, start = drawn(2, 100)
    double = optbench.replay(spec, gradients, start, values=values)
    single, state = optbench.replay(
        spec, gradients, start, values=values, dtype="float32", return_state=True
    )
    assert single.dtype == np.float32
    assert all(a.dtype == np.float32 for a in (state.x, *state.state.values()))
    assert 0.0 < distance(single, double) <= 1e-3
