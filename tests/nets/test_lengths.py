"""Outputs at every step, and batch normalisation, of sequences of several lengths."""

import numpy as np
import pytest

import optbench
from optbench.define import net as declare
from optbench.nets import Net, objective
from optbench.nets.layers import GRU, LSTM, RNN, Activation, BatchNorm, Dense
from optbench.study import probing

from .operations.sequences import assert_adds, assert_slopes_are_differences
from .plain_net import plain_loss_and_grad

TIME, FEATURES, CLASSES, ROWS = 6, 3, 4, 7
INPUT = (TIME, FEATURES)
STEPWISE = [Dense(5), BatchNorm(), Activation("tanh"), BatchNorm(units=[3, 0]), Dense(CLASSES)]
RECURRENT = [
    LSTM(5, last=False), BatchNorm(), GRU(4, last=False), BatchNorm(units=[2, 0]),
    Activation("tanh"), RNN(6, last=False), Dense(CLASSES),
]  # fmt: skip


def examples(seed=0, rows=ROWS):
    """Return X [n, time, features], lengths [n] and labels [n, time]."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, *INPUT))
    return X, rng.integers(1, TIME + 1, rows), rng.integers(0, CLASSES, (rows, TIME))


def rows_of(X, lengths):
    """Return examples as rows, their lengths at the end."""
    return np.column_stack([X.reshape(len(X), -1), lengths])


def valid_of(lengths):
    """Return which steps are valid: bool [n, time]."""
    return np.arange(TIME) < lengths[:, None]


def shaken(net, seed=1):
    """Return parameters of which none is at its start: gamma and beta count."""
    params, rng = net.init(seed), np.random.default_rng(seed)
    for one in net.placed:
        some = slice(one.place, one.place + one.tensor.size)
        params[some] += 0.3 * rng.standard_normal(one.tensor.size)
    return params


@pytest.mark.parametrize("run", [Net.loss_and_grad, plain_loss_and_grad])
def test_valid_steps_are_examples_of_a_net_without_steps(run):
    net, steps = Net(STEPWISE, input=INPUT, lengths=True), Net(STEPWISE, input=FEATURES)
    params, (X, lengths, y) = shaken(net), examples()
    valid = valid_of(lengths)
    loss, gradient = run(net, params, rows_of(X, lengths), y)
    expected_loss, expected = run(steps, params, X[valid], y[valid])
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14)
    shares = net.predict(params, rows_of(X, lengths))
    np.testing.assert_allclose(shares[valid], steps.predict(params, X[valid]), rtol=0, atol=1e-14)


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(5))
def test_gradients_equal_those_of_packed_sequences_in_torch(seed):
    import torch
    from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

    from . import torch_twin

    net = Net(RECURRENT, input=INPUT, lengths=True)
    params, (X, lengths, y) = shaken(net, seed), examples(seed)
    loss, gradient = net.loss_and_grad(params, rows_of(X, lengths), y)
    leaves, keys = torch_twin.tensors_of(net, params)

    def packed(array):
        return pack_padded_sequence(
            torch.tensor(array), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )

    state = packed(X)
    for number, layer in enumerate(net.layers, 1):

        def take(name, at=number):
            return leaves[keys[at, name]]

        if isinstance(layer, (LSTM, GRU, RNN)):
            module = getattr(torch.nn, type(layer).__name__)
            module = module(state.data.shape[1], layer.n, batch_first=True, dtype=torch.float64)
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            tensors = {f"{name}_l0": take(name) for name in names}
            state, _ = torch.func.functional_call(module, tensors, (state,))
        else:
            data = torch_twin.apply(layer, state.data, take)
            state = PackedSequence(data, *state[1:])
    expected = torch.nn.functional.cross_entropy(state.data, packed(y).data)
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-12)
    shown = net.unflatten(gradient)
    for (layer, name), key in keys.items():
        slopes = leaves[key].grad.numpy()
        np.testing.assert_allclose(shown[layer - 1][name], slopes, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ghosts", [0, 4])
def test_what_comes_after_the_end_of_an_example_does_not_matter(ghosts):
    net = Net(RECURRENT, input=INPUT, lengths=True, ghost_batch=ghosts, label_smoothing=0.1)
    params, (X, lengths, y) = shaken(net), examples(2)
    first = net.loss_and_grad(params, rows_of(X, lengths), y)
    ended = ~valid_of(lengths)
    X[ended], y[ended] = 1e3, 0
    again = net.loss_and_grad(params, rows_of(X, lengths), y)
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])


def test_ghost_batches_have_statistics_of_their_valid_steps():
    """Of a net that is one batch normalisation after another layer, each ghost batch by itself."""
    layers, (X, lengths, y) = [BatchNorm(), Dense(CLASSES)], examples(3, 6)
    ghosts = Net(layers, input=INPUT, lengths=True, ghost_batch=2)
    whole = Net(layers, input=INPUT, lengths=True)
    params, counts = shaken(ghosts), lengths.reshape(3, 2).sum(axis=1)
    loss, gradient = ghosts.loss_and_grad(params, rows_of(X, lengths), y)
    parts = [
        whole.loss_and_grad(params, rows_of(X, lengths)[i : i + 2], y[i : i + 2])
        for i in (0, 2, 4)
    ]  # fmt: skip
    shares = counts / counts.sum()
    assert loss == pytest.approx(sum(s * part[0] for s, part in zip(shares, parts, strict=True)))
    expected = sum(s * part[1] for s, part in zip(shares, parts, strict=True))
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14)


def test_loss_and_accuracy_of_a_part_count_its_labels():
    net = Net([Dense(5), Activation("tanh"), Dense(CLASSES)], input=INPUT, lengths=True)
    params, (X, lengths, y) = shaken(net), examples(4)
    rows, valid = rows_of(X, lengths), valid_of(lengths)
    q = net.integers([3, 4, 0, rows.shape[1], CLASSES, 2])
    p = np.concatenate([rows.ravel(), net.labelled(rows, y).ravel(), net.coefficients])
    m = np.empty((2, 64))
    objective.metrics(params.reshape(-1, 64), m, p, q, np.zeros(q[-1]), 1)
    shares, of_part = net.predict(params, rows[3:]), valid[3:]
    picked = np.take_along_axis(shares, y[3:, :, None], 2)[..., 0][of_part]
    right = (shares.argmax(axis=2) == y[3:])[of_part]
    np.testing.assert_allclose(m[:, 0], [-np.log(picked).mean(), right.mean()], rtol=1e-13)


def test_chunks_of_examples_add_up():
    net = Net([LSTM(64, last=False), Dense(CLASSES)], input=INPUT, lengths=True)
    X, lengths, y = examples(5, net.rows_at_once + 45)
    params, rows = net.init(0), rows_of(X, lengths)
    value, gradient = net.loss_and_grad(params, rows, y, training=False)
    at_once, whole = net.loss_and_grad(params, rows, y)
    assert value == pytest.approx(at_once, rel=1e-13)
    np.testing.assert_allclose(gradient, whole, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layer", [BatchNorm(), BatchNorm(units=[1])])
def test_gradients_of_batch_normalisation_are_differences(layer):
    if layer.units is None:
        assert_slopes_are_differences(layer, 4, (5, 2), lengths=True)
        assert_adds(layer, 4, (5, 2), lengths=True)
    net = Net([layer, Dense(3)], input=INPUT, lengths=True)
    params, (X, lengths, y) = shaken(net), examples(6)
    _, gradient = net.loss_and_grad(params, rows_of(X, lengths), y % 3)
    for i in np.flatnonzero(params):
        moved = np.repeat(params[None], 2, axis=0)
        moved[:, i] += (1e-6, -1e-6)
        high, low = (net.loss_and_grad(at, rows_of(X, lengths), y % 3)[0] for at in moved)
        assert gradient[i] == pytest.approx((high - low) / 2e-6, abs=1e-8)


def test_a_declared_net_learns(tmp_path):
    """The label of a step is the sign of what came first, with -1 nowhere in the file."""
    rng = np.random.default_rng(0)
    X, lengths = rng.standard_normal((200, 4, 1)), rng.integers(1, 5, 200)
    y = np.repeat(X[:, :1, 0] > 0, 4, axis=1).astype(int)
    np.savez(tmp_path / "first.npz", X=np.column_stack([X[:, :, 0], lengths]), y=y)
    problem = optbench.problem(
        declare(
            "first_sign", data=tmp_path / "first.npz", input=(4, 1), lengths=True, batch=20,
            layers=[GRU(6, last=False), BatchNorm(), Dense(2)], loss_target=0.1, error_target=0.1,
            scaling="none",
        ),
        instance=1,
    )  # fmt: skip
    X, Y = probing.examples(problem, None)
    np.testing.assert_array_equal(Y >= 0, np.arange(4) < X[:, -1:])
    labels = Y[Y >= 0].astype(int)
    shares = np.bincount(labels) / labels.size
    assert probing.chance(problem) == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-12)
    run = optbench.minimize("adam", problem, steps=150, lr=0.03)
    expected, _ = problem.net.net.loss_and_grad(
        problem.starts([0])[0], X, np.maximum(Y, 0), training=False
    )
    assert run.f_start[0] == pytest.approx(expected, rel=1e-12)
    assert run.f[0] < 0.2 * run.f_start[0]
    assert run.records.metrics[0, -1, 1] > 0.95  # validation accuracy
