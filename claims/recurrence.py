"""What is said of recurrent nets: gradients over time, clipping, and the LSTM."""

import functools

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.define import net
from optbench.define.draws import generator
from optbench.nets import Net
from optbench.nets.layers import LSTM, RNN, Dense

from ._lectures import GRADIENTS, SHEET_CHALLENGES
from ._starts import through_time

UNITS, STEPS = 16, 20
SEEN = (1, 5, 10, 15, STEPS)
"""Steps whose slopes are measured."""


def sequences(number, size, steps=STEPS):
    """Return 8 sequences of two normal numbers a step."""
    return size * generator("claims", "sequences", number).standard_normal((8, steps * 2))


def recurrent(weight, number):
    """Return a tanh layer over time whose recurrent weights are a rotation times a weight."""
    layers = Net([RNN(UNITS), Dense(1)], input=(STEPS, 2), loss="mse")
    params = layers.init(number, "lecun_normal")
    tensor = layers.unflatten(params)[0]["weight_hh"]
    drawn = generator("claims", "rotation", number).standard_normal(tensor.shape)
    tensor[:] = weight * np.linalg.qr(drawn)[0]
    return layers, params


def back_in_time(nets, relative=False):
    """Return the slopes in the inputs of the first step, over those of the last if relative."""
    slopes = np.array([[through_time(*one, step) for step in SEEN] for one in nets])
    slopes = slopes / slopes[:, -1:] if relative else slopes
    return Scores(slopes[:, 0], curve=(SEEN, np.median(slopes, axis=0)))


@claim(
    question="Do recurrent nets explode above a weight of 1?",
    says="With recurrent weights of 1.5 the gradient reaches the first of 20 steps ten times as "
    "large as with weights of 1.",
    source=SHEET_CHALLENGES,
    settings={"inputs of 0.0001": 1e-4, "inputs of 0.01": 0.01, "inputs of 1": 1.0},
    factor="the size of the inputs",
    treatment="1.5",
    control="1",
    measure="slope of the output in the first inputs",
    better="more",
    margin=10.0,
)
def weights_above_one_explode(arm, size, draw):
    """A rotation times the weight, so that in the linear range all states grow by the weight."""
    numbers = draw.scoring.instances
    return back_in_time([(*recurrent(float(arm), i), sequences(i, size)) for i in numbers])


@claim(
    question="Do recurrent nets forget below a weight of 1?",
    says="With recurrent weights of 0.5 the gradient reaches the first of 20 steps less than a "
    "thousandth as large as with weights of 1.",
    source=SHEET_CHALLENGES,
    settings={"inputs of 0.01": 0.01, "inputs of 1": 1.0},
    factor="the size of the inputs",
    treatment="0.5",
    control="1",
    measure="slope of the output in the first inputs",
    margin=1000.0,
)
def weights_below_one_vanish(arm, size, draw):
    """The same nets; tanh, whose slope is at most 1, can only take more away."""
    numbers = draw.scoring.instances
    return back_in_time([(*recurrent(float(arm), i), sequences(i, size)) for i in numbers])


@claim(
    question="Does an LSTM keep the gradient over time?",
    says="Through 20 steps an LSTM passes ten times as much of the gradient as a recurrent tanh "
    "layer, at the start.",
    source=GRADIENTS,
    settings={
        "bias of the forget gate 0": 0.0,
        "bias of the forget gate 1": 1.0,
        "bias of the forget gate 3": 3.0,
    },
    factor="the forget gate",
    treatment="LSTM",
    control="RNN",
    measure="slope of the output in the first inputs, over that in the last",
    better="more",
    margin=10.0,
)
def lstm_keeps_flow(arm, bias, draw):
    """Weights uniform up to 1 / sqrt(n), as is usual; the gate keeps sigmoid(bias) of a cell."""
    nets = []
    for number in draw.scoring.instances:
        layer = LSTM(UNITS) if arm == "LSTM" else RNN(UNITS)
        one = Net([layer, Dense(1)], input=(STEPS, 2), loss="mse")
        params = one.init(number)
        if arm == "LSTM":
            one.unflatten(params)[0]["bias_ih"][UNITS : 2 * UNITS] += bias
        nets.append((one, params, sequences(number, 1.0)))
    return back_in_time(nets, relative=True)


@functools.cache
def over_time(data):
    """Return a recurrent net on sequences, whose weights are orthogonal matrices times 2."""
    steps, outputs, loss, error = MARKED[data]
    return net(
        f"claimed_{data}", data=data, input=(steps, 2), layers=[RNN(UNITS), Dense(outputs)],
        loss=loss, batch=16, init="orthogonal", gain=2.0, loss_target=0.0, error_target=error,
        tags=("net", "data"), family="claims", source="declared by a claim",
    )  # fmt: skip


MARKED = {"adding": (20, 1, "mse", None), "xor_strings": (16, 2, "cross_entropy", 0.0)}
"""Steps, outputs, loss and error that counts as success."""


CLIPPED = {"clipped": "sgd[clip_norm=1]", "as they are": "sgd"}
SUMS = {"sum of two marked numbers": "adding", "xor of two marked bits": "xor_strings"}


@claim(
    question="Does clipping keep training from breaking?",
    says="At a rate of 0.3 fewer recurrent nets with large weights end worse than they began if "
    "gradients are clipped to norm 1.",
    source=SHEET_CHALLENGES,
    settings=SUMS,
    factor="the data",
    treatment="clipped",
    control="as they are",
    measure="share of nets whose training loss is higher after 60 steps",
    scale="difference",
    statistic="mean",
    margin=0.1,
    pairs=20,
)
def clipping_keeps_nets_whole(arm, data, draw):
    """Orthogonal weights times 2, 16 units, 16 or 20 steps; diverged nets count as worse."""
    run = train(over_time(data), CLIPPED[arm], draw.scoring, steps=60, lr=0.3)
    return ~(run.curve[0, :, -1] <= run.curve[0, :, 0])


@claim(
    question="Does clipping make recurrent nets learn sooner?",
    says="With gradients clipped to norm 1 a recurrent net with large weights learns sooner, each "
    "at its best rate.",
    source=GRADIENTS,
    settings=SUMS,
    factor="the data",
    treatment="clipped",
    control="as they are",
    measure="training loss after 60 steps",
    margin=1.05,
)
def clipping_learns_sooner(arm, data, draw):
    """The same nets; a rate that is low enough needs no clipping."""
    rates = np.geomspace(1e-3, 0.3, 6)
    rule = CLIPPED[arm]
    return tuned(
        over_time(data), rule, draw, lambda run: run.train_loss, steps=60, lr=rates, records=3
    )
