"""Nets with outputs at every step of a sequence, and a label for each of them."""

import numpy as np
import pytest

import optbench
from optbench.define import net
from optbench.errors import DefinitionError, SettingError
from optbench.nets import Net, data, objective
from optbench.nets.layers import Activation, Dense, Embedding, Flatten
from optbench.study import probing

from .plain_net import plain_loss_and_grad

TIME, FEATURES, CLASSES, ROWS = 6, 3, 4, 7
LAYERS = [Dense(5), Activation("tanh"), Dense(CLASSES)]


def examples(seed=0):
    """Return X [n, time * features] and labels [n, time]."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((ROWS, TIME * FEATURES))
    return X, rng.integers(0, CLASSES, (ROWS, TIME))


def nets(**options):
    """Return a net of sequences, and one that sees their steps as examples; they start alike."""
    net = Net(LAYERS, input=(TIME, FEATURES), **options)
    steps = Net(LAYERS, input=FEATURES, **options)
    return net, steps, net.init(1)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_mean_over_all_steps(smoothing):
    net, steps, params = nets(label_smoothing=smoothing)
    X, y = examples()
    loss, gradient = plain_loss_and_grad(net, params, X, y)
    expected_loss, expected = plain_loss_and_grad(steps, params, X.reshape(-1, FEATURES), y.ravel())
    assert loss == pytest.approx(expected_loss, rel=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-16)


def test_the_loss_by_its_formula_and_the_gradient_by_differences():
    net, _, params = nets()
    X, y = examples(2)
    loss, gradient = net.loss_and_grad(params, X, y)
    shares = net.predict(params, X)
    assert shares.shape == (ROWS, TIME, CLASSES)
    np.testing.assert_allclose(shares.sum(axis=2), 1.0, rtol=1e-14)
    picked = shares[np.arange(ROWS)[:, None], np.arange(TIME), y]
    assert loss == pytest.approx(-np.log(picked).mean(), rel=1e-13)
    for i in np.flatnonzero(params)[::5]:
        moved = np.repeat(params[None], 2, axis=0)
        moved[:, i] += (1e-6, -1e-6)
        high, low = (net.loss_and_grad(point, X, y)[0] for point in moved)
        assert gradient[i] == pytest.approx((high - low) / 2e-6, abs=1e-8)


def test_the_accuracy_is_the_share_of_steps():
    net, _, params = nets()
    X, y = examples(3)
    head = [3, 4, 0, TIME * FEATURES, CLASSES, 2]
    q = net.integers(head)
    p = np.concatenate([X.ravel(), y.ravel(), net.coefficients])
    m = np.empty((2, 64))
    objective.metrics(params.reshape(-1, 64), m, p, q, np.zeros(q[-1]), 1)
    shares = net.predict(params, X[3:])
    right = shares.argmax(axis=2) == y[3:]
    picked = shares[np.arange(4)[:, None], np.arange(TIME), y[3:]]
    np.testing.assert_allclose(m[:, 0], [-np.log(picked).mean(), right.mean()], rtol=1e-13)


def test_what_does_not_fit_is_refused():
    with pytest.raises(SettingError, match=r"of shape \(6, 4\); the loss mse takes \(n,\): add Fl"):
        Net(LAYERS, input=(TIME, FEATURES), loss="mse")
    net, steps, params = nets()
    X, y = examples()
    with pytest.raises(SettingError, match=r"y has shape \(7,\); it must be \(7, 6\), class lab"):
        net.loss_and_grad(params, X, y[:, 0])
    with pytest.raises(SettingError, match=r"y has shape \(7, 6\); it must be \(7,\), class la"):
        steps.loss_and_grad(params, X[:, :FEATURES], y)
    flat = Net([*LAYERS, Flatten()], input=(TIME, FEATURES))
    assert (flat.n_out, flat.answer_width, net.n_out, net.answer_width) == (24, 1, 4, 6)


def test_the_best_constant_answer_is_by_the_frequencies_of_all_labels():
    definition = net(
        "copied", data="copy_memory", input=(20,), layers=[Embedding(10, 4), Dense(9)], batch=8,
        loss_target=0.1, error_target=0.1,
    )  # fmt: skip
    problem = optbench.problem(definition, instance=1)
    _, y = probing.examples(problem, 50)
    np.testing.assert_array_equal(y, data.split("copy_memory", 1).train.y[:50])
    shares = np.bincount(data.split("copy_memory", 1).train.y.ravel()) / (600 * 20)
    assert probing.chance(problem) == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(layers=[Embedding(10, 4), Flatten(), Dense(9)]),
            r"a label at each of 20 steps; ",
        ),
        (
            dict(layers=[Embedding(9, 4), Dense(9)]),
            r"is 9.0; Embedding\(9, n=4\) takes whole",
        ),
        (dict(layers=[Embedding(10, 4), Dense(8)]), "gives 8; with cross_entropy it must be 9"),
        (dict(mixup=0.2), "mixup takes one label an example; the data has one at every step"),
        (dict(class_every=9), "class_every takes one label an example; the data has one at every"),
        (
            dict(data="digits", scaling="common", input=(8, 8), layers=[Dense(10)]),
            "the net has outputs at each of 8 steps, the data has one label an example; end with",
        ),
    ],
)
def test_declarations_whose_labels_do_not_fit(changes, message):
    facts = dict(
        data="copy_memory", input=(20,), layers=[Embedding(10, 4), Dense(9)], batch=8,
        loss_target=0.1, error_target=0.1,
    )  # fmt: skip
    with pytest.raises(DefinitionError, match=message):
        optbench.problem(net("copied", **{**facts, **changes}), instance=1)
