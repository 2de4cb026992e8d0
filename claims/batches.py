"""What is said of gradient descent on the whole set, on mini-batches and on single examples."""

import itertools

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.draws import Lanes
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._batches import MINI, RATES, SINGLE, WHOLE, batch_of, cost, examples, update_seconds
from ._lectures import COMPARED, MINI_BATCH, STOCHASTIC, STOCHASTIC_IN_TRAINING

CLOCKS = {
    f"{clock}: {data.replace('_', ' ')}": (data, clock)
    for clock in ("examples", "seconds", "updates")
    for data in ("wine", "breast_cancer")
}
ROUGH, FINE = 0.1, 0.02
"""Training losses: about a tenth of what lanes start with, and a fit of nearly all examples."""
SLACK = 1.25
"""What seconds may be wrong by: a quarter."""


@claim(
    question="Is SGD on single examples faster than gradient descent?",
    says="SGD on single examples brings the loss down faster than gradient descent on the whole "
    "set.",
    source=COMPARED,
    errs="The lectures call SGD the fastest in one place and very slow in another; it is fast in "
    "examples, and slow in updates and in seconds.",
    settings=CLOCKS,
    factor="the clock",
    treatment=SINGLE,
    control=WHOLE,
    measure="cost of a training loss of 0.1, by the clock",
    margin=SLACK,
)
def single_examples_are_fast(arm, setting, draw):
    """The notes call SGD the fastest here, and very slow elsewhere: both, by different clocks.

    Each arm takes the rate that reaches the loss soonest. Seconds are those of the processor on
    these small nets, an update at a time.
    """
    return cost(arm, *setting, ROUGH, draw)


@claim(
    question="Is SGD on single examples faster to the end, too?",
    says="To a loss that fits nearly all examples SGD on single examples is faster than gradient "
    "descent on the whole set.",
    source=COMPARED,
    settings=CLOCKS,
    factor="the clock",
    treatment=SINGLE,
    control=WHOLE,
    measure="cost of a training loss of 0.02, by the clock",
    margin=SLACK,
)
def single_examples_are_fast_to_the_end(arm, setting, draw):
    """As for a loss of 0.1, where noise matters less."""
    return cost(arm, *setting, FINE, draw)


@claim(
    question="Is SGD slow?",
    says="Because of its noise SGD on single examples needs more updates for a low loss than "
    "gradient descent on the whole set.",
    source=STOCHASTIC_IN_TRAINING,
    errs="The lectures call SGD the fastest in one place and very slow in another; in updates it "
    "is slow.",
    settings={
        f"{data.replace('_', ' ')}, loss {level:g}": (data, level)
        for data in ("wine", "breast_cancer")
        for level in (ROUGH, FINE)
    },
    factor="the loss that is asked for",
    treatment=WHOLE,
    control=SINGLE,
    measure="updates to a training loss",
    margin=SLACK,
)
def single_examples_need_more_updates(arm, setting, draw):
    """Elsewhere the notes call SGD the fastest; this is their other clock, each at its own rate."""
    data, level = setting
    return cost(arm, data, "updates", level, draw)


@claim(
    question="Are single examples faster than mini-batches?",
    says="SGD on single examples is faster than on mini-batches of 32.",
    source=COMPARED,
    errs="The lectures call both SGD and mini-batches the faster one; where both are timed mini-"
    "batches are.",
    settings=CLOCKS,
    factor="the clock",
    treatment=SINGLE,
    control=MINI,
    measure="cost of a training loss of 0.02, by the clock",
    margin=SLACK,
)
def single_examples_against_mini_batches(arm, setting, draw):
    """The notes say both that SGD is faster and that mini-batches are as fast.

    Each arm takes the rate that reaches the loss soonest.
    """
    return cost(arm, *setting, FINE, draw)


@claim(
    question="Are mini-batches faster than the whole set?",
    says="Mini-batches of 32 bring the loss down faster than the whole set.",
    source=COMPARED,
    settings=CLOCKS,
    factor="the clock",
    treatment=MINI,
    control=WHOLE,
    measure="cost of a training loss of 0.02, by the clock",
    margin=SLACK,
)
def mini_batches_are_fast(arm, setting, draw):
    """Each arm takes the rate that reaches the loss soonest."""
    return cost(arm, *setting, FINE, draw)


@claim(
    question="Should a batch be as large as fits into memory?",
    says="The largest batch that fits reaches a low loss in less time than mini-batches of 32.",
    source=MINI_BATCH,
    settings={"wine": "wine", "breast cancer": "breast_cancer", "iris": "iris"},
    factor="the data",
    treatment=WHOLE,
    control=MINI,
    measure="seconds to a training loss of 0.1",
    margin=SLACK,
)
def the_largest_batch_is_fastest(arm, data, draw):
    """All of the data fit; rates are tuned apart, and seconds are the processor's."""
    return cost(arm, data, "seconds", 0.1, draw)


@claim(
    question="Why not train on one example at a time?",
    says="In mini-batches of 32 an example takes less time than alone, since the work is done in "
    "vectors.",
    source=MINI_BATCH,
    settings={"wine": "wine", "breast cancer": "breast_cancer"},
    treatment=MINI,
    control=SINGLE,
    measure="seconds an example",
    margin=1.5,
)
def vectors_save_time(arm, data, draw):
    """The time of an update on each lane by itself, over the examples in it."""
    return _seconds_an_example(arm, data, draw)


def _seconds_an_example(arm, data, draw):
    batch = batch_of(arm, data)
    lanes = (Lanes(draw.study_seed, (i,)) for i in draw.scoring.instances)
    return np.array([update_seconds(data, batch, lane) / batch for lane in lanes])


