"""Embeddings, and what is refused of tokens and lengths."""

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import Net
from optbench.nets.layers import RNN, Dense, Embedding, Shared
from optbench.nets.layers.examples import check_examples

from .single import Single


@pytest.mark.parametrize("n", [1, 5, 16])
def test_an_embedding_is_a_product_with_one_hot_rows(n):
    single, rng = Single(Embedding(7, n), (4,), 3), np.random.default_rng(0)
    tokens = rng.integers(0, 7, (3, 4))
    one_hot, D = np.eye(7)[tokens], rng.standard_normal((3, 4, n))
    run = single.backward(tokens.astype(float), D)
    np.testing.assert_array_equal(run.outputs, one_hot @ single.tensors["weight"])
    expected = np.einsum("btv,btn->vn", one_hot, D)
    np.testing.assert_allclose(run.grads["weight"], expected, rtol=1e-14, atol=1e-15)


def test_vectors_start_standard_normal():
    net = Net([Embedding(100, 16), RNN(2)], input=(3,))
    weight = net.unflatten(net.init(0))[0]["weight"]
    assert weight.shape == (100, 16)
    # Of 1600 numbers the mean is off by 1/40, the variance by sqrt(2) / 40: five times as much.
    assert abs(weight.mean()) < 5 / 40
    assert abs(weight.var() - 1) < 5 * np.sqrt(2) / 40


@pytest.mark.parametrize("token", [7, -1, 2.5, np.nan])
def test_tokens_outside_of_the_vocabulary_are_refused(token):
    X = np.zeros((3, 5))
    X[1, 3] = token
    layers = [Shared(Embedding(7, 2), "words"), RNN(2)]
    with pytest.raises(SettingError, match=r"token 3 of example 1 is .* whole numbers in 0 \.\. 6"):
        check_examples(layers, 5, False, X)
    check_examples([RNN(2)], 5, False, X)
    X[1, 3] = 6
    check_examples(layers, 5, False, X)


@pytest.mark.parametrize("length", [0, 6, 2.5, np.nan])
def test_lengths_that_are_none_are_refused(length):
    X = np.ones((3, 6))
    X[2, 5] = length
    with pytest.raises(SettingError, match=r"example 2 has length .* whole number in 1 \.\. 5"):
        check_examples([Embedding(7, 2), RNN(2)], 5, True, X)


def test_an_embedding_comes_first_and_takes_tokens():
    with pytest.raises(SettingError, match=r"layer 2, Embedding\(7, n=2\): the outputs of a layer"):
        Net([Dense(3), Embedding(7, 2)], input=4)
    with pytest.raises(SettingError, match=r"examples of shape \(3, 2\) came, expected \(time,\)"):
        Net([Embedding(7, 2)], input=(3, 2))
    with pytest.raises(SettingError, match=r"vocabulary = 16777217 is out of range"):
        Embedding(2**24 + 1, 2)
