"""What is said of initial weights: equal, zero, too small, too large."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import INITIALIZATION, SETUP, SHEET_TECHNIQUES
from ._starts import RATES, SIGMA, by_layer, gradients, signals, started, trained


def descended_from(scheme, activation, data, steps, gain=1.0):
    """Return a net with two hidden layers, its start, and its parameters after some steps."""
    X, y = net_data.split(data, 1).train
    net = MLP((X.shape[1], 6, 6, int(y.max()) + 1), activation)
    start = net.init(1, scheme, gain=gain)
    params = start.copy()
    for _ in range(steps):
        params -= 0.1 * net.loss_and_grad(params, X[:100], y[:100])[1]
    return net, start, params


def between_units(net, params):
    """Return by how much the units of a layer differ at most, in and out."""
    (W1, b1), (W2, b2), (W3, _) = net.unflatten(params)
    units = [W1.T, b1[:, None], W2, W2.T, b2[:, None], W3]  # a row a unit of its layer
    return max(deviation(rows, rows[:1].repeat(len(rows), axis=0)) for rows in units)


@claim(
    question="Does training ever tell units apart that begin with equal weights?",
    says="Hidden units that begin with the same weights have the same gradients, and stay equal "
    "for ever.",
    source=INITIALIZATION,
    kind="theorem",
    settings={"ReLU on digits": ("relu", "digits"), "tanh on wine": ("tanh", "wine")},
    measure="largest difference between two units after 50 steps",
)
def equal_weights_stay_equal(setting):
    """Gradient descent on a net whose hidden units are copies; all parameters are compared."""
    net, start, params = descended_from("constant", *setting, steps=50, gain=0.05)
    assert all(
        (own != first).any()
        for own, first in zip(net.weights(params), net.weights(start), strict=True)
    )
    return between_units(net, params)


@claim(
    question="What do zero weights learn?",
    says="From zero weights a net of tanh or ReLU units learns the biases of its outputs, and "
    "nothing else ever moves.",
    source=SETUP,
    kind="theorem",
    settings={
        "tanh on digits": ("tanh", "digits"),
        "ReLU on digits": ("relu", "digits"),
        "tanh on wine": ("tanh", "wine"),
        "ReLU on wine": ("relu", "wine"),
    },
    measure="largest other parameter after 50 steps",
)
def zero_weights_of_tanh_and_relu(setting):
    """Both are 0 at 0, so that output weights have no gradient, and pass none on."""
    net, _, params = descended_from("zeros", *setting, steps=50)
    output_bias = net.unflatten(params)[-1][1]
    assert np.abs(output_bias).max() > 0.0
    output_bias[:] = 0.0
    return float(np.abs(params).max())


@claim(
    question="Do zero weights stay at zero with sigmoid too?",
    says="From zero weights a net of sigmoid units learns no more than the biases of its outputs.",
    source=SETUP,
    errs="A lecture says that with zero weights nothing is learnt; with sigmoid units the "
    "weights of the output move too, since the hidden outputs are one half.",
    kind="theorem",
    settings=("digits", "wine"),
    measure="largest other parameter after 50 steps",
)
def zero_weights_of_sigmoid(data):
    """That zero weights learn nothing is wrong for sigmoid: it is 1/2 at 0, not 0.

    So the output weights move at the first step, and the others after them.
    """
    net, _, params = descended_from("zeros", "sigmoid", data, steps=50)
    net.unflatten(params)[-1][1][:] = 0.0
    return float(np.abs(params).max())


@claim(
    question="Then why not begin with zero weights, with sigmoid?",
    says="From zero weights the units of a sigmoid layer move, all of them in the same way.",
    source=SHEET_TECHNIQUES,
    kind="theorem",
    settings=("digits", "wine"),
    measure="largest difference between two units after 50 steps",
)
def zero_weights_of_sigmoid_stay_equal(data):
    """Zero weights are said to break the symmetry of units; it is what they keep.

    All weights have moved, but a layer is worth one unit.
    """
    net, _, params = descended_from("zeros", "sigmoid", data, steps=50)
    assert all(np.abs(W).max() > 0.0 for W in net.weights(params))
    return between_units(net, params)


SCALED = {
    "ReLU, 1 layer, digits": ("relu", 1, "digits"),
    "ReLU, 4 layers, digits": ("relu", 4, "digits"),
    "tanh, 4 layers, wine": ("tanh", 4, "wine"),
}
WHAT_SUITS = {"relu": "he_normal", "tanh": "xavier_normal"}
GAINS = {"as wide as suits": 1.0, "a tenth of it": 0.1, "ten times it": 10.0}
LOW_RATES = np.geomspace(1e-6, 1.0, 10)
"""For large weights: the gradient of a layer grows with the weights of all others."""


def from_scale(arm, setting, draw):
    """Return the training loss after 60 steps from weights of a scale."""
    activation, depth, data = setting
    return trained(
        draw, data, (24,) * depth, lr=LOW_RATES if arm == "ten times it" else RATES,
        activation=activation, init=WHAT_SUITS[activation], gain=GAINS[arm],
    )  # fmt: skip


@claim(
    question="Do small initial weights make learning slow?",
    says="From a tenth of the weights that suit the activation a net learns more slowly.",
    source=SETUP,
    settings=SCALED,
    factor="the net",
    treatment="as wide as suits",
    control="a tenth of it",
    measure="training loss after 60 steps",
    margin=1.1,
)
def too_small_is_slow(arm, setting, draw):
    """He's weights for ReLU, Xavier's for tanh; each arm has its own best rate."""
    return from_scale(arm, setting, draw)


@claim(
    question="Do large initial weights harm?",
    says="From ten times the weights that suit the activation a net learns more slowly, even at "
    "the rate that is best for it.",
    source=SETUP,
    settings=SCALED,
    factor="the net",
    treatment="as wide as suits",
    control="ten times it",
    measure="training loss after 60 steps",
    margin=1.1,
)
def too_large_is_slow(arm, setting, draw):
    """He's weights for ReLU, Xavier's for tanh; each arm has its own best rate."""
    return from_scale(arm, setting, draw)


@claim(
    question="Are small normal weights safe?",
    says="From Xavier's weights a tanh net learns sooner than from normal ones of standard "
    "deviation 0.01, and the deeper the net the more so.",
    source=INITIALIZATION,
    settings={"1 layer": 1, "3 layers": 3, "8 layers": 8},
    factor="the depth",
    treatment="xavier_normal",
    control="normal",
    measure="training loss on digits after 60 steps",
    margin=1.25,
)
def small_normal_in_deep_nets(arm, depth, draw):
    """Small normal weights are called safe, and deep nets sensitive to them; the depth decides."""
    return trained(draw, "digits", (24,) * depth, activation="tanh", init=arm)


@claim(
    question="Does the linear range of tanh mean strong gradients?",
    says="Normal weights of standard deviation 0.01, which keep tanh in its linear range, give the "
    "first layer larger gradients than those of standard deviation 1, which saturate it.",
    source=INITIALIZATION,
    errs="A lecture has small weights keep units in their linear range, where gradients are "
    "strong, and has signals die with them in deep nets; in deep nets the second holds.",
    settings={"1 layer": 1, "3 layers": 3, "8 layers": 8},
    factor="the depth",
    treatment="0.01",
    control="1",
    measure="gradient of the weights of the first layer on digits",
    better="more",
)
def linear_range_has_strong_gradients(arm, depth, draw):
    """What a unit passes back is its slope times its weights; the notes look at the slope alone."""
    gain = float(arm) / SIGMA
    nets = started(draw.scoring, "digits", (32,) * depth, "tanh", "normal", gain)
    sizes = np.array([gradients(net) for net in nets])
    return by_layer(sizes, sizes[:, 0])


@claim(
    question="What becomes of signals on their way through small normal weights?",
    says="With normal weights of standard deviation 0.01 the signals of the fifth layer are less "
    "than a hundredth of those of the first.",
    source=INITIALIZATION,
    settings={"tanh on digits": ("tanh", "digits"), "ReLU on wine": ("relu", "wine")},
    treatment="layer 5",
    control="layer 1",
    measure="size of the outputs of the layer",
    margin=100.0,
    known="a layer of n units multiplies the mean square by at most n sigma^2, 0.0064 here",
)
def small_weights_lose_signals(arm, setting, draw):
    """The same nets in both arms, 64 units a layer."""
    activation, data = setting
    nets = started(draw.scoring, data, (64,) * 5, activation, "normal")
    sizes = np.array([signals(net) for net in nets])
    return by_layer(sizes, sizes[:, int(arm[-1]) - 1])
