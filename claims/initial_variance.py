"""What is said of the variance of initial weights: He's and Xavier's."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.nets import MLP

from ._lectures import INITIALIZATION, SETUP
from ._starts import SIGMA, by_layer, signals, started, trained


def moments_after_relu(sigma):
    """Return mean square and variance of ReLU of a normal, in shares of the variance before it.

    By Gauss and Legendre's rule on either side of the kink, through a net of one ReLU unit.
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    z = sigma * np.concatenate([6.0 * (nodes - 1.0), 6.0 * (nodes + 1.0)])
    density = np.exp(-0.5 * (z / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))
    weights = np.tile(6.0 * sigma * weights, 2) * density
    net = MLP((1, 1, 1), "relu", loss="mse")
    h = net.outputs(net.init(1, "constant"), z[:, None])[0][:, 0]
    mean, square = weights @ h, weights @ h**2
    return square / sigma**2, (square - mean**2) / sigma**2


NORMALS = {"standard deviation 1": 1.0, "standard deviation 5": 5.0}


@claim(
    question="Does ReLU halve the variance of its input?",
    says="ReLU halves the variance of a normal with mean 0.",
    source=SETUP,
    errs="A lecture says that ReLU halves the variance; it halves the second moment, and the "
    "variance becomes 0.34 of what it was.",
    kind="theorem",
    settings=NORMALS,
    measure="share of the variance that is left, less 1/2",
)
def relu_halves_the_variance(sigma):
    """It leaves (1 - 1 / pi) / 2 = 0.34 of it: what is halved is the mean square, about 0."""
    return abs(moments_after_relu(sigma)[1] - 0.5)


@claim(
    question="What does ReLU halve, then?",
    says="ReLU halves the mean square of a normal with mean 0, and leaves (1 - 1 / pi) / 2 of its "
    "variance.",
    source=SETUP,
    kind="theorem",
    settings=NORMALS,
    measure="difference from 1/2 and from 0.3408",
)
def relu_halves_the_mean_square(sigma):
    """The next layer's variance follows from the mean square, and so He's factor 2 is right."""
    square, variance = moments_after_relu(sigma)
    return max(abs(square - 0.5), abs(variance - 0.5 * (1.0 - 1.0 / np.pi)))


@claim(
    question="What does a slope below zero add to the signal?",
    says="A slope of 1/4 below zero, with which PReLU begins, brings the outputs of a net to 1 + "
    "1/16 times the mean square that ReLU does.",
    source=INITIALIZATION,
    settings={"digits": "digits", "wine": "wine"},
    treatment="prelu",
    control="relu",
    measure="size of the outputs of a hidden layer after it, of 32 linear units",
    better="more",
    pairs=20,
    known="He et al. 2015, eq. 14: the mean square is (1 + a^2) / 2, so that sizes grow by 3 %",
)
def prelu_passes_more(arm, data, draw):
    """The same weights in both arms; which sign the units below zero add with is chance."""
    nets = started(draw.scoring, data, (32, 32), (arm, "linear"), "he_normal")
    return np.array([signals(net)[1] for net in nets])


KEPT = {"ReLU on digits": "digits", "ReLU on wine": "wine"}


def through_layers(arm, data, scheme, gain, draw, activation="relu"):
    """Return the size of signals in the first or the sixth layer of 64 units."""
    nets = started(draw.scoring, data, (64,) * 6, activation, scheme, gain)
    sizes = np.array([signals(net) for net in nets])
    return by_layer(sizes, sizes[:, int(arm[-1]) - 1])


@claim(
    question="Is the standard deviation of He's weights sqrt(2)?",
    says="With normal weights of standard deviation sqrt(2) the signals of a ReLU net keep their "
    "size from the first layer to the sixth.",
    source=SETUP,
    errs="A lecture gives sqrt(2) as a standard deviation; it is the gain, and the variance is 2 "
    "over the number of inputs.",
    settings=KEPT,
    treatment="layer 6",
    control="layer 1",
    measure="size of the outputs of the layer",
    expects="equal",
    margin=2.0,
)
def sqrt_two_keeps_signals(arm, data, draw):
    """sqrt(2) is the gain; taken for sigma, as it is written, each layer multiplies by sqrt(64)."""
    return through_layers(arm, data, "normal", np.sqrt(2.0) / SIGMA, draw)


@claim(
    question="Do He's weights keep signals at their size?",
    says="With normal weights of variance 2 / n_in the signals of a ReLU net keep their size from "
    "the first layer to the sixth.",
    source=SETUP,
    settings=KEPT,
    treatment="layer 6",
    control="layer 1",
    measure="size of the outputs of the layer",
    expects="equal",
    margin=2.0,
    known="He et al. 2015, eq. 10: the mean square is kept on average over weights",
)
def he_keeps_signals(arm, data, draw):
    """64 units a layer; a factor within 2 over five layers counts as kept."""
    return through_layers(arm, data, "he_normal", 1.0, draw)


