"""What is said of the empirical loss, which can be lessened, and of the loss that matters."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train
from optbench.claims.nets import mlp

from ._fits import linear
from ._lectures import SHEET_CORE

FITS = {"200 examples, 3 features": (200, 3), "400 examples, 6 features": (400, 6)}


@claim(
    question="Is the training loss what a model will have on new data?",
    says="The training loss of a fit is lower, on average, than its expected loss on new data.",
    source=SHEET_CORE,
    settings=FITS,
    treatment="training loss",
    control="new data",
    measure="mean of squares",
    scale="difference",
    statistic="mean",
    pairs=200,
    known="with noise of variance 1 they are 1 - d / n and 1 + d / (n - d - 1): 3 % apart",
)
def training_loss_is_too_low(arm, setting, draw):
    """Linear fits, whose loss on new data is known from their weights."""
    n, d = setting
    part = 0 if arm == "training loss" else 1
    return np.array([linear(rng, n, d, d)[part] for rng in draw.scoring.generators("fits")])


@claim(
    question="Does more data bring both losses together?",
    says="From four times as many examples the gap between the training loss and the loss on new "
    "data is smaller.",
    source=SHEET_CORE,
    settings={"3 features": 3, "10 features": 10, "30 features": 30},
    factor="the number of features",
    treatment="400 examples",
    control="100 examples",
    measure="loss on new data less training loss",
    scale="difference",
    statistic="mean",
    pairs=150,
    known="the gap is d / n + d / (n - d - 1)",
)
def data_close_the_gap(arm, d, draw):
    """The examples of the control are those of the treatment, and others."""
    n = 400 if arm == "400 examples" else 100
    losses = (linear(rng, n, d, d) for rng in draw.scoring.generators("gap"))
    return np.array([new - training for training, new in losses])


@claim(
    question="Is a lower empirical loss a lower generalisation loss?",
    says="Training ten times as long, which lowers the training loss, lowers the test loss, too.",
    source=SHEET_CORE,
    settings={
        "digits": "digits",
        "teacher and student": "teacher_student",
        "wine": "wine",
        "breast cancer": "breast_cancer",
        "diabetes": "diabetes",
    },
    factor="the data",
    treatment="400 steps",
    control="40 steps",
    measure="test loss",
    margin=1.02,
)
def training_on_lowers_test_loss(arm, data, draw):
    """Adam on 32 hidden units at one rate; the curves are the test loss.

    Where data have noise the net learns it, and the losses part.
    """
    steps = 400 if arm == "400 steps" else 40
    run = train(mlp(data, (32,)), "adam", draw.scoring, steps=steps, lr=0.01, records=8)
    return Scores(run.test_loss[0], curve=(run.steps, run.curve_metrics[0, :, :, 4].mean(axis=0)))
