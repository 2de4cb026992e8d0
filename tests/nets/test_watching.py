"""What is seen of nets of layers, by hand: every kind of layer, and layers inside of layers."""

import numpy as np
import pytest

from optbench.nets import Net, diagnosis
from optbench.nets.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Attention,
    BatchNorm,
    Conv1d,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool2d,
    Residual,
    Shared,
)

RNG = np.random.default_rng(3)


SEQUENCES = [
    Embedding(5, 4), Residual([LayerNorm(), Attention(2)]), LSTM(3, last=False), GRU(4), Dense(2),
]  # fmt: skip
SHARED = [
    Conv1d(3, 2), Activation("silu"), Flatten(), Shared(Dense(9), "a"), Activation("tanh"),
    Shared(Dense(9), "a"), Activation("prelu"), Activation("relu"), Dense(2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("layers", "shape", "names"),
    [
        (
            SEQUENCES, (3,),
            ["1 Embedding(5, n=4)", "2.1 LayerNorm()", "2.2 Attention(2)", "3 LSTM(3, last=False)",
             "4 GRU(4)", "5 Dense(2)"],
        ),
        (
            SHARED, (4, 2),
            ["1 Conv1d(3, kernel=2), silu", "4 Dense(9), tanh", "6 Dense(9), prelu",
             "8 Activation('relu')", "9 Dense(2)"],
        ),
    ],
)  # fmt: skip
def test_every_layer_with_parameters_or_an_activation_is_a_row(layers, shape, names):
    net = Net(layers, input=shape)
    X = RNG.integers(0, 5, (6, net.n_in)).astype(float)
    params = net.init(1, gain=2.0)
    seen = diagnosis.diagnose(net, params, X, RNG.integers(0, 2, 6), before=0.5 * params)
    assert [one.name for one in seen] == names
    assert [one.layer for one in seen] == list(range(1, len(names) + 1))
    for one in seen:
        assert np.isfinite([one.mean, one.std]).all() and one.units >= 1, one.name
        if one.histogram.any():
            assert one.update_ratio == pytest.approx(1.0) and one.gradient_norm > 0, one.name


def test_statistics_of_images_by_hand():
    """A convolution of 1 x 1 is a dense layer of every pixel."""
    layers = [Conv2d(3, 1), BatchNorm(), Activation("relu"), Dropout(0.5), Conv2d(2, 1)]
    layers += [MaxPool2d(2), Activation("tanh"), Flatten(), Dense(2)]
    net = Net(layers, input=(4, 4, 2))
    params = 2.0 * net.init(0)
    X, y = RNG.normal(size=(10, 32)), RNG.integers(0, 2, 10)
    first, norm, second, last = diagnosis.diagnose(net, params, X, y)
    shown = net.unflatten(params)
    Z = X.reshape(-1, 2) @ shown[0]["weight"].reshape(3, 2).T + shown[0]["bias"]
    standard = (Z - Z.mean(axis=0)) / np.sqrt(Z.var(axis=0) + 1e-5)
    H = np.maximum(shown[1]["weight"] * standard + shown[1]["bias"], 0.0)
    assert (first.units, norm.units, second.units, last.units) == (3, 3, 2, 2)
    assert first.mean == pytest.approx(Z.mean()) and np.isnan(first.saturated)
    assert (norm.mean, norm.std) == pytest.approx((H.mean(), H.std()))
    assert norm.saturated == np.mean(H == 0.0)
    assert norm.weight_norm == pytest.approx(np.linalg.norm(shown[1]["weight"]))
    pooled = H @ shown[4]["weight"].reshape(2, 3).T + shown[4]["bias"]
    pooled = np.tanh(pooled.reshape(10, 2, 2, 2, 2, 2).max(axis=(2, 4)))
    assert second.mean == pytest.approx(pooled.mean())
    assert second.saturated == np.mean(1 - pooled**2 < 0.05)
    gradient = net.unflatten(net.loss_and_grad(params, X, y, training=False)[1])
    for one, number in ((first, 0), (norm, 1), (second, 4), (last, 8)):
        wanted = np.linalg.norm(gradient[number]["weight"])
        assert one.gradient_norm == pytest.approx(wanted), one.name


def test_only_valid_steps_of_sequences_count():
    net = Net([RNN(4, last=False), RNN(2)], input=(5, 3), lengths=True)
    params = 3.0 * net.init(2)
    lengths, X = np.array([5, 1, 3]), RNG.normal(size=(3, 5, 3))
    rows = np.column_stack([X.reshape(3, 15), lengths])
    first, _ = diagnosis.diagnose(net, params, rows, np.array([0, 1, 1]))
    shown, states = net.unflatten(params)[0], []
    for x, length in zip(X, lengths, strict=True):
        h = np.zeros(4)
        for step in x[:length]:
            inputs = shown["weight_ih"] @ step + shown["bias_ih"]
            h = np.tanh(inputs + shown["weight_hh"] @ h + shown["bias_hh"])
            states.append(h)
    assert len(states) == 9
    assert (first.mean, first.std) == pytest.approx((np.mean(states), np.std(states)))
    assert first.saturated == np.mean(1 - np.array(states) ** 2 < 0.05) and first.saturated > 0


def test_an_activation_by_itself_has_no_weights():
    net = Net([Activation("tanh"), Dense(2)], input=3)
    X = RNG.normal(size=(5, 3))
    params = net.init(0)
    alone, _ = diagnosis.diagnose(net, params, X, RNG.integers(0, 2, 5), before=params)
    assert alone.mean == pytest.approx(np.tanh(X).mean()) and alone.histogram.sum() == 0
    assert np.isnan([alone.gradient_norm, alone.weight_norm, alone.update_ratio]).all()
