"""What is said of training with batch normalisation."""

import functools
import math

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp

from ._lectures import BATCH_NORMALIZATION, NORMALIZATION, SHEET_OVERFITTING

NORMALISED, PLAIN = "batch normalisation", "none"
WIDE = np.geomspace(0.03, 60.0, 9)
"""From rates that are too low for all nets here to such as are too high for all."""
RATES = np.geomspace(0.03, 2.4, 5)
CLASSES = {"digits": 10, "wine": 3}


def _net(arm, data, hidden, **options):
    return mlp(data, hidden, batch_norm=True, **options) if arm == NORMALISED else mlp(
        data, hidden, **options
    )  # fmt: skip


@functools.lru_cache(maxsize=32)
def _over_rates(arm, data, lanes):
    """Return the training losses after 60 steps at all of `WIDE`, infinite where it diverged."""
    run = train(_net(arm, data, (16,) * 4), "sgd", lanes, steps=60, lr=WIDE, records=2)
    return np.where(np.isfinite(run.train_loss), run.train_loss, np.inf)


@claim(
    question="Does batch normalisation allow larger rates?",
    says="With batch normalisation a net still learns at rates twice the largest at which it does "
    "without, and more.",
    source=BATCH_NORMALIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment=NORMALISED,
    control=PLAIN,
    measure="largest rate that halves the loss of a guess in 60 steps",
    better="more",
    margin=2.0,
)
def normalisation_allows_large_rates(arm, data, draw):
    """Four layers of 16 units; a rate counts if the training loss ends below ln(classes) / 2.

    The curves are of the training loss over log10 of the rate, up to twice that of a guess.
    """
    losses = _over_rates(arm, data, draw.scoring)
    learns = losses < 0.5 * math.log(CLASSES[data])
    largest = np.where(learns, WIDE[:, None], 0.0).max(axis=0)
    seen = np.minimum(np.median(losses, axis=1), 2.0 * math.log(CLASSES[data]))
    return Scores(largest, curve=(np.log10(WIDE), seen))


@claim(
    question="Should the rate be raised with batch normalisation?",
    says="With batch normalisation the best rate is larger than without.",
    source=BATCH_NORMALIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment=NORMALISED,
    control=PLAIN,
    measure="rate of least training loss after 60 steps",
    better="more",
    margin=1.5,
)
def normalisation_wants_large_rates(arm, data, draw):
    """The same lanes as of the largest rate; each lane has its own best."""
    return WIDE[np.argmin(_over_rates(arm, data, draw.scoring), axis=0)]


@claim(
    question="Does batch normalisation speed up training?",
    says="With batch normalisation the training loss falls faster, each at its best rate.",
    source=SHEET_OVERFITTING,
    settings={
        "1 hidden layer, digits": ("digits", 1),
        "6 hidden layers, digits": ("digits", 6),
        "6 hidden layers, wine": ("wine", 6),
    },
    factor="the depth",
    treatment=NORMALISED,
    control=PLAIN,
    measure="training loss after 60 steps",
    margin=1.1,
)
def normalisation_speeds_up(arm, setting, draw):
    """Layers of 16 ReLU units from He's weights, SGD on batches of 32."""
    data, depth = setting
    net = _net(arm, data, (16,) * depth)
    return tuned(net, "sgd", draw, lambda run: run.train_loss, lr=RATES, steps=60, records=4)


@claim(
    question="Does batch normalisation regularise?",
    says="On little data a net with batch normalisation generalises better than one without, each "
    "at its best rate.",
    source=BATCH_NORMALIZATION,
    settings={"diabetes": "diabetes", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment=NORMALISED,
    control=PLAIN,
    measure="validation loss after 200 steps",
    margin=1.02,
)
def normalisation_regularises(arm, data, draw):
    """One layer of 32 units on batches of 16; rates are chosen by the validation loss."""
    net = _net(arm, data, (32,), batch=16)
    rates = np.geomspace(0.002, 1.0, 7)
    return tuned(net, "sgd", draw, lambda run: run.val_loss, lr=rates, steps=200, records=8)


def _validation(arm, data, hidden, batch, lanes):
    """Return the validation losses after 200 steps at a rate that suits all batches here."""
    net = _net(arm, data, hidden, batch=batch)
    return train(net, "sgd", lanes, steps=200, lr=0.05).val_loss[0]


@claim(
    question="Does batch normalisation help in batches of any size?",
    says="Batch normalisation lowers the validation loss in batches of every size.",
    source=NORMALIZATION,
    settings={
        f"{data}, batches of {batch}": (data, batch)
        for data in ("digits", "wine")
        for batch in (2, 8, 64)
    },
    factor="the size of batches",
    treatment=NORMALISED,
    control=PLAIN,
    measure="validation loss after 200 steps",
    margin=1.02,
)
def normalisation_by_batch_size(arm, setting, draw):
    """Six layers of 16 units, which normalisation can help; both arms have one rate, 0.05."""
    data, batch = setting
    return _validation(arm, data, (16,) * 6, batch, draw.scoring)


@claim(
    question="Does batch normalisation need large batches?",
    says="Batch normalisation gains more in batches of 32 than in batches of 2.",
    source=NORMALIZATION,
    settings={"digits": "digits", "wine": "wine", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment="32",
    control="2",
    measure="ln of the validation loss with batch normalisation over that without",
    scale="difference",
    margin=0.1,
)
def normalisation_needs_large_batches(arm, data, draw):
    """One layer of 32 units; larger batches have less noise without normalisation too."""
    losses = (_validation(own, data, (32,), int(arm), draw.scoring) for own in (NORMALISED, PLAIN))
    with_it, without = map(np.log, losses)
    return with_it - without


@claim(
    question="Do running statistics do for the whole set's?",
    says="Running means and variances serve in testing as well as those of all training examples.",
    source=BATCH_NORMALIZATION,
    settings={
        f"after {steps} steps, {data.replace('_', ' ')}": (data, steps)
        for steps in (10, 40, 200)
        for data in ("digits", "breast_cancer")
    },
    factor="how long it was trained",
    treatment="running",
    control="population",
    measure="validation loss",
    expects="equal",
    margin=1.05,
)
def running_statistics_serve(arm, setting, draw):
    """Training is the same in both arms; running statistics start at 0 and 1 and move by 0.1."""
    data, steps = setting
    net = _net(NORMALISED, data, (32,), bn_eval=arm)
    return train(net, "sgd", draw.scoring, steps=steps, lr=0.1).val_loss[0]


@claim(
    question="Do ghost batches help large batches?",
    says="In batches of 128 statistics of ghost batches of 16 lead to a lower validation loss than "
    "those of the whole batch.",
    source=NORMALIZATION,
    settings={"digits": "digits", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment="ghost batches of 16",
    control="whole batches",
    measure="validation loss after 200 steps",
    margin=1.02,
)
def ghost_batches_help(arm, data, draw):
    """Hoffer et al. 2017; one layer of 32 units, one rate, statistics of all in validation."""
    net = _net(NORMALISED, data, (32,), batch=128, ghost_batch=16 if "ghost" in arm else 0)
    return train(net, "sgd", draw.scoring, steps=200, lr=0.2).val_loss[0]
