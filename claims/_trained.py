"""What nets answer after training, example by example."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.catalog import finding
from optbench.claims.draws import Draw, Lanes
from optbench.claims.experiment import Floats, Scores, Trained, best_rate, train
from optbench.define.definitions import NetDefinition
from optbench.nets import data as net_data


def tuned_on_validation(
    definition: NetDefinition, draw: Draw, lr: ArrayLike, steps: int, rule: str = "adam"
) -> Scores:
    """Return the test loss at the rate whose validation loss is least on the tuning lanes.

    The test part is the same in all instances of a data set, so that it must not choose the rate.
    The curve is the training loss at that rate.
    """
    tuning = train(definition, rule, draw.tuning, lr=lr, steps=steps, records=2).val_loss
    run = train(definition, rule, draw.scoring, lr=lr, steps=steps, records=5)
    curve = np.median(run.curve[best_rate(tuning)], axis=0)
    return Scores(run.test_loss, tuning, (run.steps, curve))


def answers(
    definition: NetDefinition,
    run: Trained,
    lanes: Lanes,
    changed: Callable[[Floats], Floats] | None = None,
) -> Iterator[tuple[Floats, NDArray[Any]]]:
    """Yield probabilities [n, classes] and labels [n] of the test part, lane by lane of trial 0.

    Parameters
    ----------
    definition : NetDefinition
    run : Trained
        Of one rate.
    lanes : Lanes
        What it was run on.
    changed : callable, optional
        What is done to the test examples [n, k] before.
    """
    for params, number in zip(run.x[0], lanes.instances, strict=True):
        X, y = net_data.split(definition.data, number, definition.scaling).test
        net = finding.problem(definition, None, number).net.net
        X = X if changed is None else changed(X)
        yield np.asarray(net.predict(params.astype(net.dtype), X), float), y


def confidence(probabilities: Floats) -> float:
    """Return the mean of the largest probability of each example."""
    return float(probabilities.max(axis=1).mean())


def calibration_error(probabilities: Floats, labels: NDArray[Any], bins: int = 10) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 3), in bins of equal width.

    It is the mean, over examples, of how far accuracy and confidence of their bin lie apart.
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=right - sure, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
