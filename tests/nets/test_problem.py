"""Building a declared net."""

import numpy as np
import pytest

import optbench
from optbench.catalog.identity import problem_identity
from optbench.define import DefinitionError
from optbench.define.definitions import NetDefinition
from optbench.define.draws import stream_key
from optbench.nets import data
from optbench.nets.net_problem import build
from optbench.nets.network import compiled

from .helpers import tumours


def test_arrays():
    built = build(tumours(), "float32", 1)
    parts = data.split("breast_cancer", 1)
    p, q = data.pack(parts, 2, 32)
    np.testing.assert_array_equal(built.p[:-64], p.astype(np.float32))
    np.testing.assert_array_equal(built.q[:6], q)
    np.testing.assert_array_equal(built.net.row_offsets, [0, 4, 5, 6, 7])
    assert built.net.dim == 7 * 64
    assert built.net.row_offsets.dtype == np.int64
    assert built.init(stream_key("a")).shape == (7 * 64,)
    assert built.work_size == built.q[-1]


def test_the_instance_changes_the_data():
    first, second, default = (build(tumours(), "float64", i) for i in (1, 2, None))
    assert not np.array_equal(first.p, second.p)
    np.testing.assert_array_equal(default.p, build(tumours(), "float64", 0).p)


def test_initial_parameters_depend_on_the_key_alone():
    first, second = build(tumours(), "float64", 1), build(tumours(), "float64", 2)
    a, b = stream_key("a"), stream_key("b")
    np.testing.assert_array_equal(first.init(a), second.init(a))
    assert not np.array_equal(first.init(a), first.init(b))
    assert all(not bias.any() for _, bias in first.net.unflatten(first.init(a)))


@pytest.mark.parametrize("outputs", [1, 2])
def test_targets_of_mse(outputs):
    built = build(tumours(loss="mse", sizes=(30, 8, outputs)), "float64", 1)
    labels = np.concatenate([part.y for part in data.split("breast_cancer", 1)])
    expected = labels[:, None] if outputs == 1 else np.eye(2)[labels]
    np.testing.assert_array_equal(built.p[569 * 30 : -64].reshape(569, outputs), expected)
    params = np.zeros(built.net.dim)
    m = np.empty((2, 64))
    work = np.empty(built.work_size)
    compiled("metrics", "float64")(params.reshape(-1, 64), m, built.p, built.q, work, 0)
    assert m[0, 0] == pytest.approx(np.mean(expected[: built.q[0]] ** 2), rel=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(sizes=(29, 2)), "sizes begins with 29; the data has 30 features"),
        (dict(sizes=(30, 3)), "sizes ends with 3; with cross_entropy it must be 2"),
        (dict(sizes=(30, 3), loss="mse"), "sizes ends with 3; with mse it must be 1 or 2"),
        (dict(batch=342), "batch is 342; it must be 1 .. 341"),
        (dict(activation="swish"), "unknown activation 'swish'"),
        (dict(loss="hinge"), "unknown loss 'hinge'"),
        (dict(batch_norm=True, batch=1), "a single example has no variance"),
        (dict(init="he"), "unknown scheme 'he'"),
        (dict(sizes=(30, 3), loss="binary_cross_entropy"), "it must be 1 or 2"),
        (dict(data="irises"), "unknown data set 'irises': did you mean iris"),
        (dict(data="no/such.csv"), "no/such.csv: no such file; give the path"),
        (dict(data="diabetes", sizes=(10, 2)), "cross_entropy needs class labels"),
        (dict(data="characters", sizes=(32, 36)), "the data has a label at each of 32 steps"),
        (dict(data="diabetes", sizes=(10, 2), loss="mse"), "with mse it must be 1"),
        (dict(class_every=-1), "class_every = -1 is out of range"),
        (dict(class_every=2.5), "class_every = 2.5 must be"),
        (dict(class_every=2**80), "class_every = .* is too large"),
        (dict(class_every=5, shuffle=False), "class_every draws .* does not go with shuffle=False"),
        (dict(class_every=5, loss="mse"), "it goes with cross_entropy, not with mse"),
        (
            dict(class_every=5, data="digits", sizes=(64, 10), batch=500),
            "batch is 500, but class_every begins with the first two classes, which have 2",
        ),
        (dict(scaling="zca"), "unknown scaling 'zca'; choose from none, standard"),
    ],
)
def test_a_declaration_that_does_not_fit(changes, message):
    with pytest.raises(DefinitionError, match=message) as caught:
        build(tumours(**changes), "float64", 1)
    assert "helpers.py:" in str(caught.value)
    assert "net tumours" in str(caught.value)


def test_options_reach_the_net_and_its_start():
    built = build(
        tumours(batch_norm=True, dropout=[0.1, 0.2], l2=0.5, activation=["tanh"], tied={}),
        "float64",
        1,
    )
    assert built.net.batch_norm and built.net.dropout == (0.1, 0.2) and built.net.l2 == 0.5
    plain, loud = (build(tumours(gain=gain), "float64", 1) for gain in (1.0, 3.0))
    np.testing.assert_allclose(loud.init(5), 3 * plain.init(5), rtol=1e-15)
    small = build(tumours(init="normal"), "float64", 1).init(5)
    assert np.abs(small).max() < 0.06


def test_refuses_options_that_do_not_exist():
    with pytest.raises(DefinitionError, match=r"helpers.py:\d+: net tumours: unknown option"):
        tumours(batchnorm=True)


def test_every_declaration_of_the_catalog_builds():
    nets = [d for d in optbench.problems().values() if isinstance(d, NetDefinition)]
    assert len(nets) >= 5
    for definition in nets:
        problem = optbench.problem(definition.name, instance=1)
        f, g = problem.value_and_grad(problem.starts([0])[0])
        assert 0.5 < f < 20 and np.isfinite(g).all() and g.any()
    assert len({problem_identity(optbench.problem(d.name)) for d in nets}) == len(nets)


@pytest.mark.parametrize("name", ["digits_mlp", "digits_batch_norm"])
def test_rules_know_the_sizes_of_the_tensors(name):
    problem = optbench.problem(name)
    count = len(problem.tensor_table) // 3
    bounds, sizes = (
        problem.tensor_table[: count + 1],
        problem.tensor_table[count + 1 : 2 * count + 1],
    )
    np.testing.assert_array_equal(bounds, problem.net.net.row_offsets)
    np.testing.assert_array_equal(-(-sizes // 64), np.diff(bounds))
    arrays = problem.net.net.unflatten(np.zeros(problem.dim))
    extras = problem.net.net.extras(np.zeros(problem.dim))
    counted = sum(array.size for pair in arrays for array in pair)
    assert sizes.sum() == counted + sum(a.size for one in extras for a in one.values())


def test_a_regression_has_its_targets_as_they_are():
    facts = dict(data="diabetes", sizes=(10, 4, 1), loss="mse")
    parts, built = data.split("diabetes", 1), build(tumours(**facts), "float64", 1)
    expected = np.concatenate([part.y for part in parts])
    np.testing.assert_array_equal(built.p[442 * 10 : -64], expected)
    white = build(tumours(scaling="whiten", **facts), "float64", 1)
    X = white.p[: len(parts.train.X) * 10].reshape(-1, 10)
    np.testing.assert_allclose(np.cov(X.T, bias=True), np.eye(10), atol=1e-9)
