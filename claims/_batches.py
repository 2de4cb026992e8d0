"""Small nets on batches of different size: what they reach, and what that costs by three clocks."""

import functools
import time

import numpy as np

from optbench.claims.draws import Draw, Lanes
from optbench.claims.experiment import Scores, Trained, best_rate, steps_until, train
from optbench.claims.nets import mlp
from optbench.nets import data as net_data

RATES = np.geomspace(0.02, 4.0, 12)
"""All batch sizes choose from these, a factor of 1.6 apart."""
SINGLE, MINI, WHOLE = "single examples", "mini-batches of 32", "the whole set"
EPOCHS = 8
"""What single examples are given; the others have `UPDATES`, several times what they need."""
UPDATES = {MINI: 400, WHOLE: 200}


@functools.cache
def examples(data: str) -> int:
    """Return the number of training examples of a data set."""
    return len(net_data.split(data, 1).train[0])


def batch_of(arm: str, data: str) -> int:
    """Return the size of the batches of an arm."""
    return {SINGLE: 1, MINI: 32, WHOLE: examples(data)}[arm]


@functools.lru_cache(maxsize=64)
def lanes_of(data: str, arm: str, lanes: Lanes) -> Trained:
    """Train a net of 16 hidden units at every rate, for long enough to reach a low loss."""
    steps = UPDATES.get(arm) or EPOCHS * examples(data)
    net = mlp(data, (16,), batch=batch_of(arm, data))
    return train(net, "sgd", lanes, steps=steps, lr=RATES, records=60)


def cost(arm: str, data: str, clock: str, level: float, draw: Draw) -> Scores:
    """Return what it costs to bring the training loss to a level, at the rate that does so soonest.

    Parameters
    ----------
    arm : one of SINGLE, MINI, WHOLE
    data : str
    clock : {"updates", "examples", "seconds"}
    level : float
    draw : draws.Draw
    """
    batch = batch_of(arm, data)
    price = {"updates": 1.0, "examples": float(batch)}.get(clock) or seconds(data, batch)
    tuning, scored = (
        price * steps_until(lanes_of(data, arm, lanes), level)
        for lanes in (draw.tuning, draw.scoring)
    )
    best = best_rate(tuning)
    run = lanes_of(data, arm, draw.scoring)
    seen = run.steps <= np.max(scored[best], where=np.isfinite(scored[best]), initial=1.0) / price
    return Scores(
        scored, tuning, (price * run.steps[seen], np.median(run.curve[best], axis=0)[seen])
    )


@functools.cache
def seconds(data: str, batch: int) -> float:
    """Return the processor's seconds an update of a net of 16 hidden units, as measured here."""
    return update_seconds(data, batch, Lanes(1, (1, 2, 3, 4)))


def update_seconds(data: str, batch: int, lanes: Lanes) -> float:
    """Return the seconds an update: the least of several times of a long run less a short one's."""
    net = mlp(data, (16,), batch=batch)
    steps = 4000 // (1 + batch // 16)  # five milliseconds, several times what a launch varies by

    def spent(steps: int) -> float:
        began = time.process_time()
        train(net, "sgd", lanes, steps=steps, lr=0.01, records=2)
        return time.process_time() - began

    spent(1)  # compiles
    short, long = (min(spent(count) for _ in range(4)) for count in (steps // 10, steps))
    return max(long - short, 1e-9) / (steps - steps // 10) / len(lanes)
