"""The compiled units of operations: equal to plain Python, and as lean as the kernels."""

import re

import numpy as np
import pytest

from optbench.nets import Net
from optbench.nets.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    Residual,
    Shared,
)
from optbench.nets.tape import modes, units
from optbench.nets.tape.integers import tape_of
from tests.tolerance import rounding

from .plain_net import plain_run

LAYERS = (
    Dense(8), BatchNorm(), Activation("gelu"), LayerNorm(),
    Residual([Dense(8), Activation("tanh"), Dropout(0.3), BatchNorm(units=[5, 0, 2])]),
    Shared(Dense(8, bias=False), "twice"), Activation("prelu"),
    Shared(Dense(8, bias=False), "twice"), Flatten(), LayerNorm(), Dense(3),
)  # fmt: skip
"""Layers of which every operation is in one of them, for examples (3, 5) and their lengths."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_operations_equal_plain_python(dtype):
    net = Net(LAYERS, input=(3, 5), dtype=dtype, bn_eval="running")
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((7, 15)), rng.integers(0, 3, 7)
    params = net.init(1)
    value, gradient = net.loss_and_grad(params, X, y, key=5)
    expected_value, expected, _, _ = plain_run(net, params, X, y, modes.ONE_BATCH, key=5)
    near = rounding(1000, 1.0, dtype=dtype)
    assert value == pytest.approx(expected_value, rel=near)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=near * np.abs(expected).max())
    twice, _ = net.loss_and_grad(params, X, y, key=6)
    assert twice != value


def test_lengths_are_taken_off_the_examples():
    net = Net([Dense(2), Flatten(), Dense(2)], input=(3, 1), lengths=True, loss="mse")
    assert net.n_in == 4
    params, X = net.init(1), np.array([[1.0, 2.0, 3.0, 2.0], [4.0, 5.0, 6.0, 3.0]])
    plain = Net(net.layers, input=(3, 1), loss="mse")
    np.testing.assert_array_equal(net.predict(params, X), plain.predict(params, X[:, :3]))
    q = net.integers([2, 0, 0, 4, 2, 0], at_once=2)
    _, _, work, _ = plain_run(net, params, X, np.zeros((2, 2)))
    value = tape_of(net, q, 2).outputs[0]
    np.testing.assert_array_equal(work[value.lengths : value.lengths + 2], [2.0, 3.0])


@pytest.mark.parametrize("way", units.WAYS)
def test_units_do_no_float64_arithmetic_and_allocate_nothing(way):
    arithmetic = re.compile(r"\bf(add|sub|mul|div|neg|pext)\b.*\bdouble\b")
    for name in Net(LAYERS, input=(3, 5)).operations:
        (code,) = units.compiled(name, way, "float32").inspect_llvm().values()
        assert not arithmetic.search(code), name
        assert not re.search("NRT_(MemInfo_)?(alloc|Allocate)", code), name
