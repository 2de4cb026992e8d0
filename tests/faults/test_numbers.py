"""Numbers that name things are what they equal, whatever their type; what is no number is refused.

Draws are compared with ones made by hand from the documented key, bad calls by the sentence that
the user reads.
"""

import hashlib
import tracemalloc

import numpy as np
import pytest

import optbench
from optbench.catalog import building
from optbench.catalog.identity import problem_identity
from optbench.define import generator, net, problem
from optbench.errors import SettingError, UserError
from optbench.kernels.memory import capacity
from optbench.lanes import cost
from optbench.lanes.search import draw, grid, search
from optbench.nets import MLP

THREE = [3, 3.0, np.int64(3), np.uint8(3), np.float32(3), np.array(3)]
NO_COUNTS = [float("nan"), float("inf"), None, "60", True, 2.5, 0, -1, [3]]


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


@pytest.mark.parametrize("dim", [10**12, 1e12])
@pytest.mark.parametrize("name", ["sphere", "nesterov_chain"])
def test_a_dimension_beyond_memory_is_refused_with_its_price(name, dim):
    with pytest.raises(SettingError, match=r"dim = 1000000000000 would take \d+ TB of memory"):
        optbench.problem(name, dim=dim)


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


@pytest.mark.parametrize("name", ["steps", "lanes", "threads", "records"])
@pytest.mark.parametrize("bad", NO_COUNTS, ids=repr)
def test_counts_of_minimize(name, bad):
    if name in ("threads", "records") and bad is None:
        return  # the number of processors, and that of the kind of problem
    with pytest.raises(SettingError, match=rf"^{name} = .* a whole number of at least 1$"):
        optbench.minimize("gd", "sphere", **{"steps": 5, name: bad})


