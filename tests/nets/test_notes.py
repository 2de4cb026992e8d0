"""Hand calculations that every course on training nets has."""

import numpy as np
import pytest

import optbench
from optbench.nets import MLP


def one_unit(n_in, **options):
    """Return a linear unit without hidden layers, and a function that sets its weights."""
    net = MLP((n_in, 1), loss="mse", **options)

    def params(*weights):
        initial = net.init(0, "zeros")
        net.unflatten(initial)[0][0][:, 0] = weights
        return initial

    return net, params


def test_squared_error_of_4_where_6_is_wanted():
    net, params = one_unit(1)
    loss, grad = net.loss_and_grad(params(4.0), [[1.0]], [6.0])
    assert loss == 4.0
    assert net.unflatten(grad)[0][0][0, 0] == 2 * (4 - 6)


@pytest.mark.parametrize(("weights", "l2"), [((1.5, 0, 0), 2.25), ((0.5, 0.5, 0.5), 0.75)])
def test_l2_prefers_spread_weights_and_l1_ties(weights, l2):
    # A penalty of 2 over 2 m is 1 for m = 1; the example itself costs nothing.
    X, y = [[1.0, 1.0, 1.0]], [1.5]
    for name, expected in (("l2", l2), ("l1", 1.5)):
        net, params = one_unit(3, **{name: 2.0})
        assert net.loss_and_grad(params(*weights), X, y)[0] == pytest.approx(expected, rel=1e-15)


def test_3_4_clipped_to_norm_2():
    path = optbench.replay("sgd[clip_norm=2]", [[3.0, 4.0]], [0.0, 0.0], lr=1.0)
    # As in torch the norm gets 1e-6 added to it: 2 / 5.000001.
    np.testing.assert_allclose(-path[1], (1.2, 1.6), rtol=3e-7)
