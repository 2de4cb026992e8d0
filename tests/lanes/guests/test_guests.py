"""Guests take the steps of our rules, which other tests hold against the same libraries.

Ours and theirs meet the same noise, batches and starts, so that trajectories agree step by step,
up to rounding and what it grows to.
"""

import functools
import threading

import numpy as np
import pytest

import optbench
from optbench.errors import UserError

pytestmark = pytest.mark.conformance

SURFACES = [
    ("torch:SGD", "gd", 1e-3),
    ("torch:SGD[momentum=0.9]", "momentum", 1e-3),
    ("torch:SGD[momentum=0.9,nesterov=true]", "nesterov", 1e-4),
    ("torch:Adam", "adam", 1e-2),
    ("torch:Adam[beta1=0.5,eps=1e-4]", "adam[beta1=0.5,eps=1e-4]", 1e-2),
    ("torch:Adam[weight_decay=0.1]", "adam[l2=0.1]", 1e-2),
    ("torch:Adam[amsgrad=true]", "amsgrad", 1e-2),
    ("torch:Adam[foreach=true]", "adam", 1e-2),
    ("torch:AdamW", "adamw", 1e-2),
    ("torch:Adamax", "adamax", 1e-2),
    ("torch:NAdam", "nadam", 1e-2),
    ("torch:RAdam", "radam", 1e-2),
    ("torch:RMSprop", "rmsprop", 1e-3),
    ("torch:Adagrad", "adagrad", 1e-1),
    ("torch:Adadelta", "adadelta", 0.1),
    ("torch:ASGD", "asgd", 1e-3),
    ("torch:Rprop", "rprop", 1e-3),
    ("torch:Rprop[eta1=0.4,step_size2=0.1]", "rprop[eta_minus=0.4,step_max=0.1]", 1e-3),
    ("torch:pytorch_optimizer.AdaBelief[eps=1e-16]", "adabelief", 1e-3),
    ("optax:sgd", "gd", 1e-3),
    ("optax:adam", "adam", 1e-2),
    ("optax:adamw[weight_decay=0.01]", "adamw", 1e-2),
    ("optax:amsgrad", "amsgrad[corrected_maximum=true]", 1e-2),
    ("optax:lion", "lion", 1e-3),
    ("optax:adabelief", "adabelief", 1e-3),
    ("optax:yogi", "yogi[initial_momentum=true]", 1e-2),
    ("optax:lamb", "lamb", 1e-2),
    ("optax:fromage", "fromage", 1e-3),
    ("optax:optax.contrib.prodigy[weight_decay=0]", "prodigy", 1e-2),
]


def both(guest, ours, problem, steps=1000, **options):
    return (optbench.minimize(name, problem, steps=steps, **options) for name in (guest, ours))


