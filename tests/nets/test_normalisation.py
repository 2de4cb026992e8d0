"""Normalisation and dropout: laws that hold whatever the weights."""

import numpy as np
import pytest

from optbench.nets import MLP, layer_operations, packing
from optbench.nets.norms import EPS, MOMENTUM

from .helpers import call, data_set, measure

SIZES = (4, 6, 5, 3)


def case(rows=12, seed=0, **options):
    """Return a net with batch normalisation, X, labels and parameters."""
    net = MLP(SIZES, **{"activation": "tanh", "batch_norm": True, **options})
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((rows, 4)), rng.integers(0, 3, rows)
    return net, X, y, net.init(seed)


def affine(net, params, A, layer):
    """Return what the affine map of a layer gives."""
    W, b = net.unflatten(params)[layer - 1]
    return A @ W + b


def test_statistics_are_those_of_the_batch():
    net, X, _, params = case()
    (mean, var), (mean2, var2) = net.statistics(params, X)
    Z = affine(net, params, X, 1)
    np.testing.assert_allclose(mean, Z.mean(0), atol=1e-14)
    np.testing.assert_allclose(var, Z.var(0), rtol=1e-10)
    A = np.tanh((Z - mean) / np.sqrt(var + EPS))
    np.testing.assert_allclose(mean2, affine(net, params, A, 2).mean(0), atol=1e-14)
    np.testing.assert_allclose(var2, affine(net, params, A, 2).var(0), rtol=1e-10)


def test_gamma_sigma_and_beta_mu_are_the_identity():
    net, X, y, params = case()
    plain = MLP(SIZES, "tanh")
    for layer in (1, 2):
        mean, var = net.statistics(params, X)[layer - 1]
        extra = net.extras(params)[layer - 1]
        extra["gamma"][:], extra["beta"][:] = np.sqrt(var + EPS), mean
    bare = params[: plain.dim]
    np.testing.assert_allclose(net.predict(params, X), plain.predict(bare, X), rtol=1e-12)
    expected = plain.loss_and_grad(bare, X, y)[0]
    assert net.loss_and_grad(params, X, y)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_identical_inputs_have_no_gradient_before_batch_normalisation(dtype):
    net, X, y, params = case(dtype=dtype, batch_norm=[False, True])
    same = np.repeat(X[:1], 12, axis=0)
    _, grad = net.loss_and_grad(params, same, y)
    scale = np.abs(grad).max()
    for W, b in net.unflatten(grad)[:2]:
        assert np.abs(W).max() <= 1e3 * np.finfo(dtype).eps * scale
        assert np.abs(b).max() <= 1e3 * np.finfo(dtype).eps * scale
    assert np.abs(net.extras(grad)[1]["beta"]).max() > 1e-3


def test_a_batch_is_normalised_whatever_its_scale():
    net, X, y, params = case()
    scaled = params.copy()
    W, _ = net.unflatten(scaled)[0]
    W *= 1e4
    first, second = (net.outputs(p, X)[0] for p in (params, scaled))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_layer_normalisation_standardises_each_example():
    net, X, _, params = case(batch_norm=False, layer_norm=True, activation="linear")
    out = net.outputs(params, X)[0]
    np.testing.assert_allclose(out.mean(1), 0, atol=1e-13)
    np.testing.assert_allclose(out.var(1), 1, rtol=1e-3)
    one = net.predict(params, X[:1])
    np.testing.assert_allclose(one, net.predict(params, X)[:1], rtol=1e-12)


def test_evaluation_with_given_statistics():
    net, X, y, params = case()
    statistics = net.statistics(params, X)
    np.testing.assert_allclose(
        net.predict(params, X, statistics), net.predict(params, X), rtol=1e-12
    )
    few = net.predict(params, X[:1], statistics)
    np.testing.assert_allclose(few, net.predict(params, X)[:1], rtol=1e-12)
    value, grad = net.loss_and_grad(params, X, y, training=False, statistics=statistics)
    h = 1e-6
    for i in np.random.default_rng(0).choice(np.flatnonzero(grad), 20, replace=False):
        ahead, behind = params.copy(), params.copy()
        ahead[i] += h
        behind[i] -= h
        up, down = (
            net.loss_and_grad(p, X, y, training=False, statistics=statistics)[0]
            for p in (ahead, behind)
        )
        assert grad[i] == pytest.approx((up - down) / (2 * h), abs=1e-8)
    with pytest.raises(ValueError, match="each of 2 normalised layers, of lengths \\[6, 5\\]"):
        net.predict(params, X, statistics[:1])