@claim(
    question="Is an epoch shorter with larger batches?",
    says="An epoch on the whole set takes less time than one of mini-batches of 32, which has more "
    "updates.",
    source=MINI_BATCH,
    settings={"wine": "wine", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment=WHOLE,
    control=MINI,
    measure="seconds an example",
    margin=SLACK,
)
def larger_batches_shorten_epochs(arm, data, draw):
    """The notes call larger batches faster for this; how far an epoch gets is another claim."""
    return _seconds_an_example(arm, data, draw)


@claim(
    question="How noisy is the gradient of a mini-batch?",
    says="Over all mini-batches of b among n examples the gradient varies by (n - b) / (n - 1) / b "
    "times what it varies by over single examples, so that larger ones vary less.",
    source=MINI_BATCH,
    kind="theorem",
    settings={"b = 2, wine": (2, "wine"), "b = 3, iris": (3, "iris"), "b = 13, wine": (13, "wine")},
    measure="difference of the two variances, relative to that of single examples",
)
def larger_batches_vary_less(setting):
    """All batches of 14 examples are counted; the gradients are a net's, at its start."""
    batch, data = setting
    X, y = (part[:14] for part in net_data.split(data, 1).train)
    net = MLP((X.shape[1], 5, int(y.max()) + 1), "tanh")
    params = net.init(1, "xavier_normal")

    def variance(size):
        gradients = np.array([
            net.loss_and_grad(params, X[list(rows)], y[list(rows)])[1]
            for rows in itertools.combinations(range(len(X)), size)
        ])  # fmt: skip
        return gradients.var(axis=0).sum()

    of_one, n = variance(1), len(X)
    return deviation([variance(batch) / of_one], [(n - batch) / (n - 1.0) / batch])


@claim(
    question="Does the loss fall at every update?",
    says="On the whole set the loss falls at more of the updates than on single examples, where it "
    "fluctuates.",
    source=STOCHASTIC,
    settings={"wine": "wine", "breast cancer": "breast_cancer", "iris": "iris"},
    factor="the data",
    treatment=WHOLE,
    control=SINGLE,
    measure="share of updates after which the training loss is higher",
    scale="difference",
    statistic="mean",
)
def single_examples_fluctuate(arm, data, draw):
    """The first 60 updates at a rate of 0.1, at which both learn."""
    net = mlp(data, (16,), batch=batch_of(arm, data))
    run = train(net, "sgd", draw.scoring, steps=60, lr=0.1, records=400)
    rises = np.diff(run.curve[0], axis=1) > 0.0
    return Scores(rises.mean(axis=1), curve=(run.steps, run.curve[0, 0]))


SMALL, LARGE = "batches of 8", "batches of 128"
AT_SMALL = 0.1
"""A rate that suits batches of 8 on these data."""


def _size(arm):
    return {SMALL: 8, LARGE: 128}[arm]


def _budget(unit, amount, data, batch):
    """Return the updates that an amount of updates or epochs is."""
    return amount if unit == "updates" else amount * examples(data) // batch


@claim(
    question="Do larger batches find better minima?",
    says="Batches of 128 end at a lower training loss than batches of 8.",
    source=MINI_BATCH,
    errs="The lectures say that larger batches find better minima, and that they cost accuracy; "
    "which it is depends on what is held equal, updates or examples.",
    settings={
        "same updates: breast cancer": ("updates", 200, "breast_cancer"),
        "same updates: moons": ("updates", 200, "moons"),
        "same examples: breast cancer": ("epochs", 6, "breast_cancer"),
        "same examples: moons": ("epochs", 6, "moons"),
    },
    factor="what is held equal",
    treatment=LARGE,
    control=SMALL,
    measure="training loss at the end",
    margin=1.05,
)
def larger_batches_find_better_minima(arm, setting, draw):
    """The notes say this, and that larger batches lose accuracy. Rates are tuned apart."""
    unit, amount, data = setting
    batch = _size(arm)
    return tuned(
        mlp(data, (16,), batch=batch), "sgd", draw, lambda run: run.train_loss,
        steps=_budget(unit, amount, data, batch), lr=RATES, records=8,
    )  # fmt: skip


@claim(
    question="Do larger batches cost accuracy?",
    says="After the same epochs batches of 8 err less on test data than batches of 128.",
    source=MINI_BATCH,
    errs="The lectures say that larger batches find better minima, and that they cost accuracy; "
    "the second is seen after equal epochs at one rate.",
    settings={
        f"{rate} rate, {epochs} epochs: {data}": (rate, epochs, data)
        for rate, epochs in (("same", 8), ("same", 100), ("tuned", 8))
        for data in ("digits", "moons")
    },
    factor="the rate and the length of training",
    treatment=SMALL,
    control=LARGE,
    measure="test error at the end",
    scale="difference",
    statistic="mean",
)
def larger_batches_cost_accuracy(arm, setting, draw):
    """The notes speak of what is left in the end, at one rate: hence the 100 epochs."""
    rate, epochs, data = setting
    net = mlp(data, (16,), batch=_size(arm))
    steps = epochs * examples(data) // _size(arm)
    if rate == "same":
        run = train(net, "sgd", draw.scoring, steps=steps, lr=AT_SMALL, records=3)
        return Scores(run.test_error[0])
    tuning, scored = (
        train(net, "sgd", lanes, steps=steps, lr=RATES, records=3)
        for lanes in (draw.tuning, draw.scoring)
    )
    return Scores(scored.test_error, tuning.test_error)