@claim(
    question="Do Xavier's weights keep signals at their size?",
    says="With Xavier's weights the signals of a tanh net keep their size from the first layer to "
    "the sixth.",
    source=INITIALIZATION,
    settings={"tanh on digits": "digits", "tanh on wine": "wine"},
    factor="the data",
    treatment="layer 6",
    control="layer 1",
    measure="size of the outputs of the layer",
    expects="equal",
    margin=2.0,
)
def xavier_keeps_signals(arm, data, draw):
    """64 units a layer. Xavier's derivation takes tanh for its tangent, and tanh lies below it."""
    return through_layers(arm, data, "xavier_normal", 1.0, draw, "tanh")


WIDTHS = {"layers of 48": (48,) * 5, "from 64 down to 12": (64, 42, 28, 18, 12)}


@claim(
    question="Are the forms of Xavier's weights one?",
    says="Xavier's variance over the inputs alone, 1 / n_in, keeps signals at the size that his "
    "own over inputs and outputs, 2 / (n_in + n_out), gives them.",
    source=INITIALIZATION,
    settings=WIDTHS,
    factor="the widths",
    treatment="lecun_normal",
    control="xavier_uniform",
    measure="size of the outputs of the fifth tanh layer on digits",
    expects="equal",
    margin=1.1,
    pairs=40,
)
def xavier_forms_agree(arm, hidden, draw):
    """The notes have both forms, and a third one for ReLU, which is He's.

    They agree where layers are equally wide. What is measured is what they are to control.
    """
    nets = started(draw.scoring, "digits", hidden, "tanh", arm)
    return np.array([signals(net)[-1] for net in nets])


@claim(
    question="Uniform or normal weights?",
    says="Uniform initial weights and normal ones of the same variance learn equally fast.",
    source=SETUP,
    settings={
        "tanh on digits": ("tanh", "digits", "xavier"),
        "ReLU on wine": ("relu", "wine", "he"),
    },
    treatment="uniform",
    control="normal",
    measure="training loss after 60 steps",
    expects="equal",
    margin=1.1,
    pairs=40,
)
def uniform_or_normal(arm, setting, draw):
    """Three layers of 24 units; one rate, since nothing but the shape of the draws differs."""
    activation, data, scheme = setting
    net = mlp(data, (24,) * 3, activation=activation, init=f"{scheme}_{arm}", batch=16)
    return train(net, "sgd", draw.scoring, steps=60, lr=0.1).train_loss[0]


DEEP = {
    "8 layers, digits": ("digits", 8),
    "16 layers, breast cancer": ("breast_cancer", 16),
}


@claim(
    question="Which initial scale suits deep ReLU nets?",
    says="With ReLU a deep net learns sooner from He's scale than from Xavier's, which is half of "
    "it in variance.",
    source=SETUP,
    settings=DEEP,
    factor="the net",
    treatment="he_normal",
    control="xavier_normal",
    measure="training loss after 60 steps",
    margin=1.05,
)
def he_suits_relu(arm, setting, draw):
    """Hidden layers of 24 units; each arm has its own best rate."""
    data, depth = setting
    return trained(draw, data, (24,) * depth, activation="relu", init=arm)


@claim(
    question="Which initial scale suits deep tanh nets?",
    says="With tanh a deep net learns sooner from Xavier's scale than from He's, which is twice "
    "that in variance.",
    source=SETUP,
    settings=DEEP,
    factor="the net",
    treatment="xavier_normal",
    control="he_normal",
    measure="training loss after 60 steps",
    margin=1.05,
)
def xavier_suits_tanh(arm, setting, draw):
    """Hidden layers of 24 units; each arm has its own best rate."""
    data, depth = setting
    return trained(draw, data, (24,) * depth, activation="tanh", init=arm)


@claim(
    question="Does Xavier's scale suit sigmoid, too?",
    says="With sigmoid a net learns sooner from Xavier's scale than from four times those weights.",
    source=SETUP,
    settings={"1 layer": 1, "3 layers": 3},
    factor="the depth",
    treatment="Xavier's",
    control="four times those",
    measure="training loss on digits after 60 steps",
    margin=1.05,
)
def xavier_suits_sigmoid(arm, depth, draw):
    """Xavier's is derived for slope 1 at 0, which tanh has; sigmoid has 1/4."""
    gain = 1.0 if arm == "Xavier's" else 4.0
    return trained(
        draw, "digits", (24,) * depth, activation="sigmoid", init="xavier_normal", gain=gain
    )