@pytest.mark.parametrize("bn_eval", ["population", "running"])
def test_held_out_data_meets_the_statistics_of_training(bn_eval):
    net, X, y, params = case(rows=40, bn_eval=bn_eval)
    other, labels = X[:7] + 1.0, y[:7]
    p, q = data_set(net, [(X, y), (other, labels), (other, labels)], 40)
    work = np.zeros(q[-1])
    running = [(np.zeros(n), np.ones(n)) for n in SIZES[1:-1]]
    for t in range(3):
        loss, accuracy = measure(net, p, q, params, 1, work)
        population = net.statistics(params, X)
        statistics = population if bn_eval == "population" else running
        expected = net.loss_and_grad(params, other, labels, False, statistics=statistics)[0]
        assert loss == pytest.approx(expected, rel=1e-10)
        share = (net.predict(params, other, statistics).argmax(1) == labels).mean()
        assert accuracy == pytest.approx(share)
        # The objective on the training part is that of the whole part as one batch.
        expected = net.loss_and_grad(params, X, y)[0]
        assert measure(net, p, q, params, 0, work)[0] == pytest.approx(expected, rel=1e-10)
        call(net, p, q, params, t, 0, work=work)  # a step sees the batch: here all examples
        running = [
            (m + MOMENTUM * (mean - m), v + MOMENTUM * (var * 40 / 39 - v))
            for (m, v), (mean, var) in zip(running, population, strict=True)
        ]


def test_dropout_has_the_right_share_and_mean():
    n, p = 40_000, 0.3
    mask = np.empty(n)
    with np.errstate(over="ignore"):
        key = layer_operations.mask_key(np.uint64(5), 3, 1)
        layer_operations.draw_mask(mask, n, key, round(p * packing.DROP_SCALE))
    survivors = mask > 0
    np.testing.assert_allclose(mask[survivors], 1 / (1 - p))
    assert survivors.mean() == pytest.approx(1 - p, abs=5 * np.sqrt(p * (1 - p) / n))
    assert abs(np.corrcoef(mask[:-1], mask[1:])[0, 1]) < 0.02


def test_masks_change_with_key_and_step_alone():
    net = MLP(SIZES, "relu", dropout=0.5)
    rng = np.random.default_rng(0)
    X, y, params = rng.standard_normal((12, 4)), rng.integers(0, 3, 12), net.init(0)
    p, q = data_set(net, [(X, y)] * 3, 12)
    losses = {(s, t): call(net, p, q, params, t, 0, s)[0] for s in (1, 2) for t in (0, 1)}
    assert len(set(losses.values())) == 4
    assert call(net, p, q, params, 1, 0, 2)[0] == losses[2, 1]
    assert net.loss_and_grad(params, X, y, key=1)[0] == losses[1, 0]
    plain = MLP(SIZES, "relu").loss_and_grad(params, X, y)[0]
    assert net.loss_and_grad(params, X, y, training=False)[0] == plain
    assert call(net, p, q, params, 5, 1, 9)[0] == plain


def test_dropping_is_unbiased_before_a_linear_output():
    net = MLP((4, 64, 1), "linear", "mse", dropout=[0.1, 0.4])
    X, params = np.random.default_rng(1).standard_normal((1, 4)), net.init(1)
    out = net.predict(params, X)[0, 0]
    # With target y the loss is (z - y)^2; two targets give z.
    zs = []
    for key in range(1000):
        at_0, at_1 = (net.loss_and_grad(params, X, [[y]], key=key)[0] for y in (0.0, 1.0))
        zs.append((at_0 - at_1 + 1) / 2)
    assert np.mean(zs) == pytest.approx(out, abs=5 * np.std(zs) / np.sqrt(len(zs)))
    assert np.std(zs) > 0.01


@pytest.mark.parametrize(
    ("options", "rows", "message"),
    [
        ({"batch_norm": True}, 1, "batch of 1: a single example has no variance"),
        ({"batch_norm": True, "ghost_batch": 4}, 9, "batch of 9 in ghost batches of 4"),
    ],
)
def test_a_batch_of_one_has_no_variance(options, rows, message):
    net = MLP(SIZES, **options)
    with pytest.raises(ValueError, match=message):
        net.loss_and_grad(net.init(0), np.ones((rows, 4)), np.zeros(rows, int))
    with pytest.raises(ValueError, match=message):
        net.integers([50, 5, 5, 4, 3, rows])
