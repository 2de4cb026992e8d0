"""Rules as transformations of optax: against optax's own, against `replay`, inside of `jit`."""

import io
import threading

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from tests.thinning import thinned

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
optax = pytest.importorskip("optax")
pytestmark = pytest.mark.conformance

STEPS = 20
PROGRAMS = ["adam[clip_norm=0.5]", "muon", "sgd[sam_rho=0.1]", "schedule_free_sgd"]
PEERS = {
    "sgd": lambda lr: optax.sgd(lr),
    "momentum": lambda lr: optax.sgd(lr, momentum=0.9),
    "adam": lambda lr: optax.adam(lr),
    "adamw[weight_decay=0.01]": lambda lr: optax.adamw(lr, weight_decay=0.01),
    "lion[weight_decay=0]": lambda lr: optax.lion(lr, weight_decay=0.0),
    "adabelief": lambda lr: optax.adabelief(lr),
}
RULES = [
    name for name in optbench.optimizers()
    if not optbench.optimizer(name).hessian_every
    and not any(part.surfaces_only for part in optbench.optimizer(name).parts)
]  # fmt: skip


@pytest.fixture(params=["float64", "float32"])
def dtype(request):
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", request.param == "float64")
    yield request.param
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def wide():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def params(dtype="float64"):
    rng = np.random.default_rng(1)
    return {"w": jnp.asarray(rng.normal(size=(4, 3)), dtype), "b": jnp.zeros(3, dtype)}


def loss_of(params):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 3))
    x, y = jnp.asarray(x, params["w"].dtype), jnp.asarray(y, params["w"].dtype)
    return jnp.mean((jnp.tanh(x @ params["w"] + params["b"]) - y) ** 2)


def walk(rule, params, steps=STEPS, state=None):
    """Return the parameters and the state after some steps of a plain loop."""
    state = rule.init(params) if state is None else state
    for _ in range(steps):
        value, g = jax.value_and_grad(loss_of)(params)
        updates, state = rule.update(g, state, params, value=value)
        params = optax.apply_updates(params, updates)
    return params, state


def flat(params):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree_util.tree_leaves(params)])


@pytest.mark.parametrize("rule", PEERS)
def test_goes_where_optaxs_own_goes(rule, dtype):
    here, _ = walk(optbench.as_optax(rule, lr=0.02), params(dtype))
    peer = optax.with_extra_args_support(PEERS[rule](0.02))
    there, _ = walk(peer, params(dtype))
    assert flat(here).dtype == dtype
    # A gradient of nearly 0 over its own root: rounding is divided by what is next to nothing.
    near = {"float64": 1e-10, "float32": 2e-4}[dtype]
    np.testing.assert_allclose(flat(here), flat(there), rtol=near, atol=near)


@pytest.mark.parametrize("name", thinned(RULES, 3))
def test_rules_go_where_replay_goes(name, wide):
    optimizer, rng = optbench.optimizer(name), np.random.default_rng(3)
    count = 3 * optimizer.evaluations
    gradients, values = rng.normal(size=(count, 15)), rng.uniform(1.0, 2.0, count)
    point = params()
    expected = optbench.replay(
        optimizer, gradients, flat(point), values=values, shape=[(3,), (4, 3)], points="query"
    )
    rule = optbench.as_optax(name, steps=3)
    state = rule.init(point)
    for i, (g, value) in enumerate(zip(gradients, values, strict=True), 1):
        tree = {"b": jnp.asarray(g[:3]), "w": jnp.asarray(g[3:].reshape(4, 3))}
        updates, state = rule.update(tree, state, point, value=value)
        point = optax.apply_updates(point, updates)
        np.testing.assert_allclose(flat(point), expected[i], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_do_what_the_plain_loop_does(name, wide):
    rule = optbench.as_optax(name, lr=0.02)
    expected, _ = walk(rule, params())

    @jax.jit
    def train(params):
        def step(carry, _):
            params, state = carry
            value, g = jax.value_and_grad(loss_of)(params)
            updates, state = rule.update(g, state, params, value=value)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, rule.init(params)), length=STEPS)[0][0]

    np.testing.assert_allclose(flat(train(params())), flat(expected), rtol=1e-12, atol=1e-14)


def test_it_is_a_link_of_a_chain_and_takes_schedules(wide):
    schedule = optax.cosine_decay_schedule(0.05, STEPS)
    here = optax.chain(optax.clip_by_global_norm(0.1), optbench.as_optax("adam", lr=schedule))
    there = optax.chain(optax.clip_by_global_norm(0.1), optax.adam(schedule))
    there = optax.with_extra_args_support(there)
    ends = [flat(walk(rule, params())[0]) for rule in (here, there)]
    np.testing.assert_allclose(*ends, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["adam", "soap", "schedule_free_sgd"])
def test_state_that_was_saved_goes_on_byte_for_byte(name, wide):
    rule = optbench.as_optax(name, lr=0.02)
    expected, _ = walk(rule, params())
    point, state = walk(rule, params(), 12)
    leaves, structure = jax.tree_util.tree_flatten(state)
    file = io.BytesIO()
    np.savez(file, *leaves)
    kept = np.load(io.BytesIO(file.getvalue()))
    again = structure.unflatten([jnp.asarray(kept[f"arr_{i}"]) for i in range(len(leaves))])
    ended, state = walk(optbench.as_optax(name, lr=0.02), point, STEPS - 12, again)
    np.testing.assert_array_equal(flat(ended), flat(expected))
    averages = name == "schedule_free_sgd"
    assert averages == bool(np.any(flat(state.reported(ended)) != flat(ended)))


def test_two_threads_do_not_meet(wide):
    rule = optbench.as_optax("adam", lr=0.02)
    expected, ends = flat(walk(rule, params())[0]), [None] * 4

    def run(i):
        ends[i] = flat(walk(rule, params())[0])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(ends))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(end, expected) for end in ends)


def test_what_is_wrong_is_said_in_one_message(wide):
    rule = optbench.as_optax("adam")
    state = rule.init(params())
    with pytest.raises(SettingError, match=r"update\(grads, state, params\)"):
        rule.update(params(), state)
    with pytest.raises(SettingError, match="are bfloat16; rules run in float32 or float64"):
        rule.init({"w": jnp.ones(3, "bfloat16")})
    with pytest.raises(SettingError, match="float32, float64"):
        rule.init({"w": jnp.ones(3, "float32"), "b": jnp.ones(3, "float64")})
    with pytest.raises(SettingError, match="depends on the number of steps"):
        optbench.as_optax("adam[schedule=cosine]")
    with pytest.raises(SettingError, match="products with the Hessian"):
        optbench.as_optax("sophia")
