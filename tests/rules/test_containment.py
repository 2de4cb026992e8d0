"""A rule that contains another makes its steps: both are replayed on the same gradients."""

import inspect

import numpy as np
import pytest

import optbench
from optbench.rules import compose, containment
from optbench.rules.containment import CONTAINMENTS

NAMES = [f"{one.container} > {one.contained}" for one in CONTAINMENTS]
SETTINGS = {
    "momentum": (0.9, 0.5, 0.0), "beta1": (0.9, 0.8), "beta2": (0.999, 0.95), "beta": (0.9, 0.3),
    "eps": (1e-8, 1e-3), "debias": (1.0,), "dampening": (0.0,), "weight_decay": (0.0, 0.1),
    "warmup_steps": (0.0, 5.0), "r": (0.0, 1.0), "weight_lr_power": (2.0, 0.0),
}  # fmt: skip
"""Values of the contained rules' settings that are tried."""


def arguments(one):
    """Return the names of a map's settings beside the rate, and their defaults."""
    parameters = inspect.signature(one.setting).parameters
    return {name: own.default for name, own in parameters.items() if name != "lr"}


def gradients(rng, count=60, d=5):
    """Return gradients of sizes from 1e-3 to 1e3, some of them 0."""
    g = rng.standard_normal((count, d)) * 10.0 ** rng.uniform(-3, 3, size=(count, 1))
    return np.where(rng.random((count, d)) < 0.05, 0.0, g)


@pytest.mark.parametrize("one", CONTAINMENTS, ids=NAMES)
@pytest.mark.parametrize("lr", [1e-3, 0.7])
def test_the_container_makes_the_steps_of_what_it_contains(one, lr):
    rng = np.random.default_rng(len(one.container) + len(one.contained))
    g, start = gradients(rng), rng.standard_normal(5)
    names = list(arguments(one))
    for i in range(max((len(SETTINGS[name]) for name in names), default=1)):
        own = {name: SETTINGS[name][i % len(SETTINGS[name])] for name in names}
        contained = optbench.replay(one.contained, g, start, lr=lr, **own)
        steps = optbench.replay(one.container, g, start, **one.setting(lr=lr, **own))
        size = np.abs(contained).max()
        assert np.abs(steps - contained).max() <= 1e-12 * size, own


@pytest.mark.parametrize("one", CONTAINMENTS, ids=NAMES)
def test_settings_and_defaults_are_those_of_the_rules(one):
    contained = compose.optimizer(one.contained)
    flags = contained.flags
    for name, default in arguments(one).items():
        assert contained.values[name] == default
    assert {*contained.values} - {*arguments(one)} <= {*flags}
    own = {**arguments(one), **({"debias": 1.0} if "debias" in arguments(one) else {})}
    setting = one.setting(lr=0.1, **own)
    compose.optimizer(one.container).with_settings(**setting)


def test_full_batches_are_contained_on_noise_free_surfaces_alone():
    for one in CONTAINMENTS:
        full = [compose.optimizer(name).full_batch for name in (one.container, one.contained)]
        assert (full[0] == full[1]) or one.kinds == containment.NOISE_FREE


@pytest.mark.parametrize(
    ("container", "contained", "setting"),
    [("adam", "momentum_ema", {"debias": 0.0}), ("qhm", "momentum", {"dampening": 0.5})],
)
def test_what_is_not_contained_is_refused(container, contained, setting):
    (one,) = (o for o in CONTAINMENTS if (o.container, o.contained) == (container, contained))
    with pytest.raises(ValueError, match="is not in|is in no other"):
        one.setting(lr=0.1, **setting)


def test_a_wrong_map_is_seen():
    rng = np.random.default_rng(0)
    g, start = gradients(rng), rng.standard_normal(5)
    wrong = {**containment._qhm_of_velocity(lr=0.1), "lr": 0.1}
    steps = optbench.replay("qhm", g, start, **wrong)
    assert np.abs(steps - optbench.replay("momentum", g, start, lr=0.1)).max() > 0.1
