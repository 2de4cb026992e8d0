"""Rules as transformations of optax: in `jit` and `scan`, against optax's own and `replay`."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError

pytestmark = pytest.mark.conformance
jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

RATE, STEPS = 1e-2, 100
PAIRS = {
    "adam": lambda lr: optax.adam(lr), "lion": lambda lr: optax.lion(lr),
    "momentum": lambda lr: optax.sgd(lr, momentum=0.9),
    "adam[decay=0.01]": lambda lr: optax.adamw(lr, weight_decay=0.01),
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_float64():
    """For all threads: callbacks run in threads of JAX's own."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def parameters(dtype):
    rng = np.random.default_rng(0)
    shapes = {"w": (7, 20), "b": (20,), "v": (20, 3)}
    return {name: jnp.array(rng.normal(size=shape), dtype) for name, shape in shapes.items()}


def loss(p):
    rng = np.random.default_rng(1)
    X, Y = (jnp.array(rng.normal(size=(40, n)), p["w"].dtype) for n in (7, 3))
    return ((jnp.tanh(X @ p["w"] + p["b"]) @ p["v"] - Y) ** 2).mean()


def trained(transform, dtype="float64", steps=STEPS):
    transform = optax.with_extra_args_support(transform)

    def step(carried, _):
        p, state = carried
        value, g = jax.value_and_grad(loss)(p)
        updates, state = transform.update(g, state, p, value=value)
        return (optax.apply_updates(p, updates), state), value

    def run(p, state):
        return jax.lax.scan(step, (p, state), None, length=steps)

    p = parameters(dtype)
    return jax.jit(run)(p, transform.init(p))


def flat(p):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(p)])


@pytest.mark.parametrize("spec", PAIRS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-3)])
def test_they_go_where_optaxs_own_go(spec, dtype, tolerance):
    (ours, _), _ = trained(optbench.as_optax(spec, RATE), dtype)
    (theirs, _), _ = trained(PAIRS[spec](RATE), dtype)
    np.testing.assert_allclose(flat(ours), flat(theirs), atol=tolerance)


def test_schedules_and_injected_rates_of_optax():
    cosine = optax.cosine_decay_schedule(RATE, STEPS)
    (expected, _), _ = trained(optax.adam(cosine))
    (ours, _), _ = trained(optbench.as_optax("adam", cosine))
    injected = optax.inject_hyperparams(lambda lr: optbench.as_optax("adam", lr))(lr=cosine)
    (theirs, _), _ = trained(injected)
    np.testing.assert_allclose(flat(ours), flat(expected), atol=1e-11)
    np.testing.assert_allclose(flat(theirs), flat(expected), atol=1e-11)


@pytest.mark.parametrize("spec", ["muon", "shampoo", "prodigy", "momentum[sam_rho=0.1]"])
def test_a_call_consumes_a_gradient_as_replay_does(spec):
    transform, p = optbench.as_optax(spec, RATE), parameters("float64")
    state, start = transform.init(p), flat(p)
    shapes = [leaf.shape for leaf in jax.tree.leaves(p)]
    gradients, points = [], []
    for _ in range(6):
        g = jax.grad(loss)(p)
        updates, state = transform.update(g, state, p)
        p = optax.apply_updates(p, updates)
        gradients.append(flat(g))
        points.append(flat(p))
    walked = optbench.replay(spec, gradients, start, shape=shapes, lr=RATE, points="query")
    np.testing.assert_allclose(points, walked[1:], rtol=1e-10, atol=1e-11)


def test_the_reported_point_is_in_the_state():
    (p, state), _ = trained(optbench.as_optax("adam[ema=0.9]", RATE), steps=1)
    np.testing.assert_allclose(flat(state.reported(p)), flat(p), atol=1e-14)
    (p, state), _ = trained(optbench.as_optax("adam[ema=0.9]", RATE), steps=9)
    assert np.abs(flat(state.reported(p)) - flat(p)).max() > 1e-3


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [("adam", {"params": None}, "update\\(grads, state, params\\)"), ("polyak", {}, "value=loss")],
)
def test_what_is_missing_is_said(spec, arguments, message):
    p = parameters("float32")
    transform = optbench.as_optax(spec)
    with pytest.raises(SettingError, match=message):
        transform.update(p, transform.init(p), **{"params": p, **arguments})


def test_dtypes_and_steps_are_asked_for():
    with pytest.raises(SettingError, match="bfloat16"):
        optbench.as_optax("adam").init({"w": jnp.zeros(3, jnp.bfloat16)})
    with pytest.raises(SettingError, match="give steps="):
        optbench.as_optax("adam[schedule=cosine]")
