"""What is said of gradients on their way back through layers."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.theorems import deviation, excess
from optbench.nets import MLP

from ._lectures import GRADIENTS, SHEET_CHALLENGES
from ._starts import flow, started, trained

WHAT_SUITS = {"relu": "he_normal", "tanh": "xavier_normal", "sigmoid": "xavier_normal"}


def chain(activation, depth, weight):
    """Return the slope of the output of a chain of units in its first bias, at 33 inputs."""
    net = MLP((1, *(1,) * depth, 1), activation, loss="mse")
    params = net.init(1, "constant", gain=weight)
    net.unflatten(params)[-1][0][:] = 1.0
    slopes = []
    for x in np.linspace(-4.0, 4.0, 33):
        X = np.array([[x]])
        wanted = net.predict(params, X)[:, 0] - 0.5  # so that dLoss / d(output) is 1
        grad = net.loss_and_grad(params, X, wanted)[1]
        slopes.append(net.unflatten(grad)[0][1][0])
    return np.array(slopes)


@claim(
    question="How fast do gradients shrink in a chain of sigmoid units?",
    says="Each sigmoid unit passes back at most a quarter of its weight, so that a chain of L "
    "units with weights of 1 passes at most (1/4)^L.",
    source=SHEET_CHALLENGES,
    kind="theorem",
    settings={"2 units": 2, "5 units": 5, "10 units": 10},
    measure="share by which the slope of a chain exceeds (1/4)^L",
)
def sigmoid_chain_shrinks(depth):
    """The slope of sigmoid is at most 1/4; what is left of 10 units is less than a millionth."""
    return excess(np.abs(chain("sigmoid", depth, 1.0)) * 4.0**depth, 1.0)


@claim(
    question="Do gradients shrink in a chain of ReLU units?",
    says="A chain of ReLU units that are active passes on the product of its weights, 1 if each is "
    "1, and nothing once one of them is not.",
    source=SHEET_CHALLENGES,
    kind="theorem",
    settings={"2 units": 2, "10 units": 10, "50 units": 50},
    measure="difference from 1 for inputs above 0, and from 0 below",
)
def relu_chain_does_not_shrink(depth):
    """Inputs from -4 to 4, 0 itself left out, where either slope is one's choice."""
    slopes, x = chain("relu", depth, 1.0), np.linspace(-4.0, 4.0, 33)
    return deviation(slopes[x != 0.0], (x > 0.0)[x != 0.0])


@claim(
    question="What comes of 10 steps with a weight above 1?",
    says="Ten multiplications by 1.5 make 57.67 of a gradient, and ten by 0.5 make 0.00098 of it.",
    source=SHEET_CHALLENGES,
    kind="theorem",
    settings={"1.5": (1.5, 57.665), "0.5": (0.5, 0.0009766)},
    measure="difference from the number, in shares of it",
    margin=1e-3,
)
def powers_of_weights(setting):
    """Eleven linear units one after the other, ten weights between them."""
    weight, said = setting
    return float(np.abs(chain("linear", 11, weight) / said - 1.0).max())


DEPTHS = {"5 layers": 5, "10 layers": 10, "20 layers": 20}


def deep_flow(activation, depth, draw):
    """Return the flow through layers of 32 units with weights that suit the activation."""
    nets = started(draw.scoring, "digits", (32,) * depth, activation, WHAT_SUITS[activation])
    return flow(nets)


FLOW = "gradient of the first layer of weights over that of the last hidden one"


@claim(
    question="Does sigmoid shrink gradients more than ReLU?",
    says="In a deep net of ReLU units the gradient of the first layer is at least ten times as "
    "large a share of that of the last as with sigmoid.",
    source=GRADIENTS,
    settings=DEPTHS,
    factor="the depth",
    treatment="relu",
    control="sigmoid",
    measure=FLOW,
    better="more",
    margin=10.0,
)
def sigmoid_shrinks_gradients(arm, depth, draw):
    """He's weights for ReLU, Xavier's for sigmoid."""
    return deep_flow(arm, depth, draw)


@claim(
    question="Does tanh shrink gradients as sigmoid does?",
    says="In a deep net of ReLU units the gradient of the first layer is at least twice as large a "
    "share of that of the last as with tanh.",
    source=GRADIENTS,
    settings=DEPTHS,
    factor="the depth",
    treatment="relu",
    control="tanh",
    measure=FLOW,
    better="more",
    margin=2.0,
)
def tanh_shrinks_gradients(arm, depth, draw):
    """The notes name tanh with sigmoid; its slope at 0 is 1. Xavier's weights for tanh."""
    return deep_flow(arm, depth, draw)


DEEP_SIGMOID = {"10 layers, digits": ("digits", 10), "10 layers, wine": ("wine", 10)}
SMALLER = {"6 layers, breast cancer": ("breast_cancer", 6), "8 layers, wine": ("wine", 8)}


def helped(arm):
    """Return what makes of a plain sigmoid net the one of an arm."""
    options = {"activation": "sigmoid", "scheme": "xavier_normal"}
    return options if arm == "plain" else options | {arm: True}


def helped_flow(arm, setting, draw):
    """Return the flow through a sigmoid net that is residual, normalised, or plain."""
    data, depth = setting
    return flow(started(draw.scoring, data, (32,) * depth, **helped(arm)))


def helped_training(arm, setting, draw):
    """Return the training loss of such a net after 60 steps at its best rate."""
    data, depth = setting
    options = helped(arm)
    return trained(draw, data, (24,) * depth, init=options.pop("scheme"), **options)


@claim(
    question="Do residual connections restore the gradient?",
    says="With residual connections a deep sigmoid net passes ten times as large a share of its "
    "gradient to the first layer.",
    source=GRADIENTS,
    settings=DEEP_SIGMOID,
    factor="the data",
    treatment="residual",
    control="plain",
    measure=FLOW,
    better="more",
    margin=10.0,
)
def residual_restores_flow(arm, setting, draw):
    """Each layer but the first adds its input to its output."""
    return helped_flow(arm, setting, draw)


@claim(
    question="Does batch normalisation restore the gradient?",
    says="With batch normalisation a deep sigmoid net passes ten times as large a share of its "
    "gradient to the first layer.",
    source=GRADIENTS,
    settings=DEEP_SIGMOID,
    factor="the data",
    treatment="batch_norm",
    control="plain",
    measure=FLOW,
    better="more",
    margin=10.0,
)
def batch_norm_restores_flow(arm, setting, draw):
    """What a sigmoid is given is normalised, over 64 examples."""
    return helped_flow(arm, setting, draw)


@claim(
    question="Can a deep sigmoid net be trained with residual connections?",
    says="With residual connections a deep sigmoid net learns sooner.",
    source=GRADIENTS,
    settings=SMALLER,
    factor="the net",
    treatment="residual",
    control="plain",
    measure="training loss after 60 steps",
    margin=1.1,
)
def residual_trains(arm, setting, draw):
    """Each arm has its own best rate."""
    return helped_training(arm, setting, draw)


@claim(
    question="Can a deep sigmoid net be trained with batch normalisation?",
    says="With batch normalisation a deep sigmoid net learns sooner.",
    source=GRADIENTS,
    settings=SMALLER,
    factor="the net",
    treatment="batch_norm",
    control="plain",
    measure="training loss after 60 steps",
    margin=1.1,
)
def batch_norm_trains(arm, setting, draw):
    """Each arm has its own best rate."""
    return helped_training(arm, setting, draw)
