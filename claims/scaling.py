"""What is said of preparing features: standardising and whitening them."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import NORMALIZATION
from ._trained import tuned_on_validation

RATES = 2.0 ** np.arange(-10, 2)
SCALED_RATES = 2.0 ** np.arange(-4, 4)
"""What is tuned over: of features in any unit, and of those that are of one size."""
STEPS = 100


def _net(data, scaling):
    return mlp(data, (16,), activation="tanh", init="xavier_normal", scaling=scaling)


def _training_loss(data, scaling, draw, rates):
    return tuned(
        _net(data, scaling), "sgd", draw, lambda run: run.train_loss, lr=rates, steps=STEPS,
        records=5,
    )  # fmt: skip


DATA = {"iris": "iris", "wine": "wine", "breast cancer": "breast_cancer"}
FACTS = dict(source=NORMALIZATION, settings=DATA, factor="the data")


@claim(
    question="Do standardised features make learning easier?",
    says="With features of mean 0 and standard deviation 1 a net reaches a lower training loss "
    "than with features as they are.",
    treatment="standard",
    control="none",
    measure="training loss after 100 steps",
    margin=1.1,
    **FACTS,
)
def standardising_speeds_learning(arm, data, draw):
    """SGD on 16 tanh units, each arm at its own best rate of twelve from 0.001 to 2."""
    return _training_loss(data, arm, draw, RATES)


@claim(
    question="Does whitening make learning faster still?",
    says="With whitened features a net reaches a lower training loss than with standardised ones.",
    treatment="whiten",
    control="standard",
    measure="training loss after 100 steps",
    margin=1.1,
    **FACTS,
)
def whitening_speeds_learning(arm, data, draw):
    """See `standardising_speeds_learning`."""
    return _training_loss(data, arm, draw, SCALED_RATES)


@claim(
    question="Is whitening needed?",
    says="With standardised features a net has a lower test loss than with whitened ones, so that "
    "whitening is not needed.",
    treatment="standard",
    control="whiten",
    measure="test loss after 100 steps",
    margin=1.02,
    **FACTS,
)
def standardising_is_enough(arm, data, draw):
    """Whitening makes directions of noise as long as those that tell classes apart."""
    return tuned_on_validation(_net(data, arm), draw, SCALED_RATES, STEPS, "sgd")


@claim(
    question="Why does whitening help gradient descent?",
    says="With whitened features one step of gradient descent at rate 1/2 solves least squares, "
    "for all curvatures of the mean of squares are 2.",
    source=NORMALIZATION,
    kind="theorem",
    settings=("diabetes", "wine"),
    measure="largest difference from the least squares",
)
def whitened_least_squares_take_one_step(data):
    """From zero, by the engine's gradient; of wine, the number of the class is fitted."""
    X, y = net_data.split(data, 1, "whiten").train
    y = np.asarray(y, float)
    net = MLP((X.shape[1], 1), loss="mse")
    params = net.init(1, "zeros")
    params -= 0.5 * net.loss_and_grad(params, X, y)[1]
    ones = np.column_stack([X, np.ones(len(X))])
    squares = np.linalg.lstsq(ones, y, rcond=None)[0]
    (W, b) = net.unflatten(params)[0]
    return deviation(np.append(W[:, 0], b), squares)
