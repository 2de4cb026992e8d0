"""What is said of dropout: what it does to training and to what is learnt."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp

from ._lectures import DROP_OUT, DROPOUT, SHEET_OVERFITTING
from ._masks import OTHERS, RATE, descended, trained_heads

SMALL = {"diabetes": "diabetes", "wine": "wine", "breast cancer": "breast_cancer"}
"""Data sets of 107 to 341 training examples."""


@claim(
    question="Does dropout prevent overfitting?",
    says="With dropout a net that is trained for long on little data generalises better, each at "
    "its best rate.",
    source=DROP_OUT,
    settings={"diabetes": "diabetes", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment="half dropped",
    control="none dropped",
    measure="validation loss after 300 steps",
    margin=1.02,
    pairs=20,
)
def dropout_prevents_overfitting(arm, data, draw):
    """64 hidden units; rates are chosen by the validation loss, so a low one may do as well."""
    net = mlp(data, (64,), dropout=0.5 if arm == "half dropped" else 0.0)
    rates = np.geomspace(0.003, 0.27, 6)
    return tuned(net, "sgd", draw, lambda run: run.val_loss, lr=rates, steps=300, records=8)


@claim(
    question="Does dropout close the gap between training and validation?",
    says="At one rate dropout makes the validation loss exceed the training loss by less.",
    source=SHEET_OVERFITTING,
    settings=SMALL,
    factor="the data",
    treatment="half dropped",
    control="none dropped",
    measure="validation loss less training loss after 300 steps",
    scale="difference",
)
def dropout_closes_the_gap(arm, data, draw):
    """64 hidden units at one rate; the curves are of the validation loss."""
    net = mlp(data, (64,), dropout=0.5 if arm == "half dropped" else 0.0)
    rate = RATE.get(data, OTHERS)
    run = train(net, "sgd", draw.scoring, steps=300, lr=rate, records=6)
    curve = run.steps, run.curve_metrics[0, ..., 2].mean(axis=0)
    return Scores(run.val_loss[0] - run.train_loss[0], curve=curve)


@claim(
    question="Should wider layers drop more?",
    says="To drop half of the units instead of a tenth gains more in a layer of 64 units than in "
    "one of 8.",
    source=DROPOUT,
    settings=SMALL,
    factor="the data",
    treatment="64",
    control="8",
    measure="ln of the validation loss with half dropped over that with a tenth",
    scale="difference",
    margin=0.02,
    pairs=20,
)
def wider_layers_drop_more(arm, data, draw):
    """SGD for 300 steps at one rate; what counts is the difference of two gains."""
    rate = RATE.get(data, OTHERS)
    half, tenth = (
        train(mlp(data, (int(arm),), dropout=p), "sgd", draw.scoring, steps=300, lr=rate).val_loss
        for p in (0.5, 0.1)
    )
    return (np.log(half) - np.log(tenth))[0]


@claim(
    question="Are units dropped anew at each pass or at each epoch?",
    says="To draw the dropped units anew at each pass generalises better than to keep them for an "
    "epoch.",
    source=DROPOUT,
    settings=("diabetes", "wine"),
    factor="the data",
    treatment="per pass",
    control="per epoch",
    measure="validation loss after 150 steps",
    margin=1.02,
)
def masks_anew_at_each_pass(arm, data, draw):
    """The notes say both; half of 32 units are dropped, with batches of 32 of the same examples."""
    rngs = draw.scoring.generators("masks")
    return np.array(
        [
            descended(data, number, rng, 0.5, per_epoch=arm == "per epoch", steps=150)
            for number, rng in zip(draw.scoring.instances, rngs, strict=True)
        ]
    )


def _rise(arm, data, draw):
    """Return how much the validation loss rises when one hidden unit is removed, on average."""
    rises = []
    for head in trained_heads(draw.scoring, data, 0.5 if arm == "dropout" else 0.0):
        units = head.h.shape[1]
        whole, without = head.loss(np.ones(units)), head.loss(1.0 - np.eye(units))
        rises.append(np.mean(without) - whole)
    return np.array(rises)


@claim(
    question="Do units depend less on each other with dropout?",
    says="After training with dropout a net loses less when one of its hidden units is removed.",
    source=DROP_OUT,
    settings=SMALL,
    factor="the data",
    treatment="dropout",
    control="none",
    measure="mean rise of the validation loss when a unit is removed",
    scale="difference",
    pairs=20,
)
def dropout_reduces_dependence(arm, data, draw):
    """Each of 32 units in turn; half of them were dropped in 200 steps of training."""
    return _rise(arm, data, draw)


@claim(
    question="Does dropout make units co-adapt?",
    says="After training with dropout hidden units are co-adapted: a net loses more when one of "
    "them is removed.",
    source=DROPOUT,
    settings=SMALL,
    factor="the data",
    treatment="dropout",
    control="none",
    measure="mean rise of the validation loss when a unit is removed",
    better="more",
    scale="difference",
    pairs=20,
)
def dropout_makes_units_co_adapt(arm, data, draw):
    """One lecture has it that dropout leads to co-adaptation, another that it reduces it.

    The same measure as of the claim that units depend less on each other, the other way round.
    """
    return _rise(arm, data, draw)


@claim(
    question="Are units more alike with dropout?",
    says="After training with dropout hidden units correlate more with each other.",
    source=DROPOUT,
    settings=SMALL,
    factor="the data",
    treatment="dropout",
    control="none",
    measure="mean size of the correlations of two units over the validation examples",
    better="more",
    margin=1.05,
)
def dropout_makes_units_alike(arm, data, draw):
    """What one unit knows another must know too; units that do not vary are left out."""
    sizes = []
    for head in trained_heads(draw.scoring, data, 0.5 if arm == "dropout" else 0.0):
        varying = head.h[:, head.h.std(axis=0) > 1e-9]
        pairs = np.corrcoef(varying.T)[np.triu_indices(varying.shape[1], 1)]
        sizes.append(np.abs(pairs).mean())
    return np.array(sizes)
