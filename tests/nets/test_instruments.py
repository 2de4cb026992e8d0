"""Instruments along training, against closed forms, NumPy and autograd."""

import math

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import MLP, Net
from optbench.nets import instruments as read
from optbench.nets.layers import Activation, Dense

RNG = np.random.default_rng(5)
LINEAR = Net([Dense(1, bias=False)], input=4, loss="mse")
X, Y = RNG.normal(size=(48, 4)), RNG.normal(size=(48, 1))


def rotated(eigenvalues):
    Q = np.linalg.qr(RNG.normal(size=(len(eigenvalues),) * 2))[0]
    return Q @ np.diag(eigenvalues) @ Q.T


@pytest.mark.parametrize(
    "eigenvalues",
    [np.linspace(1, 50, 100), np.logspace(-6, 3, 60), np.linspace(-80, 5, 40), [2.0, -3.0], [7.0]],
)
def test_the_largest_eigenvalue_of_a_known_spectrum(eigenvalues):
    A = rotated(eigenvalues)
    found = read.largest_eigenvalue(lambda v: A @ v, len(A), accuracy=1e-6, most=100)
    assert found == pytest.approx(np.max(eigenvalues), rel=1e-6)


def test_an_eigenvalue_that_is_not_found_is_said_to_be_unknown():
    A = rotated(np.concatenate([np.linspace(0, 1, 400), -np.linspace(0, 1e6, 100)]))
    assert math.isnan(read.largest_eigenvalue(lambda v: A @ v, 500, accuracy=1e-12, most=5))
    assert math.isnan(read.largest_eigenvalue(lambda v: np.full(3, np.nan), 3))
    assert read.largest_eigenvalue(np.zeros_like, 3) == 0.0


@pytest.mark.parametrize(("dtype", "rel"), [("float64", 1e-6), ("float32", 1e-3)])
def test_sharpness_of_a_linear_model(dtype, rel):
    """Of the mean of (x . w - y)^2 the Hessian is 2 X' X / n wherever w is."""
    net = Net([Dense(1, bias=False)], input=4, loss="mse", dtype=dtype)
    wanted = np.linalg.eigvalsh(2 * X.T @ X / len(X))[-1]
    for params in (net.init(0), np.zeros(net.dim, dtype)):
        found = read.sharpness(net, params, X, Y, accuracy=1e-6)
        assert found == pytest.approx(wanted, rel=rel)
    frozen = read.sharpness(net, net.init(0), X, Y, trained=np.array([2, 40]), accuracy=1e-6)
    assert frozen == pytest.approx(2 * np.mean(X[:, 2] ** 2), rel=rel)


def test_sharpness_of_a_net_is_that_of_autograd():
    torch = pytest.importorskip("torch")
    net = Net([Dense(5), Activation("tanh"), Dense(3)], input=4)
    params, y = 2.0 * net.init(1), RNG.integers(0, 3, len(X))
    places = read.parameters(net)
    assert len(places) == 5 * 4 + 5 + 3 * 5 + 3

    def loss(numbers):
        at, out = 0, torch.tensor(X)
        for n_in, n in ((4, 5), (5, 3)):
            W = numbers[at : at + n_in * n].reshape(n_in, n)
            out = out @ W + numbers[at + n_in * n : at + n_in * n + n]
            out, at = torch.tanh(out) if n == 5 else out, at + n_in * n + n
        return torch.nn.functional.cross_entropy(out, torch.tensor(y))

    hessian = torch.autograd.functional.hessian(loss, torch.tensor(params[places]))
    wanted = np.linalg.eigvalsh(hessian.numpy())[-1]
    assert read.sharpness(net, params, X, y, accuracy=1e-6) == pytest.approx(wanted, rel=1e-6)
    assert read.sharpness(net, params, X, y) == pytest.approx(wanted, rel=2e-2)


@pytest.mark.parametrize("batches", [48, 12, 5])
def test_noise_scale_of_a_linear_model_by_hand(batches):
    """Of batches of b, b times the covariance of their gradients is that of single examples."""
    params = LINEAR.init(3)
    w = params[:4]
    each = 2 * (X @ w - Y[:, 0])[:, None] * X
    size = 48 // batches
    means = each[: batches * size].reshape(batches, size, 4).mean(axis=1)
    mean = means.mean(axis=0)
    noise = size * means.var(axis=0, ddof=1).sum()
    squared = mean @ mean - noise / (batches * size)
    wanted = noise / squared if squared > 0 else math.inf
    found = read.noise_scale(LINEAR, params, X, Y, batches=batches)
    assert found == pytest.approx(wanted, rel=1e-9)


def test_noise_scale_where_there_is_no_noise_or_no_gradient():
    same, params = np.tile(X[:1], (8, 1)), LINEAR.init(0)
    assert read.noise_scale(LINEAR, params, same, np.ones((8, 1))) == pytest.approx(0, abs=1e-12)
    opposed = np.tile([[1.0], [-1.0]], (4, 1))
    net = Net([Dense(1, bias=False)], input=1, loss="mse")
    ones = np.ones((8, 1))
    assert read.noise_scale(net, np.zeros(net.dim), ones, opposed) == math.inf
    with pytest.raises(SettingError, match="has 3 examples"):
        read.noise_scale(LINEAR, params, X[:3], Y[:3])


@pytest.mark.parametrize("share", [0.25, 1.0, 1.5, 2.0, -0.5])
def test_alpha_of_gradient_descent_on_a_quadratic(share):
    """A step of `share` of the way to the minimum along the gradient ends at share - 1."""
    A, x = rotated(np.linspace(1, 9, 6)), RNG.normal(size=6)
    g = A @ x
    step = -share * (g @ g) / (g @ A @ g) * g
    f0, f1 = (0.5 * p @ A @ p for p in (x, x + step))
    found = read.alpha((f0, f1), (g @ step, A @ (x + step) @ step))
    assert found == pytest.approx(share - 1, abs=1e-10)


def test_alpha_without_a_valley_is_unknown():
    assert math.isnan(read.alpha((0.0, -2.0), (-1.0, -3.0)))  # falls faster and faster
    assert math.isnan(read.alpha((0.0, math.nan), (-1.0, -3.0)))
    assert math.isnan(read.step_alpha(LINEAR, LINEAR.init(0), LINEAR.init(0), X, Y))


def test_alpha_of_a_step_of_a_net():
    """From the start a linear model goes 1.5 times the way to the minimum along its gradient."""
    net = MLP((4, 1), loss="mse")
    params = net.init(0)
    _, g = net.loss_and_grad(params, X, Y)
    inputs = np.column_stack([X, np.ones(len(X))])
    W, b = net.unflatten(g)[0]
    along = inputs @ np.append(W[:, 0], b)
    rate = 1.5 * (g @ g) / (2 * np.mean(along**2))
    assert read.step_alpha(net, params, params - rate * g, X, Y) == pytest.approx(0.5, rel=1e-8)