def function_of_mine(x):
    return x[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(seed=2**64), "seed = 18446744073709551616 is out of range"),
        (dict(seed=-1), "seed = -1 is out of range"),
        (
            dict(seed=2**63 - 1, lanes=2),
            "seed = 9223372036854775807 is out of range: .* from 0 to 922",
        ),
        (dict(seed="1"), "seed = '1' must be a whole number"),
        (dict(beta1="0.9"), "adam: beta1 = '0.9' must be a number"),
        (dict(beta1=["0.9"]), "adam: beta1 = .*0.9.* must be"),
        (dict(beta1=None), "adam: beta1 = None must be a number"),
        (dict(beta1=True), "adam: beta1 = True must be a number"),
        (dict(eps_in_sqrt="true"), "adam: eps_in_sqrt = 'true' must be a number"),
        (
            dict(lr=float("inf")),
            r"adam: lr = inf must be a finite number: outside its range \(0, inf\)$",
        ),
        (dict(lr=[0.1, 0.2], lanes=3), r"lr has shape \[2\]; give .* each of the 3 lanes"),
        (dict(lr=[]), r"lr has shape \[0\]"),
        (dict(lr=[[0.1], [0.1, 0.2]]), "lr has rows of different lengths"),
        (dict(lr=[0.1, float("nan")], lanes=2), "adam: lr = nan must be a finite number"),
        (dict(lr=1e-60, dtype="float32"), "adam: lr = 1e-60 is 0.0 in float32"),
        (dict(eps=[1e60], dtype=np.float32), r"adam: eps = 1e\+60 is inf in float32"),
        (dict(lookahead_steps=2.5), r"lookahead_steps = 2.5 is .* whole numbers in \[1, inf\)"),
        (dict(plateau_patience=0.5), "plateau_patience = 0.5 is outside"),
        (dict(schedule=["cosine"]), "adam: schedule = .*cosine.* is unknown; it is one of"),
        (dict(schedule=3), "schedule = 3 is unknown; it is one of"),
        (dict(start=[1.0]), r"start has shape \[1\]; expected \[2\] or \[1, 2\]"),
        (dict(start=["1", "2"]), r"sphere: start = \['1', '2'\] must be numbers"),
        (dict(start=[1j, 1]), "sphere: start = .* must be numbers"),
        (dict(start=[[1.0, 2.0], [1.0]]), "start has rows of different lengths"),
        (dict(dtype="float16"), "dtype 'float16' is unknown; use 'float64' or 'float32'"),
        (dict(dtype=None), "dtype None is unknown"),
        (dict(problem=function_of_mine), "function_of_mine is no problem yet: decorate it with @"),
        (dict(problem=None), "a problem is a name, .*; got None"),
        (
            dict(optimizer=function_of_mine),
            "an optimizer is a name.*function_of_mine.*; decorate it",
        ),
        (dict(optimizer=None), "an optimizer is a name, .*; got None"),
    ],
)
def test_bad_calls_of_minimize(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.minimize(**{"optimizer": "adam", "problem": "sphere", "steps": 5, **arguments})


def test_an_instance_is_not_made_of_an_instance():
    with pytest.raises(SettingError, match=r"sphere \(d=2\) is an instance already"):
        optbench.problem(optbench.problem("sphere"), instance=1)
    with pytest.raises(SettingError, match="sphere: x = 'here' must be a number"):
        optbench.problem("sphere").value("here")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(seed=1.5), "replay: seed = 1.5 must be a whole number"),
        (dict(steps=0), "replay: steps = 0 is out of range"),
        (dict(steps="9"), "replay: steps = '9' must be"),
        (dict(start=["0"]), "replay: start = .* must be numbers"),
        (dict(gradients=[["1"]]), "replay: gradients = .* must be numbers"),
        (dict(gradients=1.0), r"gradients \[\]; expected \[d\] and \[T, d\]"),
        (dict(start=[], gradients=np.ones((2, 0))), r"start has shape \[0\]"),
        (dict(values=["a"]), "replay: values = .* must be numbers"),
        (dict(shape=[(1.5,)]), "replay: shape = 1.5 must be a whole number"),
        (dict(shape=3), "replay: shape = 3 must be the shapes of all tensors"),
        (dict(state=3), "replay: state = 3; give what"),
        (dict(dtype="f4"), "dtype 'f4' is unknown"),
        (dict(lr=1e-60, dtype=np.float32), "gd: lr = 1e-60 is 0.0 in float32"),
        (dict(lr="0.1"), "gd: lr = '0.1' must be a number"),
    ],
)
def test_bad_calls_of_replay(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.replay(**{"optimizer": "gd", "gradients": [[1.0]], "start": [0.0], **arguments})


def test_replay_takes_numbers_of_every_type():
    plain = optbench.replay("gd", [[1.0]] * 3, [0.0], lr=0.5, steps=4, seed=2)
    assert plain.ravel().tolist() == [0.0, -0.5, -1.0, -1.5]
    run = optbench.replay(
        "gd", np.ones((3, 1), int), [0], lr=np.float32(0.5), steps=4.0, seed=np.int8(2),
        shape=[(np.int64(1),)], dtype=np.dtype("float32"),
    )  # fmt: skip
    assert run.dtype == np.float32 and run.ravel().tolist() == plain.ravel().tolist()


def test_a_state_of_another_rule_is_refused():
    _, state = optbench.replay("dog", [[1.0]], [0.0], return_state=True)
    with pytest.raises(SettingError, match="the state is of another run"):
        optbench.replay("gd", [[1.0]], [0.0], state=state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(lanes=10**12), r"1e\+12 lanes, 5e\+12 lane-steps, .* TB .*lower lanes \(1000000"),
        (dict(steps=10**15), r"1e\+15 lane-steps, about 250,000 TB of memory .*steps \(1000000"),
        (dict(lanes=10**7, records=10**9, steps=10**9), "TB of memory"),
    ],
)
def test_lanes_beyond_memory_are_refused_with_their_price(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.minimize("adam", "sphere", **{"steps": 5, **arguments})


def test_lanes_beyond_patience_are_refused(monkeypatch):
    monkeypatch.setattr(cost, "available_memory", lambda: 10**18)
    with pytest.raises(SettingError, match=r"about .* and \d+ years; the limit is 30 days: lower"):
        optbench.minimize("gd", "sphere", steps=10**9, lanes=10**9, threads=1)


def test_the_estimate_of_memory_is_near_the_truth():
    about = dict(steps=20, records=20)
    optbench.minimize("momentum", "sphere", lanes=64, **about)  # compiles
    expected = cost.of_lanes(
        optbench.problem("sphere"), optbench.optimizer("momentum"), lanes=50_000, steps=20,
        records=20, dtype="float64", points=True,
    )  # fmt: skip
    tracemalloc.start()
    optbench.minimize("momentum", "sphere", lanes=50_000, **about)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert expected.lanes == 50_000 and expected.lane_steps == 10**6
    assert peak / 3 < expected.bytes < 3 * peak


def test_prices_are_written_for_people():
    assert capacity.size(1.6e9) == "1.6 GB" and capacity.size(64e12) == "64 TB"
    assert capacity.size(705168) == "705 kB" and capacity.size(999) == "999 bytes"
    assert capacity.duration(86400 * 3) == "3 days" and capacity.duration(7) == "7 s"
    assert str(cost.Cost(2046, 528330, 4_100_000, 90.0)) == (
        "2,046 lanes, 528,330 lane-steps, about 4.1 MB of memory and 90 s"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sizes=3), "sizes is 3; it must name at least two layers"),
        (dict(sizes=("3", 2)), "each of 1 or more units"),
        (dict(sizes=(10**8, 10**8)), "a net of sizes .* TB of memory.*lower sizes"),
        (dict(l1="0.1"), "l1 = '0.1' must be a number"),
        (dict(l2=float("inf")), "l2 = inf must be a finite number"),
        (dict(dropout="0.1"), "dropout = '0.1' must be a number"),
        (dict(dropout=True), "dropout = True must be a number"),
        (dict(label_smoothing=None), "label_smoothing = None must be a number"),
        (dict(ghost_batch=2.5), "ghost_batch = 2.5 must be a whole number"),
        (dict(decay_biases="yes"), "decay_biases is 'yes'; it must be True or False"),
        (dict(shared={2.5: 1}), "a layer of shared = 2.5"),
        (dict(shared=3), "shared is 3; it must be a dict"),
        (dict(dtype=np.int32), "dtype .* is unknown"),
    ],
)
def test_bad_numbers_of_a_net(arguments, message):
    with pytest.raises(SettingError, match=message):
        MLP(**{"sizes": (3, 4, 4, 2), **arguments})


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


