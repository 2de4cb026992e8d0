"""Live comparison with torch autograd, and the stored oracle made again."""

import json

import numpy as np
import pytest

from optbench.nets import MLP, diagnosis

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


TORCH = {
    "relu": "ReLU", "leaky_relu": "LeakyReLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "elu": "ELU",
    "gelu": "GELU", "silu": "SiLU", "softplus": "Softplus",
}  # fmt: skip


@pytest.mark.parametrize("activation", TORCH)
def test_statistics_of_layers_equal_what_torch_hooks_see(activation):
    import torch

    net = MLP((6, 20, 12, 4), activation=activation)
    before, rng = net.init(1, gain=3.0), np.random.default_rng(5)
    X, y = rng.standard_normal((300, 6)), rng.integers(0, 4, 300)
    linear = [torch.nn.Linear(a, b, dtype=torch.float64) for a, b in ((6, 20), (20, 12), (12, 4))]
    apart = [getattr(torch.nn, TORCH[activation])() for _ in range(2)]
    seen, slopes = {}, {}
    for n, module in enumerate(apart):

        def hook(_, arguments, outputs, n=n):
            seen[n] = outputs.detach().numpy()
            (slopes[n],) = torch.autograd.grad(outputs.sum(), arguments[0], retain_graph=True)

        module.register_forward_hook(hook)
    for module, (W, b) in zip(linear, net.unflatten(before), strict=True):
        module.weight.data[:], module.bias.data[:] = torch.tensor(W.T), torch.tensor(b)
    model = torch.nn.Sequential(linear[0], apart[0], linear[1], apart[1], linear[2])
    loss = torch.nn.CrossEntropyLoss()(model(torch.tensor(X)), torch.tensor(y))
    loss.backward()
    gradients = [module.weight.grad.norm().item() for module in linear]
    old = [module.weight.detach().clone() for module in linear]
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    ratios = [
        ((module.weight.detach() - W).norm() / W.norm()).item()
        for module, W in zip(linear, old, strict=True)
    ]
    after = before.copy()
    for (W, b), module in zip(net.unflatten(after), linear, strict=True):
        W[:], b[:] = module.weight.detach().numpy().T, module.bias.detach().numpy()
    layers = diagnosis.diagnose(net, before, X, y)
    stepped = diagnosis.diagnose(net, after, X, y, before)
    largest = max(s.abs().max().item() for s in slopes.values())
    assert largest <= diagnosis.largest_slope(activation, 0.01) * (1 + 1e-8)
    for n in range(3):
        assert layers[n].gradient_norm == pytest.approx(gradients[n], rel=1e-9)
        assert layers[n].weight_norm == pytest.approx(old[n].norm().item(), rel=1e-12)
        assert stepped[n].update_ratio == pytest.approx(ratios[n], rel=1e-9)
        assert layers[n].histogram.sum() == old[n].numel()
        if n < 2:
            relative = slopes[n].abs().numpy() / diagnosis.largest_slope(activation, 0.01)
            assert layers[n].mean == pytest.approx(seen[n].mean(), rel=1e-9)
            assert layers[n].std == pytest.approx(seen[n].std(), rel=1e-9)
            assert layers[n].saturated == pytest.approx((relative < 0.05).mean(), abs=1e-12)
            assert layers[n].dead == (relative < 1e-3).all(axis=0).sum()


def test_stored_oracle_is_what_its_script_makes():
    made, stored = oracle_script().make(), np.load(ORACLES / "nets.npz")
    assert set(made) == set(stored.files)
    assert (made["cases"] == stored["cases"]).all()
    # Runs of 200 steps amplify in which order torch sums.
    for key in set(made) - {"made_by", "cases"}:
        np.testing.assert_allclose(made[key], stored[key], rtol=1e-9, atol=1e-8)
    assert set(json.loads(str(stored["made_by"]))) == {"torch", "numpy"}
