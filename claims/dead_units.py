"""What is said of dead ReLU units: what kills them, whether they come back, the leaky cure."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.draws import draw_of
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import ARCHITECTURE, GRADIENTS
from ._starts import descended, started


def dead(net, params, X):
    """Return which units of each hidden layer give 0 for all examples [layers, units]."""
    return np.array([(h <= 0.0).all(axis=0) for h in net.outputs(params, X)[:-1]])


def with_dead_units(lanes, data, activation, offset, hidden=(24, 24)):
    """Yield nets many of whose units start dead: biases are below zero.

    The offset counts standard deviations of what a unit is given.
    """
    for start in started(lanes, data, hidden, activation, "he_normal"):
        for layer, (W, b) in enumerate(start.net.unflatten(start.params)[:-1]):
            inputs = start.X if not layer else start.net.outputs(start.params, start.X)[layer - 1]
            b[:] = -offset * np.std(inputs @ W)
        yield start


@claim(
    question="Does a high rate kill ReLU units?",
    says="At a rate of 1 more ReLU units end dead than at a rate of 0.1.",
    source=ARCHITECTURE,
    settings=("digits", "wine"),
    factor="the data",
    treatment="1",
    control="0.1",
    measure="share of dead units after 100 steps",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.05,
    pairs=30,
)
def high_rates_kill(arm, data, draw):
    """Gradient descent on mini-batches, two layers of 24 units; dead for all training examples."""
    net = mlp(data, (24, 24), batch=16)
    run = train(net, "sgd", draw.scoring, steps=100, lr=float(arm))
    own = MLP(net.sizes, "relu")
    examples = [net_data.split(data, number).train.X for number in draw.scoring.instances]
    return np.array([dead(own, x, X).mean() for x, X in zip(run.x[0], examples, strict=True)])


@claim(
    question="Is a dead ReLU unit dead for ever?",
    says="A ReLU unit of the first layer that is 0 for all examples never learns again.",
    source=ARCHITECTURE,
    kind="theorem",
    settings=("digits", "wine"),
    measure="largest change of the weights and the bias of a dead unit in 100 steps",
)
def dead_in_first_layer_stays(data):
    """No example passes a gradient, and the unit's inputs are the data, which do not change."""
    moved = []
    for start in with_dead_units(draw_of(1, 3).scoring, data, "relu", 2.0):
        lost = dead(start.net, start.params, start.X)[0]
        end = descended(start, 0.1, 100)
        (W0, b0), (W1, b1) = (start.net.unflatten(p)[0] for p in (start.params, end))
        assert lost.any() and np.abs(W1 - W0).max() > 0.0
        moved += [np.abs(W1 - W0)[:, lost].max(), np.abs(b1 - b0)[lost].max()]
    return float(max(moved))


@claim(
    question="Do dead units come back?",
    says="Units of the second layer that start dead come back more often than those of the first.",
    source=ARCHITECTURE,
    settings=("digits", "wine"),
    treatment="layer 2",
    control="layer 1",
    measure="share of the units that start dead which are alive after 100 steps",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.05,
)
def dead_units_come_back(arm, data, draw):
    """Other units change what the second layer is given; nothing changes the data.

    With about half of the units dead at first; 0 where none is.
    """
    layer, shares = int(arm[-1]) - 1, []
    for start in with_dead_units(draw.scoring, data, "relu", 2.0):
        lost = dead(start.net, start.params, start.X)[layer]
        end = descended(start, 0.1, 100)
        back = lost & ~dead(start.net, end, start.X)[layer]
        shares.append(back.sum() / max(lost.sum(), 1))
    return np.array(shares)


@claim(
    question="Does a leak cure dead units?",
    says="Where units start dead, a net learns sooner with a leaky ReLU than with ReLU.",
    source=GRADIENTS,
    settings={
        "most dead, digits": ("digits", 2.5),
        "all dead, wine": ("wine", 8.0),
    },
    factor="how many are dead",
    treatment="leaky_relu",
    control="relu",
    measure="training loss after 120 steps",
    margin=1.05,
)
def leak_cures_dead_units(arm, setting, draw):
    """Slope 0.01 below zero, one layer of 24 units; weights and rate are the same in both arms."""
    data, offset = setting
    losses = []
    for start in with_dead_units(draw.scoring, data, arm, offset, (24,)):
        end = descended(start, 0.3, 120)
        losses.append(start.net.loss_and_grad(end, start.X, start.y)[0])
    return np.array(losses)