def test_bad_calls_of_search():
    for bad in ("cosine", 0.1, {"a": 1}):
        with pytest.raises(SettingError, match="grid: lr = .*; give a list of its values"):
            grid(lr=bad)
    for bad in (0.1, (0.1,), ("a", 1), (1, 0), (0.0, 1.0, "log"), (0.1, 1.0, "ln"), (True, 2)):
        with pytest.raises(SettingError, match="range lr"):
            draw(3, lr=bad)
    for bad in (2.5, "3", -1, None):
        with pytest.raises(SettingError, match="draw: count = "):
            draw(bad, lr=(0, 1))
        with pytest.raises(SettingError, match="draw: seed = "):
            draw(3, seed=bad, lr=(0, 1))
    assert draw(np.float64(3), 7.0, a=(0, 1)) == draw(3, 7, a=(0.0, np.int64(1)))
    for bad in ([], [3]):
        with pytest.raises(SettingError, match="search: settings must be a list"):
            search("sgd", "iris_tanh", bad, steps=5)
    with pytest.raises(SettingError, match="search: no|iris_tanh: instance = 1.5"):
        search("sgd", "iris_tanh", [{"lr": 0.1}], steps=5, instance=1.5)


def test_a_net_names_its_dimension():
    tiny = net(
        "tiny", data="iris", sizes=(4, 3), batch=10, loss_target=0.1, error_target=0.1
    )  # fmt: skip
    built = optbench.problem(tiny)
    assert optbench.problem(tiny, dim=float(built.dim)) is built
    with pytest.raises(UserError, match=rf"tiny has {built.dim} parameters; dimension 3 was asked"):
        optbench.problem(tiny, dim=3)
