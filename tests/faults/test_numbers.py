"""Numbers that name things are what they equal, whatever their type.

Draws are compared with ones made by hand from the documented key.
"""

import hashlib

import numpy as np
import pytest

import optbench
from optbench.catalog import building
from optbench.catalog.identity import problem_identity
from optbench.define import generator, net, problem
from optbench.errors import SettingError, UserError
from optbench.nets import MLP

THREE = [3, 3.0, np.int64(3), np.uint8(3), np.float32(3), np.array(3)]


def shifted(instance):
    """Return booth's minimum in an instance, from the key of its draws."""
    text = repr(("booth", 2, instance, "frame")).encode()
    key = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
    rng = np.random.Generator(np.random.Philox(key=key))
    return [1.0, 3.0] + 0.1 * 20.0 * rng.uniform(-1.0, 1.0, 2)


@pytest.mark.parametrize("first", THREE, ids=repr)
def test_an_instance_is_the_same_whoever_asks_first(first):
    building._surface.cache_clear()
    one = optbench.problem("booth", dim=np.float64(2), instance=first)
    np.testing.assert_allclose(one.minimum, shifted(3), rtol=1e-15)
    np.testing.assert_allclose(one.minimum, [0.9916, 1.5172], atol=5e-5)
    assert all(optbench.problem("booth", instance=other) is one for other in THREE)
    assert type(one.instance) is int and type(one.dim) is int


@pytest.mark.parametrize("bad", [2.7, "3", True, -1, float("nan"), float("inf"), [3], 2**70])
def test_what_names_no_instance_or_dimension_is_refused(bad):
    with pytest.raises(SettingError, match=r"booth: instance = .* (must be|is) "):
        optbench.problem("booth", instance=bad)
    with pytest.raises(SettingError, match="sphere: dim = 0 is out of range"):
        optbench.problem("sphere", dim=0)
    with pytest.raises(SettingError, match=r"sphere: dim = .* (must be|is) "):
        optbench.problem("sphere", dim=bad)


def test_streams_are_named_by_whole_numbers_and_texts():
    expected = generator("mine", 2, 3).random(2)
    for three in THREE:
        np.testing.assert_array_equal(generator(np.str_("mine"), 2, three).random(2), expected)
    assert not np.array_equal(generator("mine", 2, "3").random(2), expected)
    for bad in (0.5, True, (2, 3), b"3"):
        with pytest.raises(SettingError, match="a part of a random stream"):
            generator("mine", 2, bad)


@pytest.mark.parametrize("name", ["noisy_quadratic", "iris_tanh"])
def test_starts_and_keys_of_seeds(name):
    one = optbench.problem(name)
    for seeds in (range(3), [0, 1.0, np.int32(2)], np.arange(3.0)):
        for method in (one.starts, one.keys):
            expected = method([0, 1, 2], study_seed=7)
            np.testing.assert_array_equal(method(seeds, study_seed=np.float32(7)), expected)
    for bad in ([0.5], ["1"], [True], [-1], 3):
        with pytest.raises(SettingError, match="seed = "):
            one.starts(bad)
    with pytest.raises(SettingError, match="study seed = '7'"):
        one.keys([0], study_seed="7")


def declared(**facts):
    """Return the identity of a problem that is declared with some numbers."""

    @problem(**{"start": [1, 1], "f_min": 1, "target": 1e-3, "name": "mine", **facts})
    def function(x):
        return x[0] * x[0] + x[1] * x[1] + 1.0

    return problem_identity(optbench.problem(function))


def test_identities_know_values_and_no_types():
    plain = declared()
    assert (
        declared(f_min=1.0) == declared(f_min=np.float64(1)) == declared(f_min=np.int8(1)) == plain
    )
    assert declared(start=(1.0, np.float32(1))) == declared(start=np.ones(2)) == plain
    assert declared(f_min=2) != plain and declared(f_min=None) != plain


def test_whole_floats_and_numpy_types_run_the_same_lanes():
    plain = optbench.minimize("adam", "sphere", steps=100, lanes=4, seed=1, dtype="float32")
    for kind in (float, np.int64, np.float32):
        run = optbench.minimize(
            "adam", "sphere", steps=kind(1e2), lanes=kind(4), seed=kind(1), dtype=np.float32,
            threads=kind(1), records=kind(64), lr=np.float64(1e-3), beta1=[np.float64(0.9)],
        )  # fmt: skip
        assert run.x.dtype == np.float32 and run.steps.tolist() == [100] * 4
        np.testing.assert_array_equal(run.x, plain.x)
        np.testing.assert_array_equal(run.records.steps, plain.records.steps)


def test_replay_takes_numbers_of_every_type():
    plain = optbench.replay("gd", [[1.0]] * 3, [0.0], lr=0.5, steps=4, seed=2)
    assert plain.ravel().tolist() == [0.0, -0.5, -1.0, -1.5]
    run = optbench.replay(
        "gd", np.ones((3, 1), int), [0], lr=np.float32(0.5), steps=4.0, seed=np.int8(2),
        shape=[(np.int64(1),)], dtype=np.dtype("float32"),
    )  # fmt: skip
    assert run.dtype == np.float32 and run.ravel().tolist() == plain.ravel().tolist()


def test_numbers_of_a_net_are_what_they_equal():
    plain = MLP((3, 4, 4, 2), dropout=0.5, l2=1.0, ghost_batch=0)
    again = MLP(np.array([3, 4.0, 4, 2]), dropout=np.float32(0.5), l2=np.int64(1), ghost_batch=0.0)
    assert again == plain and hash(again) == hash(plain) and repr(again.sizes) == "(3, 4, 4, 2)"
    np.testing.assert_array_equal(again.init(np.float64(3), gain=np.int8(2)), plain.init(3, gain=2))
    for bad in ("3", 1.5, None, -1):
        with pytest.raises(SettingError, match="seed = "):
            plain.init(bad)
    with pytest.raises(SettingError, match="gain = '2' must be a number"):
        plain.init(0, gain="2")
    with pytest.raises(SettingError, match="X = .* must be numbers"):
        plain.predict(plain.init(0), [["a", "b", "c"]])


def test_a_net_names_its_dimension():
    tiny = net(
        "tiny", data="iris", sizes=(4, 3), batch=10, loss_target=0.1, error_target=0.1
    )  # fmt: skip
    built = optbench.problem(tiny)
    assert optbench.problem(tiny, dim=float(built.dim)) is built
    with pytest.raises(UserError, match=rf"tiny has {built.dim} parameters; dimension 3 was asked"):
        optbench.problem(tiny, dim=3)
