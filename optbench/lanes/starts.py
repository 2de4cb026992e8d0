"""Where lanes start: at the problem's own starts, or where a pretraining of the net ended.

Each seed has a pretraining of its own, of the same instance (so that no example of the validation
or test part is met) and the same seed, in float64. It is not charged to the budget, and run once a
process.
"""

import functools
import threading
from collections.abc import Sequence

import numpy as np

from optbench.catalog.instance import Floats, Problem
from optbench.catalog.net import NetInstance, Pretraining
from optbench.catalog.transfer import inherited
from optbench.errors import UserError
from optbench.kernels.memory.capacity import processors
from optbench.kernels.status import NOT_FINITE
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate

_ONE_AT_A_TIME = threading.RLock()  # a pretrained net may itself be pretrained


def start_points(problem: Problem, seeds: Sequence[int], study_seed: int = 0) -> Floats:
    """Return the points [n, d] where lanes with these seeds start.

    Raises
    ------
    UserError
        If a pretraining diverges.
    """
    points = problem.starts(seeds, study_seed)
    if not isinstance(problem, NetInstance) or problem.pretraining is None:
        return points
    pretraining, declared = problem.pretraining, problem.definition.pretrained
    assert declared is not None
    with _ONE_AT_A_TIME:
        trained = _trained(pretraining, declared.steps, list(seeds), study_seed)
    theirs = pretraining.problem.net.net.tensor_places
    ours = problem.net.net.tensor_places
    for layer, name, length in inherited(problem, problem):
        a, b = theirs[layer, name], ours[layer, name]
        points[:, b : b + length] = trained[:, a : a + length]
    return points


@functools.lru_cache(maxsize=64)
def _trained_here(
    net: NetInstance, optimizer_label: str, steps: int, study_seed: int
) -> dict[int, Floats]:
    """Return the parameters by seed that were trained in this process, to be added to."""
    return {}


def _trained(pretraining: Pretraining, steps: int, seeds: list[int], study_seed: int) -> Floats:
    """Return parameters [n, P] of pretrained nets; those that are missing are trained together."""
    net, optimizer = pretraining.problem, pretraining.optimizer
    parameters = _trained_here(net, optimizer.label, steps, study_seed)
    missing = [seed for seed in dict.fromkeys(seeds) if seed not in parameters]
    if missing:
        lanes = LaneInputs(
            start_points(net, missing, study_seed),
            net.keys(missing, study_seed),
            np.full(len(missing), optimizer.lr),
        )
        job = Job(steps=steps, records=np.array([0, steps]), idle=processors() - 1)
        results = simulate(net, optimizer, lanes, job)
        lost = np.flatnonzero(results.status == NOT_FINITE)
        if len(lost):
            raise UserError(
                f"the pretraining of {net.name} with {optimizer.label} diverged with seed "
                f"{missing[lost[0]]}; declare a smaller lr"
            )
        parameters.update(zip(missing, results.x, strict=True))
    return np.stack([parameters[seed] for seed in seeds])
