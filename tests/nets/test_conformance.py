"""Live comparison with torch autograd, and the stored oracle made again."""

import json

import numpy as np
import pytest

from .helpers import ACTIVATIONS, LOSSES, ORACLES, mlp, oracle_script, padded, unpadded

pytestmark = pytest.mark.conformance


SIZES = [(2, 2, 2), (6, 33, 33, 4), (64, 32, 10), (9, 16, 16, 16, 3)]
FEATURES = [{}, {"batch_norm": True, "l2": 0.5}, {"layer_norm": True, "l1": 0.2}]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_equals_torch(sizes, activation, loss):
    script = oracle_script()
    for features in FEATURES:
        for seed, rows in ((1, 2), (2, 70), (3, 600)):
            case = {"sizes": sizes, "activation": activation, "loss": loss, **features}
            if sizes[1] == sizes[2]:
                case["residual"] = True
            net = mlp(case)
            X, y, parameters = script.draw(case, seed, rows)
            expected_loss, expected = script.loss_and_gradient(case, X, y, parameters)
            params = padded(net, np.concatenate([v.ravel() for v in parameters.values()]))
            value, gradient = net.loss_and_grad(params, X, y)
            assert value == pytest.approx(expected_loss, rel=1e-9)
            scale = np.abs(expected).max()
            assert np.abs(unpadded(net, gradient) - expected).max() <= 1e-9 * scale


def test_stored_oracle_is_what_its_script_makes():
    made, stored = oracle_script().make(), np.load(ORACLES / "nets.npz")
    assert set(made) == set(stored.files)
    assert (made["cases"] == stored["cases"]).all()
    # Runs of 200 steps amplify in which order torch sums.
    for key in set(made) - {"made_by", "cases"}:
        np.testing.assert_allclose(made[key], stored[key], rtol=1e-9, atol=1e-8)
    assert set(json.loads(str(stored["made_by"]))) == {"torch", "numpy"}
