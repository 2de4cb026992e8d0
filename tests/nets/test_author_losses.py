"""Losses that authors write, against built-in ones and closed forms."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import net as declare
from optbench.errors import DefinitionError, UserError
from optbench.nets import MLP, Net
from optbench.nets.layers import Activation, Dense

from .plain_net import plain_loss_and_grad


def squared(z, y):
    return (z - y) ** 2


def pinball(z, y):
    if z < y:
        return 0.9 * (y - z)
    return 0.1 * (z - y)


def log_cosh(z, y):
    return math.log(math.cosh(z - y))


def net(loss, dtype="float64"):
    layers = [Dense(5), Activation("tanh"), Dense(3)]
    return Net(layers, input=4, loss=loss, dtype=dtype)


def data(seed=0, rows=11):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, 4)), rng.standard_normal((rows, 3))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_squared_errors_are_those_of_mse(dtype):
    X, y = data()
    mine, theirs = net(squared, dtype), net("mse", dtype)
    params, near = mine.init(1), 1e-13 if dtype == "float64" else 1e-5
    value, gradient = mine.loss_and_grad(params, X, y)
    expected_value, expected = theirs.loss_and_grad(params, X, y)
    assert value == pytest.approx(expected_value, rel=near)
    np.testing.assert_allclose(gradient, expected, rtol=100 * near, atol=near)


@pytest.mark.parametrize(
    ("loss", "value", "slope"),
    [
        (log_cosh, lambda e: np.log(np.cosh(e)), np.tanh),
        (
            pinball,
            lambda e: np.where(e < 0, -0.9 * e, 0.1 * e),
            lambda e: np.where(e < 0, -0.9, 0.1),
        ),
    ],
)  # fmt: skip
def test_values_and_slopes_are_the_closed_forms(loss, value, slope):
    X, y = data()
    linear = Net([Dense(3)], input=4, loss=loss)
    params = linear.init(2)
    errors = linear.predict(params, X) - y
    found, gradient = linear.loss_and_grad(params, X, y)
    assert found == pytest.approx(value(errors).mean(), rel=1e-13)
    bias = linear.unflatten(gradient)[0]["bias"]
    np.testing.assert_allclose(bias, slope(errors).sum(axis=0) / errors.size, rtol=1e-12)
    same, _ = plain_loss_and_grad(linear, params, X, y)
    assert same == pytest.approx(found, rel=1e-14)


def test_a_multilayer_perceptron_takes_one():
    X, y = data()
    mine, theirs = (MLP((4, 6, 3), "tanh", loss) for loss in (squared, "mse"))
    params = mine.init(1)
    np.testing.assert_allclose(
        mine.loss_and_grad(params, X, y)[1], theirs.loss_and_grad(params, X, y)[1], atol=1e-14
    )


def test_it_is_trained_by_the_engine():
    options = dict(
        data="diabetes", layers=[Dense(4), Activation("tanh"), Dense(1)], input=10, batch=32,
        loss_target=0.1, error_target=None,
    )  # fmt: skip
    declared = [
        declare(f"with_{name}", loss=loss, family="loss", **options)
        for name, loss in (("mine", squared), ("mse", "mse"))
    ]
    runs = [optbench.minimize("adam", problem, steps=30) for problem in declared]
    np.testing.assert_allclose(runs[0].x, runs[1].x, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [lambda z: z, lambda z, y, w: z, 3, "rubbish"])
def test_what_is_no_loss_is_refused(loss):
    with pytest.raises((DefinitionError, UserError), match=r"loss\(z, y\)|unknown loss"):
        net(loss)
