"""The kernels as the engine calls them: mini-batches, metrics, dtypes, plain Python."""

import re

import numpy as np
import pytest

import optbench
from optbench.define import net as declare
from optbench.define.draws import sample, stream_key
from optbench.kernels.products import product
from optbench.nets import data, network
from optbench.nets.net_problem import build
from optbench.nets.tape import units

from .helpers import numpy_loss_and_gradient, unpadded


def declared(loss="cross_entropy", activation="relu", batch=64, sizes=(64, 32, 10)):
    """Return the declaration of a net on the digits."""
    return declare(
        "digits", data="digits", sizes=sizes, activation=activation, loss=loss, batch=batch,
        loss_target=0.1, error_target=0.1,
    )  # fmt: skip


def call(built, params, t=0, full=0, stream=7, function=None):
    """Call a net problem once; return its losses [64] and its gradient [P]."""
    x = params.reshape(-1, 64)
    g, f = np.full_like(x, np.nan), np.full(64, np.nan, x.dtype)
    key, work = np.full(64, stream, np.uint64), np.full(built.work_size, np.nan, x.dtype)
    (function or network.compiled("problem", x.dtype.name))(
        x, g, f, built.p, built.q, work, key, t, full
    )
    return f, g.ravel()


def measure(built, params, part, function=None):
    """Return metrics [2, 64] of a part."""
    m = np.full((2, 64), -1.0, params.dtype)
    work = np.full(built.work_size, np.nan, params.dtype)
    function = function or network.compiled("metrics", params.dtype.name)
    function(params.reshape(-1, 64), m, built.p, built.q, work, part)
    return m


def batch_rows(t, batch, n, stream=7):
    """Return the rows of a mini-batch."""
    with np.errstate(over="ignore"):
        return [int(sample(np.uint64(stream), t, j, batch, n)) for j in range(batch)]


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("t", [0, 15, 16, 1000])
def test_mini_batch_is_the_gradient_of_its_rows(loss, t):
    built = build(declared(loss), "float64", 1)
    params = built.init(stream_key("start"))
    train = data.split("digits", 1).train
    rows = batch_rows(t, 64, len(train.y))
    assert len(set(rows)) == 64
    y = train.y[rows] if loss == "cross_entropy" else np.eye(10)[train.y[rows]]
    value, gradient = built.net.loss_and_grad(params, train.X[rows], y)
    f, g = call(built, params, t)
    np.testing.assert_array_equal(f, np.full(64, value))
    np.testing.assert_array_equal(g, gradient)
    expected_loss, expected = numpy_loss_and_gradient(built.net, params, train.X[rows], y)
    assert value == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(unpadded(built.net, g), expected, rtol=1e-9, atol=1e-13)


def test_one_epoch_averages_to_the_full_gradient():
    # 1078 training examples are 22 batches of 49: no remainder is dropped.
    built = build(declared(batch=49), "float64", 1)
    params = built.init(stream_key("start"))
    losses, gradients = zip(*(call(built, params, t) for t in range(22)), strict=True)
    f, g = call(built, params, full=1)
    np.testing.assert_allclose(np.mean(losses, axis=0), f, rtol=1e-12)
    np.testing.assert_allclose(np.mean(gradients, axis=0), g, rtol=1e-9, atol=1e-13)


def test_draws_depend_on_key_and_step():
    built = build(declared(), "float64", 1)
    params = built.init(stream_key("start"))
    losses = [call(built, params, t, stream=s)[0][0] for t in (0, 1) for s in (7, 8)]
    assert len(set(losses)) == 4
    assert call(built, params, 1, stream=8)[0][0] == losses[-1]


def test_full_ignores_key_and_step_and_the_other_parts():
    built = build(declared(), "float64", 1)
    params = built.init(stream_key("start"))
    f, g = call(built, params, full=1)
    end = built.q[0] * built.q[3]
    stop = built.q[:3].sum() * built.q[3]
    built.p[end:stop] = np.nan
    for t, stream in ((0, 7), (5, 9)):
        again, same = call(built, params, t, 1, stream)
        np.testing.assert_array_equal(again, f)
        np.testing.assert_array_equal(same, g)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_metrics_of_each_part(part, dtype):
    built = build(declared(), dtype, 1)
    params = built.init(stream_key("start"))
    X, y = data.split("digits", 1)[part]
    loss, accuracy = measure(built, params, part)
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    expected = numpy_loss_and_gradient(built.net, params, X, y)[0]
    np.testing.assert_allclose(loss, np.full(64, expected), rtol=tolerance)
    share = np.mean(built.net.predict(params, X).argmax(axis=1) == y)
    assert 0 < share < 1
    np.testing.assert_allclose(accuracy, np.full(64, share), rtol=tolerance)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_metrics_read_their_own_part_alone(part):
    built = build(declared(), "float64", 1)
    params = built.init(stream_key("start"))
    before = measure(built, params, part)
    bounds = np.concatenate([[0], np.cumsum(built.q[:3])]) * built.q[3]
    for other in {0, 1, 2} - {part}:
        built.p[bounds[other] : bounds[other + 1]] = np.nan
    np.testing.assert_array_equal(measure(built, params, part), before)


