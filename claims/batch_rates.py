"""What is said of the rate that goes with a batch, and of what mini-batches end at."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp

from ._batches import MINI, RATES, SINGLE, WHOLE, batch_of, examples
from ._lectures import COMPARED, MINI_BATCH

GRID = np.geomspace(0.01, 8.0, 20)
"""Factors of 1.42."""


@claim(
    question="Which rate goes with a larger batch?",
    says="Batches of 64 take a larger rate than batches of 4.",
    source=MINI_BATCH,
    settings={
        "same epochs: breast cancer": ("epochs", 8, "breast_cancer"),
        "same epochs: moons": ("epochs", 8, "moons"),
        "same updates: breast cancer": ("updates", 200, "breast_cancer"),
        "same updates: moons": ("updates", 200, "moons"),
    },
    factor="what is held equal",
    treatment="batches of 64",
    control="batches of 4",
    measure="rate with the least training loss at the end",
    better="more",
)
def larger_batches_take_larger_rates(arm, setting, draw):
    """Each lane has a best rate of its own on a grid of twenty, which is what is compared."""
    unit, amount, data = setting
    batch = int(arm.rpartition(" ")[2])
    steps = amount if unit == "updates" else amount * examples(data) // batch
    net = mlp(data, (16,), batch=batch)
    run = train(net, "sgd", draw.scoring, steps=steps, lr=GRID, records=3)
    loss = np.where(np.isfinite(run.train_loss), run.train_loss, np.inf)
    return Scores(
        GRID[loss.argmin(axis=0)], curve=(GRID, np.median(np.minimum(loss, 10.0), axis=1))
    )


@claim(
    question="Does a larger rate win back what a larger batch loses?",
    says="With batches of 128, sixteen times the rate of batches of 8 errs less on test data after "
    "the same epochs than that rate itself.",
    source=MINI_BATCH,
    settings={"digits": "digits", "moons": "moons"},
    factor="the data",
    treatment="16 x 0.1",
    control="0.1",
    measure="test error after 12 epochs",
    scale="difference",
    statistic="mean",
)
def a_larger_rate_wins_accuracy_back(arm, data, draw):
    """The factor is that of the batches' sizes (Goyal et al. 2017, sec. 2.1)."""
    rate = {"16 x 0.1": 1.6, "0.1": 0.1}[arm]
    run = train(
        mlp(data, (16,), batch=128), "sgd", draw.scoring,
        steps=12 * examples(data) // 128, lr=rate, records=10,
    )  # fmt: skip
    return Scores(run.test_error[0], curve=(run.steps, run.curve[0].mean(axis=0)))


@claim(
    question="Do mini-batches end as low as the whole set?",
    says="After the same updates mini-batches of 32 are at the same loss as the whole set, within "
    "5 %.",
    source=MINI_BATCH,
    settings={"wine": "wine", "breast cancer": "breast_cancer", "iris": "iris"},
    factor="the data",
    treatment=MINI,
    control=WHOLE,
    measure="penalised training loss after 200 updates",
    expects="equal",
    margin=1.05,
)
def mini_batches_end_as_low(arm, data, draw):
    """Softmax regression with a penalty, whose least loss is above 0, so that 5 % mean something.

    Rates are tuned apart.
    """
    net = mlp(data, (), batch=batch_of(arm, data), l2=0.01)
    return tuned(net, "sgd", draw, lambda run: run.f, steps=200, lr=RATES, records=20)


@claim(
    question="Is the whole set the most accurate?",
    says="Gradient descent on the whole set errs less on test data than SGD on single examples.",
    source=COMPARED,
    settings={
        "same updates: xor": ("updates", "xor"),
        "same updates: moons": ("updates", "moons"),
        "same examples: xor": ("examples", "xor"),
        "same examples: moons": ("examples", "moons"),
    },
    factor="what is held equal",
    treatment=WHOLE,
    control=SINGLE,
    measure="test error after 100 updates, or after 3 epochs",
    scale="difference",
    statistic="mean",
)
def the_whole_set_is_most_accurate(arm, setting, draw):
    """The notes call it so and do not say at what cost: both costs are held equal in turn.

    Rates are tuned apart. Training is short, since xor is learnt without error after that.
    """
    clock, data = setting
    batch = batch_of(arm, data)
    steps = 100 if clock == "updates" else 3 * examples(data) // batch
    net = mlp(data, (16,), batch=batch)
    return tuned(net, "sgd", draw, lambda run: run.test_error, steps=steps, lr=RATES, records=12)
