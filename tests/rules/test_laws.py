"""Laws that hold for every rule, whatever its formula: run over all of `optbench.optimizers()`."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import optbench
from optbench.define import Flag
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from tests.thinning import sampled
from tests.tolerance import STEP, rounding

from .law_cases import COORDINATEWISE, EVERY, LAYERWISE, few, random_inputs
from .plain import plain_replay
from .references import distance

DECOUPLED = (
    "lion",
    "adamw",
    "mars_adamw",
    "mars_lion",
    "stable_adamw",
)  # x shrinks by 1 - lr weight_decay a step
DECAYS = ("weight_decay", "lambd")  # what moves x without a gradient
SHRINKING = {"fromage"}  # x is scaled at every step


# ----------------------------------------------------------------------------- nothing to do


@pytest.mark.parametrize("spec", EVERY)
def test_rate_zero_leaves_x_unchanged(spec):
    """The driver gives rate 0 to lanes that ended; users may not."""
    problem = optbench.problem("rosenbrock", dim=5)
    starts = np.random.default_rng(0).uniform(-2, 2, (3, 5))
    outcome = simulate(
        problem,
        optbench.optimizer(spec),
        LaneInputs(starts, problem.keys(range(3)), np.zeros(3)),
        Job(steps=20),
    )
    np.testing.assert_array_equal(outcome.x, starts)
    np.testing.assert_array_equal(outcome.f_final, outcome.f_start)


@pytest.mark.parametrize("spec", [spec for spec in EVERY if spec not in SHRINKING])
def test_zero_gradient_at_rest_leaves_x_unchanged(spec):
    start = np.array([1.0, -2.0, 0.0, 1e-30, 1e30])
    off = {name: 0.0 for name in DECAYS if name in optbench.optimizer(spec).hyper}
    for points in ("reported", "query"):
        iterates = optbench.replay(spec, np.zeros((6, 5)), start, points=points, lr=0.5, **off)
        np.testing.assert_array_equal(iterates, np.tile(start, (7, 1)))


@pytest.mark.parametrize("spec", DECOUPLED)
def test_zero_gradient_with_decay_shrinks_x_by_its_rate(spec):
    start = np.array([1.0, -2.0, 0.0])
    iterates = optbench.replay(spec, np.zeros((6, 3)), start, lr=0.5, weight_decay=0.1)
    expected = start * 0.95 ** np.arange(7)[:, None]
    np.testing.assert_allclose(iterates, expected, rtol=1e-14)


def test_fromage_shrinks_x_at_every_step():
    start = np.array([1.0, -2.0, 0.0])
    iterates = optbench.replay("fromage", np.zeros((6, 3)), start, lr=0.5)
    expected = start * 1.25 ** (-0.5 * np.arange(7))[:, None]
    np.testing.assert_allclose(iterates, expected, rtol=1e-14)


# ----------------------------------------------------------------------------- symmetries


@pytest.mark.parametrize("spec", EVERY)
@few
@given(seed=st.integers(0, 1000), order=st.permutations(range(6)))
def test_permuting_coordinates_permutes_the_result(spec, seed, order):
    gradients, values, start = random_inputs(seed)
    plain = optbench.replay(spec, gradients, start, values=values)
    iterates = optbench.replay(spec, gradients[:, order], start[order], values=values)
    if spec in COORDINATEWISE:
        np.testing.assert_array_equal(iterates, plain[:, order])
    else:  # the norm is summed in another order
        assert distance(iterates, plain[:, order]) <= 1e-12


@pytest.mark.parametrize("spec", EVERY)
@few
@given(cut=st.integers(0, 30), seed=st.integers(0, 1000))
def test_stop_and_restore_equals_an_unbroken_run(spec, cut, seed):
    gradients, values, start = random_inputs(seed)
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


@pytest.mark.parametrize("spec", LAYERWISE)
def test_layerwise_rules_treat_each_layer_as_if_it_were_alone(spec):
    sizes = (70, 10, 65, 1, 128)
    gradients, values, start = random_inputs(11, 40, d=sum(sizes))
    shape = [(size,) for size in sizes]
    iterates = optbench.replay(spec, gradients, start, shape=shape, values=values)
    at = 0
    for size in sizes:
        part = slice(at, at + size)
        alone = optbench.replay(spec, gradients[:, part], start[part], values=values)
        assert distance(iterates[:, part], alone) <= 1e-12
        at += size


@pytest.mark.parametrize("spec", [spec for spec in EVERY if spec not in LAYERWISE])
def test_layered_view_equals_the_flat_one(spec):
    shape = [(7, 10), (10,), (65,), (1,), (64, 2)]
    gradients, values, start = random_inputs(11, 40, d=274)
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
        if isinstance(allowed, Flag):
            return st.sampled_from([0.0, 1.0])
        if allowed.whole:
            return st.integers(int(allowed.low), int(max(allowed.low, 2.0)))
        low = max(allowed.low, 0.0) + 1e-3 * allowed.open_low
        high = min(allowed.high, 2.0) - 1e-3 * allowed.open_high
        return st.floats(low, high)

    ranges = optbench.optimizer(spec).hyper
    return st.fixed_dictionaries({name: inside(allowed) for name, allowed in ranges.items()})


@pytest.mark.parametrize("spec", EVERY)
@few
@given(data=st.data(), seed=st.integers(0, 1000))
def test_compiled_equals_plain_python(spec, data, seed):
    gradients, values, start = random_inputs(seed, 12)
    given_settings = data.draw(hyperparameters(spec))
    if given_settings.get("centered"):  # the variance of one gradient is nothing but rounding
        assume(given_settings["alpha"] >= 0.1)
    optimizer = optbench.optimizer(spec).with_settings(**given_settings)
    expected = plain_replay(optimizer, gradients, start, values)
    assume(np.abs(expected).max() < 1e100)  # near overflow the order of operations decides
    iterates = optbench.replay(optimizer, gradients, start, values=values, points="query")
    magnified = 1.0 + magnification(optimizer, gradients, start, values, expected)
    roundings = 30 * len(gradients)  # a step has some thirty, one after the other
    assert distance(iterates, expected) <= rounding(roundings, magnified)


def magnification(optimizer, gradients, start, values, expected):
    """By what factor relative changes of what a rule is fed come out of it, by `distance`."""
    rng = np.random.default_rng(1)

    def shaken(numbers):
        return numbers * (1.0 + STEP * rng.choice([-1.0, 1.0], numbers.shape))

    inputs = (gradients, start, values)
    moved = [plain_replay(optimizer, *map(shaken, inputs)) for _ in range(4)]
    return max(distance(points, expected) for points in moved) / STEP


@pytest.mark.parametrize("spec", sampled(EVERY))
def test_float32_is_close_to_float64(spec):
    gradients, values, start = random_inputs(2, 100)
    double = optbench.replay(spec, gradients, start, values=values)
    single, state = optbench.replay(
        spec, gradients, start, values=values, dtype="float32", return_state=True
    )
    assert single.dtype == np.float32
    assert all(a.dtype == np.float32 for a in (state.x, *state.state.values()))
    assert 0.0 < distance(single, double) <= 1e-3
