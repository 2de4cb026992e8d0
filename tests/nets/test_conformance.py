"""Live comparison with torch autograd, and the stored oracle made again."""

import json

import numpy as np
import pytest

from optbench.nets import MLP

from .helpers import ACTIVATIONS, LOSSES, ORACLES, oracle_script, padded, random_case, unpadded

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("sizes", [(2, 2), (6, 33, 4), (64, 32, 10), (9, 17, 16, 15, 3)])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_equals_torch(sizes, activation, loss):
    script = oracle_script()
    net = MLP(sizes, activation, loss)
    for seed, rows in ((1, 1), (2, 70), (3, 600)):
        X, y, flat = random_case(sizes, loss, rows, seed)
        expected_loss, expected = script.torch_loss_and_gradient(
            sizes, activation, loss, flat, X, y
        )
        value, gradient = net.loss_and_grad(padded(net, flat), X, y)
        assert value == pytest.approx(expected_loss, rel=1e-10)
        scale = np.abs(expected).max()
        assert np.abs(unpadded(net, gradient) - expected).max() <= 1e-10 * scale


def test_stored_oracle_is_what_its_script_makes():
    made, stored = oracle_script().make(), np.load(ORACLES / "nets.npz")
    assert set(made) == set(stored.files)
    for key in set(made) - {"made_by"}:
        np.testing.assert_allclose(made[key], stored[key], rtol=1e-12, atol=1e-14)
    assert set(json.loads(str(stored["made_by"]))) == {"torch", "numpy"}