@pytest.mark.parametrize(("value", "winner"), [(0.0, 0), (np.nan, None)])
def test_accuracy_of_ties_and_of_a_broken_net(value, winner):
    built = build(declared(), "float64", 1)
    y = data.split("digits", 1).test.y
    accuracy = measure(built, np.full(built.net.dim, value), 2)[1]
    np.testing.assert_allclose(accuracy, np.mean(y == winner) if winner == 0 else 0.0)


def test_mse_has_no_accuracy():
    built = build(declared("mse"), "float64", 1)
    loss, accuracy = measure(built, built.init(stream_key("start")), 1)
    assert np.isfinite(loss).all()
    assert np.isnan(accuracy).all()


def test_float32_stays_near_float64():
    double, single = (build(declared(), dtype, 1) for dtype in ("float64", "float32"))
    key = stream_key("start")
    np.testing.assert_array_equal(double.init(key).astype(np.float32), single.init(key))
    for t, full in ((3, 0), (0, 1)):
        f64, g64 = call(double, double.init(key), t, full)
        f32, g32 = call(single, single.init(key), t, full)
        np.testing.assert_allclose(f32, f64, rtol=1e-4)
        assert np.abs(g32 - g64).max() <= 1e-4 * np.abs(g64).max()


@pytest.mark.parametrize("name", ["problem", "metrics"])
def test_float32_kernels_do_no_float64_arithmetic(name):
    arithmetic = re.compile(r"\bf(add|sub|mul|div|neg|pext)\b.*\bdouble\b")
    for dtype, some in (("float64", True), ("float32", False)):
        (code,) = network.compiled(name, dtype).inspect_llvm().values()
        assert bool(arithmetic.search(code)) == some


@pytest.mark.parametrize("name", ["problem", "metrics"])
def test_kernels_allocate_nothing(name):
    (code,) = network.compiled(name, "float64").inspect_llvm().values()
    assert not re.search("NRT_(MemInfo_)?(alloc|Allocate)", code)


def test_large_products_are_shared():
    for way in units.WAYS:
        (code,) = units.compiled("dense", way, "float64").inspect_llvm().values()
        assert product.SHARED_SYMBOL in code


def test_kernels_are_compiled_once_a_dtype():
    first, second = (
        optbench.problem(net, instance=i)
        for i, net in enumerate([declared(), declared("mse", "tanh")], 1)
    )
    ours, theirs = first.compiled("float64"), second.compiled("float64")
    assert ours.problem is theirs.problem and ours.metrics is theirs.metrics
    assert len(ours.problem.entry.signatures) == len(ours.metrics.entry.signatures) == 1
    assert ours.problem is not first.compiled("float32").problem


def test_without_hidden_layers_it_is_softmax_regression():
    built = build(declared(sizes=(64, 10)), "float64", 1)
    params = built.init(stream_key("start"))
    X, y = data.split("digits", 1).train
    W, b = built.net.unflatten(params)[0]
    scores = np.exp(X @ W + b)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    f, g = call(built, params, full=1)
    assert f[0] == pytest.approx(-np.log(probabilities[np.arange(len(y)), y]).mean(), rel=1e-12)
    slope = X.T @ (probabilities - np.eye(10)[y]) / len(y)
    np.testing.assert_allclose(built.net.unflatten(g)[0][0], slope, rtol=1e-9, atol=1e-14)


def test_batch_larger_than_a_chunk():
    built = build(declared(batch=400), "float64", 1)
    params = built.init(stream_key("start"))
    X, y = data.split("digits", 1).train
    rows = batch_rows(1, 400, len(y))
    expected = numpy_loss_and_gradient(built.net, params, X[rows], y[rows])
    f, g = call(built, params, 1)
    assert f[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(unpadded(built.net, g), expected[1], rtol=1e-9, atol=1e-13)
