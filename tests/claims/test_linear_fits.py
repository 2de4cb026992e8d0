"""Formulas that claims are judged by, against scikit-learn and against the engine."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from optbench.claims.draws import draw_of
from optbench.claims.finding import claims_folder
from optbench.define import plugins
from optbench.nets import MLP
from optbench.nets import data as net_data

_linear = plugins.import_file(claims_folder() / "_linear.py")
_masks = plugins.import_file(claims_folder() / "_masks.py")


@pytest.fixture
def problem():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((30, 8)), rng.standard_normal(30)
    return _linear.centred(X, y)


def test_lasso_and_ridge_are_those_of_scikit_learn(problem):
    X, y = problem
    alphas = [0.5, 3.0]
    ours = _linear.lasso(X, y, alphas, steps=2000)
    for w, alpha in zip(ours, alphas, strict=True):
        theirs = Lasso(alpha / len(X), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y)
        np.testing.assert_allclose(w, theirs.coef_, atol=1e-7)
        np.testing.assert_array_equal(w == 0.0, theirs.coef_ == 0.0)
        same = Ridge(alpha, fit_intercept=False).fit(X, y)
        np.testing.assert_allclose(_linear.ridge(X, y, alpha), same.coef_, atol=1e-10)


def test_masks_have_their_probabilities():
    kept, shares = _masks.all_masks(5, 0.3)
    assert len(np.unique(kept, axis=0)) == 32
    assert shares.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(shares @ kept, 1.0)  # the mean over masks is the unit itself
    drawn = _masks.masks(np.random.default_rng(1), 20_000, 3, 0.3)
    assert set(np.unique(drawn)) == {0.0, 1.0 / 0.7}
    np.testing.assert_allclose((drawn == 0.0).mean(axis=0), 0.3, atol=0.02)


@pytest.mark.parametrize("data", ["wine", "diabetes"])
def test_last_layers_have_the_losses_of_the_engine(data):
    lanes = draw_of(1, 10).scoring
    head = next(_masks.trained_heads(lanes, data, 0.5, units=8, steps=3))
    X, y = net_data.split(data, lanes.instances[0]).validation
    kind = "mse" if data == "diabetes" else "cross_entropy"
    net = MLP((8, head.W.shape[1]), loss=kind)
    params = np.zeros(net.dim)
    W, b = net.unflatten(params)[0]
    W[:], b[:] = head.W, head.b
    assert len(head.h) == len(X)
    assert head.loss(np.ones(8)) == pytest.approx(net.loss_and_grad(params, head.h, y)[0])
