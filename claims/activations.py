"""What is said of activations: which is best, dead units, outputs about zero or not."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.theorems import excess
from optbench.define.draws import generator
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import ARCHITECTURE
from ._starts import by_layer, signals, started, trained


@claim(
    question="Can signals explode on their way through sigmoid units?",
    says="From sigmoid to sigmoid signals grow: those of the twelfth layer are at least twice "
    "those of the first.",
    source=ARCHITECTURE,
    errs="A lecture says that signals can explode forward through sigmoid units; their outputs "
    "lie between 0 and 1.",
    settings={"Xavier's weights": 1.0, "three times those": 3.0, "ten times those": 10.0},
    factor="the initial weights",
    treatment="layer 12",
    control="layer 1",
    measure="size of the outputs of the layer, on digits",
    better="more",
    margin=2.0,
)
def sigmoid_explodes_forward(arm, gain, draw):
    """That positive outputs make ever larger ones overlooks that all lie between 0 and 1."""
    nets = started(draw.scoring, "digits", (32,) * 12, "sigmoid", "xavier_normal", gain)
    sizes = np.array([signals(net) for net in nets])
    return by_layer(sizes, sizes[:, 0 if arm == "layer 1" else 11])


@claim(
    question="What bounds the signals of sigmoid units?",
    says="No output of a sigmoid layer is outside of 0 and 1, whatever the weights.",
    source=ARCHITECTURE,
    kind="theorem",
    settings={"He's weights": 1.0, "a thousand times those": 1000.0},
    measure="by how much an output is below 0 or above 1",
)
def sigmoid_is_bounded(gain):
    """Ten layers, inputs of standard deviation 100."""
    net = MLP((8, *(16,) * 10, 3), "sigmoid")
    X = 100.0 * generator("claims", "bounded").standard_normal((200, 8))
    hidden = np.concatenate(net.outputs(net.init(1, gain=gain), X)[:-1], axis=1)
    return max(excess(hidden, 1.0), excess(-hidden, 0.0))


@claim(
    question="What do inputs that are all positive do to a unit?",
    says="Where all outputs of a layer are positive, the weights that lead from them to a unit all "
    "rise or all fall in a step on one example.",
    source=ARCHITECTURE,
    kind="theorem",
    settings={"sigmoid on digits": ("sigmoid", "digits"), "softplus on wine": ("softplus", "wine")},
    measure="share of units with gradients of both signs",
)
def positive_outputs_tie_signs(setting):
    """The gradient of a weight is its input times what comes back to the unit (LeCun 1998, 4.3)."""
    activation, data = setting
    X, y = net_data.split(data, 1).train
    net = MLP((X.shape[1], 16, 16, int(y.max()) + 1), activation)
    params, mixed = net.init(1), []
    for i in range(20):
        grad = net.loss_and_grad(params, X[i : i + 1], y[i : i + 1])[1]
        for W in net.weights(grad)[1:]:
            assert np.abs(W).max() > 0.0
            mixed.append((W.max(axis=0) > 0.0) & (W.min(axis=0) < 0.0))
    return float(np.concatenate(mixed).mean())


@claim(
    question="Are outputs about zero an advantage?",
    says="A net of tanh units learns sooner than one of sigmoid units that starts as the same "
    "function of its inputs, but for offsets.",
    source=ARCHITECTURE,
    settings=("digits", "wine", "breast_cancer"),
    factor="the data",
    treatment="tanh",
    control="sigmoid",
    measure="training loss after 60 steps",
    margin=1.05,
)
def outputs_about_zero(arm, data, draw):
    """2 sigmoid(2 z) = tanh(z) + 1: with weights twice as wide sigmoid has tanh's shape and slopes.

    What is left to differ is that its outputs lie about 1 instead of 0.
    """
    gain = 1.0 if arm == "tanh" else 2.0
    return trained(draw, data, (24,), activation=arm, init="xavier_normal", gain=gain)


EVERYWHERE = {
    "digits": "digits",
    "wine": "wine",
    "moons": "moons",
    "a tanh net's outputs": "teacher_student",
}


def with_activation(arm, data, draw):
    """Return the training loss from weights that suit the activation."""
    init = "he_normal" if "relu" in arm else "xavier_normal"
    return trained(draw, data, (24, 24), steps=100, activation=arm, init=init)


@claim(
    question="Is one activation best everywhere?",
    says="ReLU reaches a lower training loss than tanh, whatever the data.",
    source=ARCHITECTURE,
    settings=EVERYWHERE,
    factor="the data",
    treatment="relu",
    control="tanh",
    measure="training loss after 100 steps",
    margin=1.05,
)
def relu_is_best_everywhere(arm, data, draw):
    """The notes deny it: no activation is best for all. Each has its own weights and best rate."""
    return with_activation(arm, data, draw)


@claim(
    question="Is sigmoid rightly avoided?",
    says="ReLU reaches a lower training loss than sigmoid in hidden layers.",
    source=ARCHITECTURE,
    settings=EVERYWHERE,
    factor="the data",
    treatment="relu",
    control="sigmoid",
    measure="training loss after 100 steps",
    margin=1.05,
)
def sigmoid_is_avoided(arm, data, draw):
    """Two hidden layers of 24 units; each has weights and a rate that suit it."""
    return with_activation(arm, data, draw)


@claim(
    question="Does a leak make a big difference?",
    says="A leaky ReLU reaches a training loss that is lower than that of ReLU by a tenth.",
    source=ARCHITECTURE,
    settings=EVERYWHERE,
    factor="the data",
    treatment="leaky_relu",
    control="relu",
    measure="training loss after 100 steps",
    margin=1.1,
)
def leak_makes_a_difference(arm, data, draw):
    """Slope 0.01 below zero; said to be so at times only. Each has its own best rate."""
    return with_activation(arm, data, draw)
