"""RNN, LSTM and GRU against their formulas, differences, identities, and torch."""

import itertools

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import Net
from optbench.nets.layers import GRU, LSTM, RNN, Dense

from . import reference_sequences as reference
from .sequences import WITHIN, assert_adds, assert_equal_to_torch, assert_slopes_are_differences
from .sequences import case as drawn

CELLS = {RNN: reference.rnn, LSTM: reference.lstm, GRU: reference.gru}
SHAPES = [(4, (5, 3)), (1, (1, 2)), (2, (1, 1)), (1, (6, 2)), (300, (3, 2))]
"""Rows and shapes; of 300 rows a step is more than the gradients of weights take at once."""
SIZES = list(itertools.product([1, 5, 16, 20], SHAPES))
FLAGS = list(itertools.product([True, False], repeat=2))
"""Whether the last state alone is the output, and whether there are lengths."""


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("n", [1, 5, 16, 19])
def test_outputs_follow_the_formulas(kind, last, lengths, n):
    single, X, valid, _ = drawn(kind(n, last), 4, (6, 3), lengths)
    outputs, _ = single.forward(X, valid)
    steps = np.full(4, 6) if valid is None else valid
    expected = reference.recurrent(CELLS[kind], n, X, single.tensors, last, steps)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=WITHIN)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("last", "lengths"), FLAGS)
def test_gradients_are_differences(kind, last, lengths):
    assert_slopes_are_differences(kind(5, last), 3, (6, 3), lengths)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("n", [3, 16])
def test_gradients_are_added_where_they_are_to_be(kind, n):
    assert_adds(kind(n, False), 3, (9, 2), lengths=True)


@pytest.mark.conformance
@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("last", "lengths"), FLAGS)
@pytest.mark.parametrize(("n", "shape"), SIZES)
def test_gradients_equal_torch(kind, last, lengths, n, shape):
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    single, X, valid, D = drawn(kind(n, last), *shape, lengths)
    module = getattr(torch.nn, kind.__name__)(X.shape[2], n, batch_first=True).double()
    for name, tensor in single.tensors.items():
        getattr(module, f"{name}_l0").data = torch.tensor(tensor)
    x = torch.tensor(X, requires_grad=True)
    if lengths:
        packed = pack_padded_sequence(
            x, torch.tensor(valid), batch_first=True, enforce_sorted=False
        )
        states, at_end = module(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=X.shape[1])
    else:
        states, at_end = module(x)
    at_end = at_end[0] if kind is LSTM else at_end
    outputs = at_end[0] if last else states
    outputs.backward(torch.tensor(D))
    gradients = {name: getattr(module, f"{name}_l0") for name in single.tensors}
    assert_equal_to_torch(single.backward(X, D, valid), outputs, x, gradients)


def test_lstm_with_gates_forced_open_is_a_sum():
    n, time = 3, 7
    single, X, _, _ = drawn(LSTM(n), 2, (time, n))
    for tensor in single.tensors.values():
        tensor[...] = 0.0
    single.tensors["weight_ih"][2 * n : 3 * n] = np.eye(n)
    single.tensors["bias_ih"][[*range(2 * n), *range(3 * n, 4 * n)]] = 40.0  # sigmoid: 1 - 4e-18
    outputs, _ = single.forward(X)
    expected = np.tanh(np.tanh(X).sum(axis=1))
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=WITHIN)


def test_gru_that_never_updates_keeps_its_first_state_and_one_that_always_does_has_no_memory():
    n = 4
    single, X, _, _ = drawn(GRU(n, last=False), 2, (5, 3))
    single.tensors["bias_hh"][n : 2 * n] = 60.0
    np.testing.assert_allclose(single.forward(X)[0], 0.0, atol=1e-20)
    single.tensors["bias_hh"][n : 2 * n] = -60.0
    single.tensors["weight_hh"][2 * n :] = 0.0
    single.tensors["bias_hh"][2 * n :] = 0.0
    weight, bias = single.tensors["weight_ih"][2 * n :], single.tensors["bias_ih"][2 * n :]
    np.testing.assert_allclose(
        single.forward(X)[0], np.tanh(X @ weight.T + bias), rtol=0, atol=WITHIN
    )


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("last", [True, False])
def test_what_comes_after_the_end_of_an_example_does_not_matter(kind, last):
    single, X, _, D = drawn(kind(4, last), 3, (6, 2), lengths=True)
    valid = np.array([1, 4, 6])
    ended = np.arange(6) >= valid[:, None]
    run = single.backward(X, D, valid)
    assert not run.errors[ended].any()
    if not last:
        assert not run.outputs[ended].any()
        D[ended] = 1e3
    X[ended] = -1e3
    again = single.backward(X, D, valid)
    np.testing.assert_array_equal(again.outputs, run.outputs)
    np.testing.assert_array_equal(again.errors, run.errors)
    for name, slopes in run.grads.items():
        np.testing.assert_allclose(again.grads[name], slopes, rtol=0, atol=WITHIN)


@pytest.mark.parametrize("kind", CELLS)
def test_extreme_gates_overflow_nowhere(kind):
    single, X, _, D = drawn(kind(4), 2, (5, 3))
    run = single.backward(1e4 * X, D)
    assert np.isfinite(run.outputs).all()
    assert np.isfinite(run.errors).all()
    assert all(np.isfinite(slopes).all() for slopes in run.grads.values())


@pytest.mark.parametrize(("kind", "gates"), [(RNN, 1), (LSTM, 4), (GRU, 3)])
def test_tensors_have_torch_s_shapes_and_start(kind, gates):
    n, features = 16, 5
    net = Net([kind(n), Dense(2)], input=(3, features))
    tensors = net.unflatten(net.init(0))[0]
    shapes = {
        "weight_ih": (gates * n, features), "weight_hh": (gates * n, n),
        "bias_ih": (gates * n,), "bias_hh": (gates * n,),
    }  # fmt: skip
    assert {name: tensor.shape for name, tensor in tensors.items()} == shapes
    for tensor in tensors.values():
        # Uniform up to 1/4: of 16 or more numbers the largest is below 1/8 with 2^-16 at most.
        assert 0.125 < np.abs(tensor).max() <= 0.25
    assert not net.unflatten(net.init(0, scheme="he_normal"))[0]["bias_hh"].any()


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        ([LSTM(3)], 4, r"layer 1, LSTM\(3\): examples of shape \(4,\) came, expected \(time, feat"),
        ([Dense(2), GRU(3)], (2, 3, 4), r"layer 2, GRU\(3\): examples of shape \(2, 3, 2\) came"),
        ([RNN(3), RNN(2)], (4, 5), r"layer 2, RNN\(2\): examples of shape \(3,\) came"),
    ],
)
def test_shapes_that_are_no_sequences_are_refused(layers, shape, message):
    with pytest.raises(SettingError, match=message):
        Net(layers, input=shape)


def test_settings_that_are_wrong_are_refused():
    with pytest.raises(SettingError, match="n = 0 is out of range"):
        LSTM(0)
    with pytest.raises(SettingError, match="last is 1; it must be True or False"):
        GRU(3, last=1)
    with pytest.raises(SettingError, match="input = 0 is out of range"):
        Net([RNN(3)], input=(0, 4))
    with pytest.raises(SettingError, match=r"expected a sequence of 1 or more steps"):
        RNN(3).output((0, 4))