@pytest.mark.parametrize(("guest", "ours", "lr"), SURFACES)
def test_the_trajectory_on_a_surface_is_ours(guest, ours, lr):
    """At every one of 1,000 steps, of lanes from several starts."""
    theirs, own = both(guest, ours, "rosenbrock", lanes=3, lr=lr, records=50_000)
    assert theirs.records.x.shape == (3, 1001, 2)
    np.testing.assert_allclose(theirs.records.x, own.records.x, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(theirs.hits, own.hits)
    np.testing.assert_array_equal(theirs.status, own.status)


@pytest.mark.parametrize("problem", ["noisy_rosenbrock", "logistic_breast_cancer"])
@pytest.mark.parametrize(
    ("guest", "ours"),
    [("torch:Adam", "adam"), ("torch:RMSprop", "rmsprop"), ("optax:adam", "adam")],
)
def test_noise_and_batches_are_those_of_our_lanes(problem, guest, ours):
    theirs, own = both(guest, ours, problem, lanes=3, lr=[1e-3, 1e-2, 1e-2])
    np.testing.assert_allclose(theirs.x, own.x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(theirs.records.f, own.records.f, rtol=1e-11, atol=1e-13)
    assert len(np.unique(theirs.x[:, 0])) == 3


@pytest.mark.parametrize(
    ("guest", "ours"), [("torch:Adam", "adam"), ("torch:SGD", "sgd"), ("optax:adam", "adam")]
)
def test_nets_are_trained_as_by_our_rules(guest, ours):
    """In float32, in which 1,000 steps let rounding grow; few of them do not."""
    theirs, own = both(guest, ours, "moons_mlp", steps=50, lanes=2, lr=1e-2, dtype="float32")
    np.testing.assert_allclose(theirs.records.f, own.records.f, rtol=1e-4)
    np.testing.assert_allclose(theirs.x, own.x, rtol=2e-3, atol=2e-4)


def test_a_net_is_seen_as_tensors():
    """Layers are parameters of their own shapes, in the user's order."""
    import torch

    seen = []

    class Looks(torch.optim.SGD):
        def step(self, closure=None):
            seen.append([tuple(p.shape) for group in self.param_groups for p in group["params"]])
            return super().step()

    optbench.minimize(Looks, "moons_mlp", steps=1, lr=1e-2, dtype="float32")
    (net,) = {tuple(shapes) for shapes in seen}
    assert sorted(net) == sorted([(2, 16), (16,), (16, 16), (16,), (16, 2), (2,)])


@pytest.mark.parametrize("guest", ["torch:Adam", "torch:SGD", "optax:adam", "optax:lamb"])
def test_a_lane_does_not_depend_on_its_neighbours(guest):
    """Byte for byte: whether lanes share a tensor, or a call, or have one each."""
    problem = optbench.problem("rosenbrock", dim=5)
    many = optbench.minimize(guest, problem, steps=200, lanes=7, lr=1e-2)
    for lane in (0, 3, 6):
        alone = optbench.minimize(guest, problem, steps=200, seed=lane, lr=1e-2)
        assert alone.x[0].tobytes() == many.x[lane].tobytes()


def test_lanes_of_other_settings_are_apart():
    rates, betas = [1e-3, 1e-2, 1e-2], [0.9, 0.9, 0.5]
    many = optbench.minimize(
        "torch:Adam", "rosenbrock", steps=100, lanes=3, start=[-1.2, 1.0], lr=rates, beta1=betas
    )
    for lane, (lr, beta1) in enumerate(zip(rates, betas, strict=True)):
        alone = optbench.minimize("torch:Adam", "rosenbrock", steps=100, lr=lr, beta1=beta1)
        np.testing.assert_array_equal(alone.x[0], many.x[lane])


def test_a_schedule_multiplies_the_rate():
    for guest in ("torch:Adam", "optax:adam"):
        theirs, own = both(guest, "adam", "rosenbrock", steps=300, lr=1e-2, schedule="cosine")
        np.testing.assert_allclose(theirs.x, own.x, rtol=1e-12)


@pytest.mark.parametrize("guest", ["torch:SGD", "optax:sgd"])
def test_a_schedule_may_differ_by_lane(guest):
    """Also where lanes are equal at first: what they are to be in the end tells them apart."""
    options = dict(steps=300, lanes=3, start=[-1.2, 1.0], lr=1e-3, schedule="cosine")
    theirs, own = both(guest, "gd", "rosenbrock", schedule_final=[0.0, 0.5, 0.5], **options)
    np.testing.assert_allclose(theirs.x, own.x, rtol=1e-12)
    assert theirs.x[0, 0] != theirs.x[1, 0] == theirs.x[2, 0]


def test_the_step_of_optax_is_compiled_once():
    from optbench.lanes.guests import optax_lanes

    optbench.minimize("optax:adam", "rosenbrock", steps=3, lr=1e-2)
    before = optax_lanes._compiled.cache_info().misses
    optbench.minimize("optax:adam", "rosenbrock", steps=3, lr=2e-2)
    assert optax_lanes._compiled.cache_info().misses == before


def test_classes_and_factories_are_optimizers():
    import optax
    import torch

    named = optbench.minimize("torch:Adam", "rosenbrock", steps=50, lr=1e-2)
    for thing in (torch.optim.Adam, lambda params, lr: torch.optim.Adam(params, lr=lr)):
        given = optbench.minimize(thing, "rosenbrock", steps=50, lr=1e-2)
        np.testing.assert_array_equal(given.x, named.x)
    named = optbench.minimize("optax:sgd[momentum=0.9]", "rosenbrock", steps=50, lr=1e-4)
    partial = functools.partial(optax.sgd, momentum=0.9)
    given = optbench.minimize(partial, "rosenbrock", steps=50, lr=1e-4)
    np.testing.assert_array_equal(given.x, named.x)
    assert optbench.optimizer(torch.optim.SGD).with_settings(momentum=0.5).values["momentum"] == 0.5


def test_numbers_beside_tensors_have_the_lanes_dtype():
    """NAdam keeps the product of its momenta in torch's default dtype, which is as it was after."""
    import torch

    before = torch.get_default_dtype(), torch.get_num_threads()
    optbench.minimize("torch:NAdam", "rosenbrock", steps=5, lr=1e-2)
    assert (torch.get_default_dtype(), torch.get_num_threads()) == before


def test_jax_is_as_precise_as_the_user_had_it():
    import jax.numpy as jnp

    before = jnp.ones(2).dtype  # other tests may have asked for 64 bits
    for dtype in ("float64", "float32"):
        optbench.minimize("optax:adam", "rosenbrock", steps=5, lr=1e-2, dtype=dtype)
        assert jnp.ones(2).dtype == before


def test_launches_of_two_dtypes_in_two_threads_do_not_mix():
    alone = {d: optbench.minimize("torch:NAdam", "rosenbrock", steps=200, lr=1e-2, dtype=d)
             for d in ("float64", "float32")}  # fmt: skip
    together = {}

    def run(dtype):
        together[dtype] = optbench.minimize(
            "torch:NAdam", "rosenbrock", steps=200, lr=1e-2, dtype=dtype
        )

    threads = [threading.Thread(target=run, args=(dtype,)) for dtype in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for dtype, own in alone.items():
        np.testing.assert_array_equal(together[dtype].x, own.x)


def test_a_lane_that_diverges_leaves_the_others_as_they_are():
    lanes = optbench.minimize(
        "torch:SGD", "rosenbrock", steps=200, lanes=3, start=[-1.2, 1.0], lr=[1e-3, 1.0, 1e-4]
    )
    assert lanes.status.tolist() == ["budget", "not finite", "budget"]
    alone = optbench.minimize("torch:SGD", "rosenbrock", steps=200, lr=1e-4)
    np.testing.assert_array_equal(lanes.x[2], alone.x[0])


def test_what_it_would_cost_counts_pythons_time():
    """A million lanes of a million steps are nothing for compiled code on a bowl, months here."""
    from optbench.lanes.cost import of_lanes

    sizes = dict(lanes=1000, steps=1000, records=2, dtype="float64", threads=1)
    problem = optbench.problem("sphere")
    guest, ours = (of_lanes(problem, optbench.optimizer(n), **sizes) for n in ("torch:SGD", "gd"))
    assert 10.0 < guest.seconds - ours.seconds < 100.0
    with pytest.raises(UserError, match="would take .*lower"):
        optbench.minimize("torch:SGD", "sphere", lanes=10**6, steps=10**6, records=1)


def test_gradients_are_replayed_from_python():
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((50, 4)), rng.standard_normal(4)
    for guest in ("torch:Adam", "optax:adam"):
        theirs = optbench.replay(guest, gradients, start, lr=1e-2)
        own = optbench.replay("adam", gradients, start, lr=1e-2)
        np.testing.assert_allclose(theirs, own, rtol=1e-12)
        with pytest.raises(UserError, match="stays in it"):
            optbench.replay(guest, gradients, start, lr=1e-2, return_state=True)
    shapes = [(2, 1), (2,)]
    theirs = optbench.replay("torch:Adam", gradients, start, shape=shapes, lr=1e-2)
    np.testing.assert_allclose(theirs, own, rtol=1e-12)
