"""Where lanes start: at the problem's own starts, or where a pretraining of the net ended.

Each seed has a pretraining of its own, of the same instance (so that no example of the validation
or test part is met) and the same seed, in float64. It is not charged to the budget, and run once a
process.
"""

import functools
import os
import threading

import numpy as np

from optbench.catalog.transfer import handed_over
from optbench.errors import UserError
from optbench.kernels.status import NOT_FINITE
from optbench.lanes.simulating import simulate
from optbench.nets import packing

_ONE_AT_A_TIME = threading.RLock()  # a pretrained net may itself be pretrained


def start_points(problem, seeds, study_seed=0):
    """Return the points [n, d] where lanes with these seeds start.

    Parameters
    ----------
    problem : Problem
    seeds : sequence of int [n]
    study_seed : int

    Raises
    ------
    UserError
        If a pretraining diverges.
    """
    points = problem.starts(seeds, study_seed)
    source = problem.pretraining
    if source is None:
        return points
    with _ONE_AT_A_TIME:
        trained = _trained(source, problem.definition.pretrained.steps, list(seeds), study_seed)
    theirs = packing.places(source.problem.net.net.architecture.layers)
    ours = packing.places(problem.net.net.architecture.layers)
    for layer, name, length in handed_over(problem, problem):
        a, b = theirs[layer, name], ours[layer, name]
        points[:, b : b + length] = trained[:, a : a + length]
    return points


@functools.lru_cache(maxsize=64)
def _kept(net, optimizer_label, steps, study_seed):
    """Return the parameters by seed that were trained in this process."""
    return {}


def _trained(source, steps, seeds, study_seed):
    """Return parameters [n, P] of pretrained nets; those that are not kept are trained together."""
    net, optimizer = source.problem, source.optimizer
    kept = _kept(net, optimizer.label, steps, study_seed)
    missing = [seed for seed in dict.fromkeys(seeds) if seed not in kept]
    if missing:
        outcome = simulate(
            net, optimizer, starts=start_points(net, missing, study_seed),
            keys=net.keys(missing, study_seed), lr=np.full(len(missing), optimizer.lr),
            steps=steps, records=np.array([0, steps]), threads=os.cpu_count() or 1,
        )  # fmt: skip
        lost = np.flatnonzero(outcome.status == NOT_FINITE)
        if len(lost):
            raise UserError(
                f"the pretraining of {net.name} with {optimizer.label} diverged with seed "
                f"{missing[lost[0]]}; declare a smaller lr"
            )
        kept.update(zip(missing, outcome.x, strict=True))
    return np.stack([kept[seed] for seed in seeds])
