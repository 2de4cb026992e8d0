"""Transformations of optax in compiled programs: `jit`, `scan`, `vmap` and threads, to the byte.

The gradients are given, not computed: JAX rounds a loss that is compiled otherwise than one that is
not, and what is held here is the rule.
"""

import sys
import threading

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from tests.bridges import test_optax_transform

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
optax = pytest.importorskip("optax")
pytestmark = pytest.mark.conformance

dtype = test_optax_transform.dtype
STEPS = 12
RULES = ["adam[clip_norm=0.5]", "muon", "sgd[sam_rho=0.1]", "schedule_free_sgd", "polyak"]
PEERS = {
    "momentum": lambda: optax.sgd(0.02, momentum=0.9),
    "adam": lambda: optax.adam(0.02),
    "adam[eps_in_sqrt=1]": lambda: optax.adam(0.02, eps=0.0, eps_root=1e-8),
    "adamw[weight_decay=0.1]": lambda: optax.adamw(0.02, weight_decay=0.1),
    "lion[weight_decay=0.1]": lambda: optax.lion(0.02, weight_decay=0.1),
    "rmsprop[alpha=0.9]": lambda: optax.rmsprop(0.02, eps_in_sqrt=False),
    "rmsprop[alpha=0.9,eps_in_sqrt=1,momentum=0.8]": lambda: optax.rmsprop(0.02, momentum=0.8),
    "rmsprop[alpha=0.9,centered=1,eps_in_sqrt=1]": lambda: optax.rmsprop(0.02, centered=True),
    "adabelief": lambda: optax.adabelief(0.02),
    "polyak": lambda: optax.polyak_sgd(0.02, variant="sps+"),
}


def inputs(dtype, seed=4):
    """Return parameters, and gradients and losses of all steps, [STEPS, ...]."""
    rng = np.random.default_rng(seed)
    params = {"w": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    gradients = {name: rng.normal(size=(STEPS, *leaf.shape)) for name, leaf in params.items()}
    return jax.tree_util.tree_map(
        lambda leaf: jnp.asarray(leaf, dtype), (params, gradients, rng.uniform(0.1, 2.0, STEPS))
    )


def step(rule, carry, given):
    """Take one step; return the new carry, and the parameters."""
    params, state = carry
    g, value = given
    updates, state = rule.update(g, state, params, value=value)
    params = optax.apply_updates(params, updates)
    return (params, state), params


def looped(one, rule, params, gradients, values):
    """Return the parameters after each step of a plain loop, and the state at the end."""
    carry, points = (params, rule.init(params)), []
    for t in range(STEPS):
        g = {name: leaf[t] for name, leaf in gradients.items()}
        carry, point = one(carry, (g, values[t]))
        points.append(point)
    return jax.tree_util.tree_map(lambda *leaves: jnp.stack(leaves), *points), carry[1]


def scanned(rule, params, gradients, values):
    """Return the same of one compiled loop."""
    carry = params, rule.init(params)
    (_, state), points = jax.lax.scan(lambda c, g: step(rule, c, g), carry, (gradients, values))
    return points, state


def assert_bytes_agree(here, there):
    here, there = (jax.tree_util.tree_flatten(tree) for tree in (here, there))
    assert here[1] == there[1]
    for one, other in zip(here[0], there[0], strict=True):
        assert one.dtype == other.dtype
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize("name", PEERS)
def test_every_step_is_that_of_optax(name, dtype):
    peer = optax.with_extra_args_support(PEERS[name]())
    rule, given = optbench.as_optax(name, lr=0.02), inputs(dtype)
    here = looped(lambda *of: step(rule, *of), rule, *given)[0]
    there = looped(lambda *of: step(peer, *of), peer, *given)[0]
    near = 100 * float(jnp.finfo(dtype).eps)
    for leaf in here:
        assert here[leaf].dtype == dtype
        np.testing.assert_allclose(here[leaf], there[leaf], rtol=near, atol=near)


@pytest.mark.parametrize("name", RULES)
def test_compiled_loops_are_the_plain_one_to_the_byte(name, dtype):
    rule, given = optbench.as_optax(name, lr=0.02), inputs(dtype)
    plain = looped(lambda *of: step(rule, *of), rule, *given)
    assert np.any(plain[0]["w"][-1] != given[0]["w"])
    assert_bytes_agree(looped(jax.jit(lambda *of: step(rule, *of)), rule, *given), plain)
    assert_bytes_agree(jax.jit(lambda *of: scanned(rule, *of))(*given), plain)


def test_schedules_are_followed_inside_of_programs(dtype):
    schedule = optax.cosine_decay_schedule(0.05, STEPS)
    rule, given = optbench.as_optax("momentum", lr=schedule), inputs(dtype)
    peer = optax.with_extra_args_support(optax.sgd(schedule, momentum=0.9))
    here = jax.jit(lambda *of: scanned(rule, *of))(*given)[0]
    there = jax.jit(lambda *of: scanned(peer, *of))(*given)[0]
    near = 100 * float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(here["w"], there["w"], rtol=near, atol=near)


@pytest.mark.parametrize("name", ["adam", "muon", "polyak"])
def test_a_batch_of_runs_is_each_of_them(name, dtype):
    rule, runs = optbench.as_optax(name, lr=0.02), [inputs(dtype, seed) for seed in range(3)]
    batch = jax.tree_util.tree_map(lambda *leaves: jnp.stack(leaves), *runs)
    together = jax.jit(jax.vmap(lambda *of: scanned(rule, *of)))(*batch)
    for i, run in enumerate(runs):
        one = jax.tree_util.tree_map(lambda leaf, i=i: leaf[i], together)
        assert_bytes_agree(one, scanned(rule, *run))


@pytest.fixture
def hasty_threads():
    """Have threads take turns so often that those who share an array are caught."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_share_a_transformation_and_nothing_else(dtype, hasty_threads):
    rule, runs = optbench.as_optax("adam", lr=0.02), [inputs(dtype, seed) for seed in range(4)]
    for i in (1, 3):
        runs[i] = *({"w": tree["w"]} for tree in runs[i][:2]), runs[i][2]
    program = jax.jit(lambda *of: scanned(rule, *of))
    expected, ends = [program(*run) for run in runs], [[] for _ in runs]

    def repeat(i):
        for _ in range(10):
            ends[i].append(jax.block_until_ready(program(*runs[i])))

    threads = [threading.Thread(target=repeat, args=(i,)) for i in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for repeated, alone in zip(ends, expected, strict=True):
        assert len(repeated) == 10
        for end in repeated:
            assert_bytes_agree(end, alone)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_loss_that_is_not_given_is_asked_for(compiled):
    rule, params = optbench.as_optax("polyak"), {"w": jnp.ones(3, "float32")}
    update = jax.jit(rule.update) if compiled else rule.update
    with pytest.raises(SettingError, match=r"polyak looks at the loss: .*value=loss"):
        update(params, rule.init(params), params)
