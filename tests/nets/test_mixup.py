"""Mixup on lanes: SciPy's Beta distribution, torch's losses."""

import numpy as np
import pytest
from scipy import stats

from optbench.define.draws import mix, permuted, sample
from optbench.nets import MLP, augmentation
from optbench.nets.training import Training

from .helpers import call, data_set

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
STREAM, T = np.uint64(77), 5
"""Key and step of the mini-batch that is looked at."""


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.5, 1.0, 4.0, 32.0])
def test_shares_have_scipys_beta_distribution(alpha):
    c, key = np.array([alpha]), np.uint64(5)
    shares = np.array([augmentation.share_of(c, 0, key, j) for j in range(4000)])
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    assert ((shares >= 0) & (shares <= 1)).all()


def test_shares_in_float32_are_finite():
    c = np.array([0.05], np.float32)
    shares = np.array([augmentation.share_of(c, 0, np.uint64(9), j) for j in range(2000)])
    assert np.isfinite(shares).all() and shares.min() >= 0 and shares.max() <= 1


def mixtures(n, alpha):
    """Return partners and shares of the mini-batch."""
    key = mix(STREAM ^ augmentation._MIXUP, T)
    partners = np.array([permuted(mix(key, 0), j, n) for j in range(n)])
    c = np.array([alpha])
    return partners, np.array([augmentation.share_of(c, 0, mix(key, 1), j) for j in range(n)])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_mixed_cross_entropy_equals_torch(smoothing):
    torch = pytest.importorskip("torch")
    n, k = 24, 5
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((n, k)), rng.integers(0, 4, n)
    model = MLP((k, 8, 4), "tanh", label_smoothing=smoothing)
    p, q = data_set(model, [(X, y)] * 3, n, Training(mixup=0.7))
    params = model.init(3)
    loss, grad, _ = call(model, p, q, params, T, 0, STREAM)
    order = np.array([sample(STREAM, T, j, n, n) for j in range(n)])
    partners, share = mixtures(n, 0.7)
    assert sorted(partners) == list(range(n)) and (partners != np.arange(n)).sum() > n / 2
    tensors = [
        [torch.tensor(a.copy(), requires_grad=True) for a in pair]
        for pair in model.unflatten(params)
    ]
    (W1, b1), (W2, b2) = tensors
    s, A, labels = torch.tensor(share), torch.tensor(X[order]), torch.tensor(y[order])
    A = s[:, None] * A + (1 - s[:, None]) * A[partners]
    Z = torch.tanh(A @ W1 + b1) @ W2 + b2

    def ce(y):
        return torch.nn.functional.cross_entropy(Z, y, reduction="none", label_smoothing=smoothing)

    expected = (s * ce(labels) + (1 - s) * ce(labels[partners])).mean()
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    for pair, given in zip(model.unflatten(grad), tensors, strict=True):
        for a, b in zip(pair, given, strict=True):
            np.testing.assert_allclose(a, b.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["mse", "binary_cross_entropy"])
def test_mixed_targets_are_those_of_the_mixed_batch(loss):
    n, k = 24, 5
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((n, k)), rng.integers(0, 2, (n, 3)).astype(float)
    model = MLP((k, 8, 3), "tanh", loss)
    p, q = data_set(model, [(X, Y)] * 3, n, Training(mixup=0.7))
    loss, grad, _ = call(model, p, q, model.init(3), T, 0, STREAM)
    order = np.array([sample(STREAM, T, j, n, n) for j in range(n)])
    partners, share = mixtures(n, 0.7)
    mix_of = [share[:, None] * a + (1 - share[:, None]) * a[partners] for a in (X[order], Y[order])]
    expected, slopes = model.loss_and_grad(model.init(3), *mix_of)
    assert loss == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(grad, slopes, rtol=1e-9, atol=1e-13)
