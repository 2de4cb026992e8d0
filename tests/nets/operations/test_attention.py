"""Self-attention against its formula, differences, identities, and torch."""

import itertools

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import Net
from optbench.nets.layers import Attention, Dense, Flatten

from . import reference_sequences as reference
from .sequences import WITHIN, assert_adds, assert_equal_to_torch, assert_slopes_are_differences
from .sequences import case as drawn

WIDTHS = [(4, 1), (6, 3), (16, 2), (20, 4)]
"""Width and heads."""
SHAPES = [(3, 5), (1, 1), (2, 17)]
"""Rows and steps."""
MASKS = list(itertools.product([True, False], repeat=2))
"""Whether attention is causal, and whether there are lengths."""


@pytest.mark.parametrize(("causal", "lengths"), MASKS)
@pytest.mark.parametrize(("e", "heads"), WIDTHS)
@pytest.mark.parametrize(("rows", "time"), SHAPES)
def test_outputs_follow_the_formula(e, heads, causal, lengths, rows, time):
    single, X, valid, _ = drawn(Attention(heads, causal), rows, (time, e), lengths)
    steps = np.full(rows, time) if valid is None else valid
    expected = reference.attention(heads, causal, X, single.tensors, steps)
    np.testing.assert_allclose(single.forward(X, valid)[0], expected, rtol=0, atol=WITHIN)


@pytest.mark.parametrize(("causal", "lengths"), MASKS)
def test_gradients_are_differences(causal, lengths):
    assert_slopes_are_differences(Attention(2, causal), 3, (5, 6), lengths)


@pytest.mark.parametrize("causal", [True, False])
def test_gradients_are_added_where_they_are_to_be(causal):
    assert_adds(Attention(2, causal), 3, (5, 6), lengths=True)


@pytest.mark.conformance
@pytest.mark.parametrize(("causal", "lengths"), MASKS)
@pytest.mark.parametrize(("e", "heads"), WIDTHS)
@pytest.mark.parametrize(("rows", "time"), SHAPES)
def test_gradients_equal_torch(e, heads, causal, lengths, rows, time):
    import torch

    single, X, valid, D = drawn(Attention(heads, causal), rows, (time, e), lengths)
    module = torch.nn.MultiheadAttention(e, heads, batch_first=True).double()
    parameters = {
        "in_proj_weight": module.in_proj_weight, "in_proj_bias": module.in_proj_bias,
        "out_proj_weight": module.out_proj.weight, "out_proj_bias": module.out_proj.bias,
    }  # fmt: skip
    for name, parameter in parameters.items():
        parameter.data = torch.tensor(single.tensors[name])
    x = torch.tensor(X, requires_grad=True)
    hidden = torch.tensor(np.arange(time) >= valid[:, None]) if lengths else None
    later = torch.triu(torch.ones(time, time, dtype=torch.bool), 1) if causal else None
    outputs, _ = module(x, x, x, key_padding_mask=hidden, attn_mask=later, need_weights=False)
    outputs.backward(torch.tensor(D))
    assert_equal_to_torch(single.backward(X, D, valid), outputs, x, parameters)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_over_one_token_is_linear(causal):
    single, X, _, D = drawn(Attention(3, causal), 4, (1, 6))
    tensors = single.tensors
    values = X @ tensors["in_proj_weight"][12:].T + tensors["in_proj_bias"][12:]
    expected = values @ tensors["out_proj_weight"].T + tensors["out_proj_bias"]
    run = single.backward(X, D)
    np.testing.assert_allclose(run.outputs, expected, rtol=0, atol=WITHIN)
    back = D @ tensors["out_proj_weight"] @ tensors["in_proj_weight"][12:]
    np.testing.assert_allclose(run.errors, back, rtol=0, atol=WITHIN)
    # A softmax of one number has no slope: queries and keys get nothing but rounding.
    assert np.abs(run.grads["in_proj_weight"][:12]).max() <= WITHIN


def test_order_does_not_matter_without_a_mask():
    single, X, _, _ = drawn(Attention(2), 2, (7, 4))
    order = np.random.default_rng(3).permutation(7)
    outputs = single.forward(X)[0][:, order]
    again = single.forward(X[:, order])[0]
    np.testing.assert_allclose(again, outputs, rtol=0, atol=WITHIN)


def test_causal_attention_does_not_see_what_is_later():
    single, X, _, _ = drawn(Attention(2, causal=True), 2, (7, 4))
    before = single.forward(X)[0]
    X[:, 4:] = 7.0
    after = single.forward(X)[0]
    np.testing.assert_array_equal(after[:, :4], before[:, :4])
    assert not np.allclose(after[:, 4:], before[:, 4:])


def test_keys_after_the_end_of_an_example_are_not_seen():
    single, X, _, _ = drawn(Attention(2), 2, (6, 4), lengths=True)
    valid = np.array([2, 5])
    before = single.forward(X, valid)[0]
    ended = np.arange(6) >= valid[:, None]
    X[ended] = 50.0
    after = single.forward(X, valid)[0]
    np.testing.assert_array_equal(after[~ended], before[~ended])


def test_large_scores_do_not_overflow():
    single, X, _, D = drawn(Attention(2, causal=True), 2, (6, 4))
    run = single.backward(1e4 * X, D)
    assert np.isfinite(run.outputs).all()
    assert np.isfinite(run.errors).all()
    assert all(np.isfinite(slopes).all() for slopes in run.grads.values())


def test_tensors_have_torch_s_shapes_and_start():
    net = Net([Attention(2), Flatten(), Dense(2)], input=(3, 16))
    tensors = net.unflatten(net.init(0))[0]
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "in_proj_weight": (48, 16), "in_proj_bias": (48,),
        "out_proj_weight": (16, 16), "out_proj_bias": (16,),
    }  # fmt: skip
    assert not tensors["in_proj_bias"].any()
    assert not tensors["out_proj_bias"].any()
    # Uniform of variance 2 / (16 + 48), and up to 1 / sqrt(16).
    bound = np.sqrt(6 / 64)
    assert 0.9 * bound < np.abs(tensors["in_proj_weight"]).max() <= bound
    assert 0.2 < np.abs(tensors["out_proj_weight"]).max() <= 0.25


def test_widths_that_heads_do_not_divide_are_refused():
    message = r"layer 1, Attention\(3\): examples of shape \(4, 7\) came, expected a width that 3 "
    with pytest.raises(SettingError, match=message):
        Net([Attention(3)], input=(4, 7))
    with pytest.raises(SettingError, match=r"layer 1, Attention\(1\): .* expected \(time, feat"):
        Net([Attention(1)], input=(4,))
    with pytest.raises(SettingError, match="heads = 0 is out of range"):
        Attention(0)
    with pytest.raises(SettingError, match="causal is 'yes'; it must be True or False"):
        Attention(2, causal="yes")
