"""Nets of sequences: compiled against plain Python, against torch, and trained by the engine."""

import itertools

import numpy as np
import pytest

import optbench
from optbench.define import net as declare
from optbench.errors import DefinitionError, SettingError
from optbench.nets import Net
from optbench.nets.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Attention,
    Dense,
    Embedding,
    Flatten,
    LayerNorm,
    Residual,
    Shared,
)

from .helpers import ORACLES
from .plain_net import plain_loss_and_grad
from .sequence_stacks import STACKS as RANDOM
from .sequence_stacks import random_sequence_data, random_sequence_net
from .stacks import assert_equal_to_torch, directions

ALL = [Embedding(7, 6), LSTM(5, last=False), GRU(8, last=False), Attention(2), RNN(4), Dense(3)]
BLOCK = [
    Residual([LayerNorm(), Attention(2, causal=True)]),
    Residual([LayerNorm(), Dense(9), Activation("gelu"), Dense(6)]),
]


def drawn(net, rows, lengths=False):
    """Return tokens, or numbers where the net takes them, labels, and parameters."""
    rng = np.random.default_rng(net.dim)
    X = rng.standard_normal((rows, net.n_in))
    if isinstance(net.layers[0], Embedding):
        X = rng.integers(0, net.layers[0].vocabulary, (rows, net.n_in)).astype(float)
    if lengths:
        X[:, -1] = rng.integers(1, net.input[0] + 1, rows)
    return X, rng.integers(0, net.n_out, rows), net.init(1)


@pytest.mark.parametrize("lengths", [True, False])
def test_compiled_layers_of_sequences_equal_plain_python(lengths):
    net = Net(ALL, input=(5,), lengths=lengths)
    X, y, params = drawn(net, 6, lengths)
    value, gradient = net.loss_and_grad(params, X, y)
    expected_value, expected = plain_loss_and_grad(net, params, X, y)
    assert value == pytest.approx(expected_value, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14)


STACKS = {
    "recurrent": [RNN(6, last=False), Activation("relu"), LSTM(7, last=False), GRU(3), Dense(3)],
    "embedded": [Embedding(5, 6), *BLOCK, Flatten(), Dense(3)],
    "block": [*BLOCK, GRU(4, last=False), Attention(4), LSTM(5), Dense(3)],
    "shared": [
        Shared(RNN(6, last=False), "step"), Shared(RNN(6, last=False), "step"),
        Shared(Attention(3), "look"), Shared(Attention(3), "look"), Flatten(), Dense(3),
    ],
}  # fmt: skip


@pytest.mark.conformance
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("rows", [1, 9])
def test_gradient_of_a_stack_equals_torch(name, rows):
    net = Net(STACKS[name], input=(5,) if name == "embedded" else (5, 6))
    X, y, params = drawn(net, rows)
    value, gradient = plain_loss_and_grad(net, params, X, y)
    assert_equal_to_torch(net, params, X, y, value, gradient)


def test_gradients_of_random_stacks_equal_stored_torch():
    for seed, (expected_value, *expected) in enumerate(
        np.load(ORACLES / "sequences.npz")["values"]
    ):
        net = random_sequence_net(seed)
        X, y, params = random_sequence_data(net, seed)
        value, gradient = plain_loss_and_grad(net, params, X, y)
        vectors = directions(net, seed)
        assert value == pytest.approx(expected_value, rel=1e-11), net
        reach = 1e-9 * np.abs(vectors) @ np.abs(gradient) + 1e-12
        assert (np.abs(vectors @ gradient - expected) <= reach).all(), net


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(RANDOM))
def test_gradient_of_a_random_stack_equals_torch(seed):
    net = random_sequence_net(seed)
    X, y, params = random_sequence_data(net, seed)
    value, gradient = plain_loss_and_grad(net, params, X, y)
    assert_equal_to_torch(net, params, X, y, value, gradient)


@pytest.mark.conformance
@pytest.mark.parametrize("name", ["recurrent", "block"])
def test_200_steps_end_where_torch_s_do(name):
    from .torch_twin import torch_loss_and_grad

    net = Net(STACKS[name], input=(5, 6))
    X, y, params = drawn(net, 9)
    ours, theirs, rate = params.copy(), params.copy(), 0.05
    for _ in range(200):
        ours -= rate * net.loss_and_grad(ours, X, y)[1]
        gradient = np.zeros(net.dim)
        expected = torch_loss_and_grad(net, theirs, X, y)[1]
        shown = net.unflatten(gradient)
        for layer, tensor, key in net.probe.names:
            shown[layer - 1][tensor][...] = expected[key]
        theirs -= rate * gradient
    assert np.abs(ours - params).max() > 0.1
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("lengths", [True, False])
def test_tokens_and_lengths_are_checked_where_they_come_in(lengths):
    net = Net(ALL, input=(5,), lengths=lengths)
    X, y, params = drawn(net, 3, lengths)
    X[2, 1] = 7
    for refused in (lambda: net.loss_and_grad(params, X, y), lambda: net.predict(params, X)):
        with pytest.raises(SettingError, match=r"token 1 of example 2 is 7.0; Embedding\(7, n=6\)"):
            refused()
    X[2, 1] = 6
    if lengths:
        X[0, 5] = 0
        with pytest.raises(SettingError, match="example 0 has length 0.0"):
            net.loss_and_grad(params, X, y)


