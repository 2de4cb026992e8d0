"""Statistics of layers against torch-free hand calculations; the table of activations."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from optbench.cli.main import main
from optbench.nets import MLP, activation_table, data, diagnosis
from optbench.nets.activations import ACTIVATIONS

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(200, 3)), RNG.integers(0, 2, 200)


def test_statistics_of_a_tanh_net_by_hand():
    net = MLP((3, 5, 2), activation="tanh")
    params = net.init(0, gain=2.0)
    (W, b), (W2, b2) = net.unflatten(params)
    H = np.tanh(X @ W + b)
    logits = H @ W2 + b2
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    dZ = (P - np.eye(2)[Y]) / len(X)
    dW, dW2 = X.T @ (dZ @ W2.T * (1 - H**2)), H.T @ dZ
    hidden, last = diagnosis.diagnose(net, params, X, Y)
    assert hidden.mean == pytest.approx(H.mean(), abs=1e-14)
    assert hidden.std == pytest.approx(H.std(), rel=1e-12)
    assert hidden.saturated == np.mean(1 - H**2 < 0.05) and 0 < hidden.saturated < 1
    assert hidden.gradient_norm == pytest.approx(np.linalg.norm(dW), rel=1e-10)
    assert last.gradient_norm == pytest.approx(np.linalg.norm(dW2), rel=1e-10)
    assert hidden.weight_norm == pytest.approx(np.linalg.norm(W), rel=1e-14)
    assert last.mean == pytest.approx(0.5) and math.isnan(last.saturated)
    assert math.isnan(hidden.update_ratio) and hidden.dead == last.dead == 0
    assert hidden.histogram.sum() == 15
    assert (hidden.edges[0], hidden.edges[-1]) == (W.min(), W.max())
    assert diagnosis.saturated_share(net, params, X) == hidden.saturated


@pytest.mark.parametrize("options", [{}, {"residual": True}, {"layer_norm": True}])
def test_dead_units_are_counted_whatever_comes_after_the_activation(options):
    net = MLP((3, 3, 2), **options)
    params = net.init(1)
    if options.get("layer_norm"):
        net.extras(params)[0]["beta"][1] = -10.0
    else:
        net.unflatten(params)[0][1][1] = -100.0
    hidden = diagnosis.diagnose(net, params, X, Y)[0]
    assert hidden.dead == 1
    assert hidden.saturated > 1 / 3
    gradient = net.unflatten(net.loss_and_grad(params, X, Y)[1])[0][0]
    if not options.get("layer_norm"):  # there the statistics of the row tie units together
        assert not gradient[:, 1].any() and gradient[:, [0, 2]].all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_those_of_central_differences(activation):
    net = MLP((3, 4, 2), activation=activation)
    params, h = net.init(2), 1e-6
    b = net.unflatten(params)[0][1]
    ups, downs = params.copy(), params.copy()
    net.unflatten(ups)[0][1][:] = b + h
    net.unflatten(downs)[0][1][:] = b - h
    expected = (net.outputs(ups, X)[0] - net.outputs(downs, X)[0]) / (2 * h)
    low = {"prelu": 0.25}.get(activation, 0.0)
    relative = np.abs(expected) / diagnosis.largest_slope(activation, low)
    np.testing.assert_allclose(diagnosis.relative_slopes(net, params, X)[0], relative, atol=1e-8)
    assert relative.max() <= 1 + 1e-6


def test_update_ratios_through_training():
    net = MLP((3, 4, 2))
    first = net.init(3)
    trajectory = [None, first, 1.1 * first, 1.1 * first]
    ratios = [
        [layer.update_ratio for layer in diagnosis.diagnose(net, params, X, Y, before)]
        for before, params in itertools.pairwise(trajectory)
    ]
    assert np.isnan(ratios[0]).all()
    np.testing.assert_allclose(ratios[1:], [[0.1, 0.1], [0, 0]], atol=1e-14)


def test_signals_through_ten_layers():
    """0.5^10 and 1.5^10: what ten linear layers make of a signal, and of a gradient."""
    net = MLP((1,) * 11 + (1,), activation="linear", loss="mse")
    for factor, expected in ((0.5, 0.0009765625), (1.5, 57.6650390625)):
        params = net.init(0, "zeros")
        for W, _ in net.unflatten(params):
            W[:] = factor
        net.unflatten(params)[-1][0][:] = 1.0
        layers = diagnosis.diagnose(net, params, np.ones((1, 1)), np.zeros((1, 1)))
        assert layers[9].mean == pytest.approx(expected, rel=1e-14)
        # dLoss/dW_1 = 2 (out) d(out)/dW_1, where the latter is nine factors.
        assert layers[0].gradient_norm == pytest.approx(2 * expected * factor**9, rel=1e-13)


def test_depth_makes_sigmoid_gradients_vanish():
    parts = data.split("iris", 1)
    net = MLP((4, *[10] * 8, 3), activation="sigmoid")
    layers = diagnosis.diagnose(net, net.init(0, "xavier_uniform"), *parts.train)
    assert layers[0].gradient_norm < 1e-4 * layers[-1].gradient_norm


KNOWN = {  # low, high, mean, std for a standard normal argument, where closed forms exist
    "linear": (-math.inf, math.inf, 0, 1),
    "relu": (0, math.inf, 1 / math.sqrt(2 * math.pi), math.sqrt(0.5 - 0.5 / math.pi)),
    "sigmoid": (0, 1, 0.5, None),
    "tanh": (-1, 1, 0, None),
    "elu": (-1, math.inf, None, None),
    "softplus": (0, math.inf, None, None),
    "gelu": (-0.16997, math.inf, 1 / (2 * math.sqrt(math.pi)), None),
    "silu": (-0.27846, math.inf, None, None),
    "leaky_relu": (-math.inf, math.inf, 0.99 / math.sqrt(2 * math.pi), None),
    "prelu": (-math.inf, math.inf, 0.75 / math.sqrt(2 * math.pi), None),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_facts_about_activations(name):
    facts = activation_table.profile(name)
    for key, expected in zip(("low", "high", "mean", "std"), KNOWN[name], strict=True):
        if expected is not None:
            assert facts[key] == pytest.approx(expected, abs=2e-5), key


def test_gradients_in_the_table_of_activations():
    table = activation_table.activation_table(timed=False).set_index("activation")
    assert table.loc["relu", "gradient_gain"] == pytest.approx(0.5, abs=1e-3)  # He et al. 2015
    assert table.loc["leaky_relu", "gradient_gain"] == pytest.approx(0.50005, abs=1e-3)
    assert table.loc["sigmoid", "slope_at_0"] == 0.25
    assert table.loc["tanh", "slope_at_0"] == 1.0
    assert table.loc["tanh", "slope_high"] == pytest.approx(1 / math.cosh(10) ** 2, rel=1e-6, abs=0)
    assert table.loc["elu", "slope_low"] == pytest.approx(math.exp(-10), rel=1e-6)
    assert (table["slope_high"].drop(["sigmoid", "tanh"]) > 0.999).all()


def test_time_per_element():
    ns = {name: activation_table.nanoseconds(name) for name in ("relu", "tanh")}
    assert 0 < ns["relu"] < ns["tanh"] < 100


def test_the_table_in_the_docs_is_the_one_that_is_computed():
    text = (Path(__file__).parents[2] / "docs" / "inside.md").read_text()
    rows = activation_table.texts(activation_table.activation_table(timed=False))
    for row in rows:
        assert f"| {' | '.join(row)} |" in text


def test_the_command_shows_every_activation_with_its_time():
    result = CliRunner().invoke(main, ["list", "activations", "--dtype", "float64"])
    assert result.exit_code == 0, result.output
    head, *rows, machine, _ = result.output.splitlines()
    assert head.split()[-1] == "ns" and "float64, forward, one thread" in machine
    assert [row.split()[0] for row in rows] == list(ACTIVATIONS)
    assert all(0 < float(row.split()[-1]) < 100 for row in rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gains_that_differ_by_roundings_have_a_histogram(dtype):
    gains = np.ones(10, dtype)
    gains[:4] += 3 * np.finfo(dtype).eps
    counts, edges = diagnosis._histogram(gains)
    assert counts.sum() == 10 and len(edges) == diagnosis.BINS + 1
    assert edges[0] == 0.5 and edges[-1] == pytest.approx(1.5) and (np.diff(edges) > 0).all()
    spread = np.linspace(-1, 1, 50).astype(dtype)
    ours, theirs = diagnosis._histogram(spread), np.histogram(spread, bins=diagnosis.BINS)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
