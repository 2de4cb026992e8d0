"""Building a declared net."""

import numpy as np
import pytest

from optbench.define import DefinitionError, net
from optbench.kernels.random import stream_key
from optbench.nets import data
from optbench.nets.problem import build


def declared(**changes):
    """Return the declaration of a net on the breast-cancer data."""
    facts = dict(data="breast_cancer", sizes=(30, 8, 2), batch=32, loss_target=0.1)
    return net("tumours", error_target=0.05, **(facts | changes))


def test_arrays():
    built = build(declared(), "float32", 1)
    parts = data.split("breast_cancer", 1)
    p, q = data.pack(parts, 2, 32)
    np.testing.assert_array_equal(built.p[:-64], p.astype(np.float32))
    np.testing.assert_array_equal(built.q[:6], q)
    np.testing.assert_array_equal(built.layers, [0, 4, 5, 6, 7])
    assert built.rows == 7
    assert built.layers.dtype == np.int64
    assert built.init(stream_key("a")).shape == (7 * 64,)
    assert built.work_size == built.q[-1]


def test_the_instance_changes_the_data():
    first, second, default = (build(declared(), "float64", i) for i in (1, 2, None))
    assert not np.array_equal(first.p, second.p)
    np.testing.assert_array_equal(default.p, build(declared(), "float64", 0).p)


def test_initial_parameters_depend_on_the_key_alone():
    first, second = build(declared(), "float64", 1), build(declared(), "float64", 2)
    a, b = stream_key("a"), stream_key("b")
    np.testing.assert_array_equal(first.init(a), second.init(a))
    assert not np.array_equal(first.init(a), first.init(b))
    assert all(not bias.any() for _, bias in first.net.unflatten(first.init(a)))


@pytest.mark.parametrize("outputs", [1, 2])
def test_targets_of_mse(outputs):
    built = build(declared(loss="mse", sizes=(30, 8, outputs)), "float64", 1)
    labels = np.concatenate([part.y for part in data.split("breast_cancer", 1)])
    wanted = labels[:, None] if outputs == 1 else np.eye(2)[labels]
    np.testing.assert_array_equal(built.p[569 * 30 : -64].reshape(569, outputs), wanted)
    params = np.zeros(built.rows * 64)
    m = np.empty((2, 64))
    built.metrics(params.reshape(-1, 64), m, built.p, built.q, np.empty(built.work_size), 0)
    assert m[0, 0] == pytest.approx(np.mean(wanted[: built.q[0]] ** 2), rel=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(sizes=(29, 2)), "sizes begins with 29; the data has 30 features"),
        (dict(sizes=(30, 3)), "sizes ends with 3; with cross_entropy it must be 2"),
        (dict(sizes=(30, 3), loss="mse"), "sizes ends with 3; with mse it must be 1 or 2"),
        (dict(batch=342), "batch is 342; it must be 1 .. 341"),
        (dict(activation="swish"), "unknown activation 'swish'"),
        (dict(loss="hinge"), "unknown loss 'hinge'"),
        (dict(data="iris"), "unknown data set 'iris'"),
    ],
)
def test_a_declaration_that_does_not_fit(changes, message):
    with pytest.raises(DefinitionError, match=message) as caught:
        build(declared(**changes), "float64", 1)
    assert "test_problem.py" in str(caught.value)
    assert "net tumours" in str(caught.value)