def test_gradients_of_chunks_of_examples_add_up():
    net = Net(ALL, input=(5,), lengths=True)
    X, y, params = drawn(net, net.rows_at_once + 45, lengths=True)
    value, gradient = net.loss_and_grad(params, X, y, training=False)
    at_once, whole = net.loss_and_grad(params, X, y)  # as one mini-batch
    assert value == pytest.approx(at_once, rel=1e-13)
    np.testing.assert_allclose(gradient, whole, rtol=0, atol=1e-14)


def test_evaluation_takes_as_many_examples_at_once_as_a_cache_holds():
    small, large = Net([RNN(2), Dense(2)], input=(2, 2)), Net([LSTM(64), Dense(2)], input=(64, 16))
    assert small.rows_at_once == 256
    numbers = {
        rows: large.integers([500, 0, 0, large.n_in, 2, 0], at_once=rows)[-1]
        for rows in (1, large.rows_at_once, large.rows_at_once + 64)
    }
    assert numbers[1] == numbers[large.rows_at_once] < numbers[large.rows_at_once + 64]
    assert 8 <= large.rows_at_once < 64


def test_rows_of_a_batch_do_not_meet():
    net = Net(ALL, input=(5,), lengths=True)
    X, y, params = drawn(net, 6, lengths=True)
    _, whole = plain_loss_and_grad(net, params, X, y)
    parts = [plain_loss_and_grad(net, params, X[[i]], y[[i]])[1] for i in range(6)]
    np.testing.assert_allclose(whole, np.mean(parts, axis=0), rtol=0, atol=1e-15)


def test_every_kind_learns_what_came_first():
    # The label is the first token: a net that forgets, or does not look back, cannot know it.
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (64, 4)).astype(float)
    for kind, last in itertools.product([RNN, LSTM, GRU], [True, False]):
        layers = [Embedding(3, 4), kind(8, last), *([] if last else [RNN(8)]), Dense(3)]
        net = Net(layers, input=(4,))
        params = net.init(0)
        state = np.zeros((2, net.dim))
        for t in range(1, 201):
            _, g = net.loss_and_grad(params, X, X[:, 0])
            state += (1 - np.array([[0.9], [0.99]])) * (np.array([g, g * g]) - state)
            m, v = state[0] / (1 - 0.9**t), state[1] / (1 - 0.99**t)
            params -= 0.03 * m / (np.sqrt(v) + 1e-8)
        assert (net.predict(params, X).argmax(axis=1) == X[:, 0]).mean() == 1.0


@pytest.fixture
def first_token(tmp_path):
    """Write tokens, with lengths, whose class is the first one; return the path of the file."""
    rng = np.random.default_rng(2)
    X = rng.integers(0, 3, (120, 5))
    X[:, 4] = rng.integers(1, 5, 120)
    np.savez(tmp_path / "first.npz", X=X, y=X[:, 0])
    return tmp_path / "first.npz"


def test_a_declared_net_of_tokens_learns(first_token):
    net = declare(
        "first_token", data=first_token, layers=[Embedding(3, 4), GRU(8), Dense(3)], input=(4,),
        lengths=True, batch=24, loss_target=0.1, error_target=0.1, scaling="none",
    )  # fmt: skip
    problem = optbench.problem(net, instance=1)
    run = optbench.minimize("adam", problem, steps=200, lr=0.03)
    assert run.f[0] < 0.05 * run.f_start[0]


@pytest.mark.parametrize(
    ("vocabulary", "scaling", "message"),
    [
        (2, "none", r"train part: token \d of example \d+ is 2.0; Embedding\(2, n=4\) takes whole"),
        (3, "standard", "train part: example 0 has length .*; tokens and lengths take scaling='n"),
    ],
)
def test_data_that_a_declared_net_does_not_take_are_refused(
    first_token, vocabulary, scaling, message
):
    net = declare(
        "first_token_wrong", data=first_token, layers=[Embedding(vocabulary, 4), RNN(3), Dense(3)],
        input=(4,), lengths=True, batch=24, loss_target=0.1, error_target=0.1, scaling=scaling,
    )  # fmt: skip
    with pytest.raises(DefinitionError, match=message):
        optbench.problem(net, instance=1)
