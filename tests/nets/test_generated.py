"""Generated data sets and preprocessing, against closed forms and scikit-learn."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from optbench.nets import MLP, data, generated
from optbench.nets.datasets import NAMES
from optbench.nets.scaling import fit


@pytest.mark.parametrize("name", NAMES)
def test_every_name_loads_and_splits(name):
    dataset = data.load(name)
    assert np.isfinite(dataset.X).all() and np.isfinite(dataset.y).all()
    parts = data.split(name, 1)
    assert sum(len(part.y) for part in parts) == len(dataset.X)
    if dataset.classes and dataset.y.ndim == 1:
        assert set(parts.train.y) == set(range(dataset.classes))
    if dataset.classes:  # what has a label at every step need not have every one
        assert set(dataset.y.flat) <= set(range(dataset.classes))
        assert dataset.y.dtype == np.int64
    else:
        assert dataset.y.dtype == np.float64


def test_xor_and_parity_say_what_they_are():
    X, y = generated.xor()
    assert np.mean((X[:, 0] * X[:, 1] < 0) == y) > 0.99
    words, odd = generated.parity()
    assert len({tuple(word) for word in words}) == 256
    np.testing.assert_array_equal(np.prod(words, axis=1), np.where(odd == 1, -1, 1))


def test_spirals_are_those_of_the_paper():
    X, y = generated.two_spirals()
    angle, radius = 10 * np.pi / 16, 6.5 * (104 - 10) / 104  # its point 10
    np.testing.assert_allclose(X[40], radius * np.array([np.sin(angle), np.cos(angle)]))
    np.testing.assert_array_equal(X[y == 1], -X[y == 0])


def test_linear_map_has_the_singular_values():
    X, Y = generated.linear_map()
    sizes = np.linalg.svd(np.linalg.lstsq(X, Y, rcond=None)[0], compute_uv=False)
    np.testing.assert_allclose(sizes, np.geomspace(4, 0.125, 8), rtol=1e-10)


def test_the_autoencoder_wants_its_inputs():
    parts = data.split("digits_autoencoder", 2)
    for part in parts:
        np.testing.assert_array_equal(part.X, part.y)


def test_generalisation_loss_of_students_that_are_known():
    net = MLP(generated.TEACHER_SIZES, activation="tanh", loss="mse")
    params = np.zeros(net.dim)
    for (W, _), given in zip(net.unflatten(params), generated.teacher(), strict=True):
        W[:] = given
    assert generated.generalisation_loss(net, params, 1000)[0] < 1e-30
    mean, error = generated.generalisation_loss(net, 0 * params)  # says 0: E[(tanh(x W) v)^2]
    # E[tanh(a) tanh(b)] for jointly normal a, b with covariance W'W, by Gauss-Hermite quadrature.
    W, v = generated.teacher()
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    expected = 0.0
    for i in range(4):
        for j in range(4):
            C = W[:, [i, j]].T @ W[:, [i, j]]
            rest = np.sqrt(max(C[1, 1] - C[0, 1] ** 2 / C[0, 0], 0))
            a = np.sqrt(C[0, 0]) * nodes[:, None]
            b = C[0, 1] / np.sqrt(C[0, 0]) * nodes[:, None] + rest * nodes
            expected += (v[i] * v[j])[0] * (weights @ (np.tanh(a) * np.tanh(b)) @ weights)
    assert abs(mean - expected) < 4 * error and error < 0.002 * expected


@pytest.mark.parametrize(
    ("scaling", "oracle"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())]
)
def test_scaling_agrees_with_scikit_learn(scaling, oracle):
    raw, rows = data.load("wine"), data.split_indices("wine", 1)
    oracle.fit(raw.X[rows[0]])
    for part, own in zip(data.split("wine", 1, scaling), rows, strict=True):
        np.testing.assert_allclose(part.X, oracle.transform(raw.X[own]), rtol=1e-9, atol=1e-12)


def test_whitening():
    raw, rows = data.load("wine"), data.split_indices("wine", 1)
    training = raw.X[rows[0]]
    parts = data.split("wine", 1, "whiten")
    np.testing.assert_allclose(np.cov(parts.train.X.T, bias=True), np.eye(13), atol=1e-9)
    oracle = PCA(whiten=True).fit(training)
    there = oracle.transform(raw.X[rows[2]]) * np.sqrt(len(training) / (len(training) - 1))
    np.testing.assert_allclose(np.abs(parts.test.X), np.abs(there), rtol=1e-6, atol=1e-9)


def test_whitening_gives_nothing_for_directions_without_spread():
    X = np.random.default_rng(0).normal(size=(30, 2)) @ np.ones((2, 4))
    white = fit("whiten", X)(X)
    np.testing.assert_allclose(white.std(axis=0), [1, 0, 0, 0], atol=1e-9)
    few = np.random.default_rng(1).normal(size=(3, 5))  # more features than rows
    assert fit("whiten", few)(few).shape == (3, 5)
