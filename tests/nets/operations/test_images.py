"""Convolution and pooling of images by themselves, against NumPy's windows and by hand."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from optbench.nets.layers import (
    AvgPool2d,
    Conv1d,
    Conv2d,
    Dense,
    MaxPool2d,
)

from .images import alone, drawn


def windows_of(X, kernel, stride, padding):
    """Return [n, height, width, channels, kernel, kernel] by NumPy."""
    border = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    return sliding_window_view(np.pad(X, border), (kernel, kernel), (1, 2))[:, ::stride, ::stride]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "sides"),
    [(3, 1, 1, (5, 4)), (3, 2, 0, (8, 7)), (2, 3, 2, (4, 5)), (1, 2, 0, (3, 3)), (4, 1, 0, (4, 4))],
)
def test_convolution_equals_windows_of_numpy(kernel, stride, padding, sides):
    shape = (*sides, 3)
    single = alone(Conv2d(4, kernel, stride, padding), shape, 3)
    X, D = drawn(single, shape, 3)
    ours, V = single.backward(X, D), windows_of(X, kernel, stride, padding)
    weight, bias = single.tensors["weight"], single.tensors["bias"]
    expected = np.einsum("nyxcij,fcij->nyxf", V, weight) + bias
    np.testing.assert_allclose(ours.outputs, expected, rtol=0, atol=1e-12)
    slopes = np.einsum("nyxcij,nyxf->fcij", V, D)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.grads["bias"], D.sum(axis=(0, 1, 2)), rtol=0, atol=1e-12)
    # A convolution is linear in X: the errors are what gives <errors, E> = <D, convolution of E>.
    for seed in range(5):
        E = np.random.default_rng(seed).standard_normal(X.shape)
        into = np.einsum("nyxcij,fcij->nyxf", windows_of(E, kernel, stride, padding), weight)
        assert np.vdot(ours.errors, E) == pytest.approx(np.vdot(D, into), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("layer", [Conv2d(3, 2, 1, 1), MaxPool2d(2, 1), AvgPool2d(2, 1)])
def test_gradients_are_added_where_asked(layer):
    shape = (4, 5, 3)
    single = alone(layer, shape, 4)
    X, D = drawn(single, shape, 4)
    written, added = single.backward(X, D), single.backward(X, D, before=0.25)
    np.testing.assert_allclose(added.errors, written.errors + 0.25, rtol=0, atol=1e-13)
    for name in single.tensors:
        expected = written.grads[name] + 0.25
        np.testing.assert_allclose(added.grads[name], expected, rtol=0, atol=1e-13)


def test_many_images_take_several_products():
    single = alone(Conv2d(2, 3, 1, 1), (16, 8, 1), 5)  # two images a product
    X, D = drawn(single, (16, 8, 1), 5)
    ours, V = single.backward(X, D), windows_of(X, 3, 1, 1)
    slopes = np.einsum("nyxcij,nyxf->fcij", V, D)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-12)
    expected = np.einsum("nyxcij,fcij->nyxf", V, single.tensors["weight"])
    np.testing.assert_allclose(ours.outputs, expected + single.tensors["bias"], atol=1e-12)


def test_pooling_by_hand():
    X = np.array([[1.0, 5, 2], [5, 3, 2], [9, 9, 9]])[None, :, :, None]
    most, mean = alone(MaxPool2d(2), (3, 3, 1), 1), alone(AvgPool2d(2, 1), (3, 3, 1), 1)
    found = most.backward(X, np.full((1, 1, 1, 1), 7.0))
    assert found.outputs.ravel() == [5]
    np.testing.assert_array_equal(found.errors[0, :, :, 0], [[0, 7, 0], [0, 0, 0], [0, 0, 0]])
    found = mean.backward(X, np.array([4.0, 8, 12, 16]).reshape(1, 2, 2, 1))
    np.testing.assert_array_equal(found.outputs.ravel(), [3.5, 3, 6.5, 5.75])
    np.testing.assert_array_equal(found.errors[0, :, :, 0], [[1, 3, 2], [4, 10, 6], [3, 7, 4]])


def test_a_convolution_is_a_dense_layer_with_tied_weights():
    """Over windows side by side it is the same dense layer on every window."""
    rng = np.random.default_rng(3)
    conv, dense = alone(Conv1d(3, 2, stride=2), (6, 4), 2), alone(Dense(3), (3, 8), 2)
    weight = conv.tensors["weight"]
    dense.tensors["weight"][...] = weight.transpose(0, 2, 1).reshape(3, 8)
    dense.tensors["bias"][...] = conv.tensors["bias"]
    X, D = rng.standard_normal((2, 6, 4)), rng.standard_normal((2, 3, 3))
    ours, theirs = conv.backward(X, D), dense.backward(X.reshape(2, 3, 8), D)
    np.testing.assert_allclose(ours.outputs, theirs.outputs, rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.errors.ravel(), theirs.errors.ravel(), rtol=0, atol=1e-13)
    slopes = theirs.grads["weight"].reshape(3, 2, 4).transpose(0, 2, 1)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-13)
