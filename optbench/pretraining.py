"""Starts of lanes that are fine-tuned: parameters that another net was trained to.

Each seed has a pretraining of its own, of the same instance (so that no example of the validation
or test part is met) and the same seed, in float64. It is not charged to the budget, and run once a
process.
"""

import functools
import os
import threading

import numpy as np

from optbench.cells import part_hash
from optbench.errors import DefinitionError, UserError
from optbench.kernels.status import NOT_FINITE
from optbench.lanes import simulate
from optbench.making import make
from optbench.nets import layout
from optbench.rules import compose

_ONE_AT_A_TIME = threading.RLock()  # a pretrained net may itself be pretrained


def source_of(problem):
    """Return (Problem, Optimizer) of the pretraining of a net."""
    given = problem.definition.pretrained
    source = make(given.net, None, problem.instance)
    return source, compose.optimizer(given.optimizer).with_settings(lr=given.lr)


def check(problem):
    """Refuse a pretraining that does not fit the net.

    Raises
    ------
    DefinitionError
        If the rule is unknown, or layers that are to be handed over differ.
    """
    definition, place = problem.definition, f"{problem.definition.place}: net {problem.name}"
    try:
        source, optimizer = source_of(problem)
        reason = optimizer.wants(source)
    except UserError as error:
        raise DefinitionError(f"{place}: pretrained: {error}") from error
    if reason:
        raise DefinitionError(f"{place}: pretrained: {reason}")
    theirs, ours = _handed_over(source, definition), _handed_over(problem, definition)
    if theirs != ours:
        raise DefinitionError(
            f"{place}: the layers of {source.name}, {source.net.net.sizes}, do not fit: all layers "
            "must have the same tensors, but for the last one with head = 'fresh'"
        )


def _handed_over(problem, definition):
    """Return [(layer, name, length)] of the tensors that go from net to net."""
    layers = problem.net.net.structure[1]
    last = len(layers) + (definition.pretrained.head == "kept")
    return [tensor for tensor in layout.tensors(layers) if tensor[0] < last]


def identity(problem):
    """Return what determines the starts, besides the net itself."""
    source, optimizer = source_of(problem)
    given = problem.definition.pretrained
    rule = [part_hash(part) for part in optimizer.parts]
    return source.identity, tuple(rule), optimizer.label, given.steps, given.head


def starts(problem, fresh, seeds, study_seed):
    """Return start points [n, P]: `fresh` ones with the layers that were pretrained.

    Parameters
    ----------
    problem : Problem
        A net with a pretraining.
    fresh : array [n, P]
        Its random initial parameters.
    seeds : ndarray [n] of int64
    study_seed : int

    Raises
    ------
    UserError
        If a pretraining diverges.
    """
    source, optimizer = source_of(problem)
    given = problem.definition.pretrained
    with _ONE_AT_A_TIME:
        trained = _trained(source, optimizer.label, given.steps, seeds.tolist(), study_seed)
    theirs = layout.places(source.net.net.structure[1])
    ours = layout.places(problem.net.net.structure[1])
    made = np.array(fresh)
    for layer, name, length in _handed_over(problem, problem.definition):
        a, b = theirs[layer, name], ours[layer, name]
        made[:, b : b + length] = trained[:, a : a + length]
    return made


@functools.lru_cache(maxsize=64)
def _kept(source, text, steps, study_seed):
    """Return the parameters by seed that were trained in this process."""
    return {}


def _trained(source, text, steps, seeds, study_seed):
    """Return parameters [n, P] of pretrained nets; those that are not kept are trained together."""
    kept, optimizer = _kept(source, text, steps, study_seed), compose.optimizer(text)
    missing = [seed for seed in dict.fromkeys(seeds) if seed not in kept]
    if missing:
        outcome = simulate(
            source, optimizer, starts=source.starts(missing, study_seed),
            keys=source.keys(missing, study_seed), lr=np.full(len(missing), optimizer.lr),
            steps=steps, records=np.array([0, steps]), threads=os.cpu_count() or 1,
        )  # fmt: skip
        lost = np.flatnonzero(outcome.status == NOT_FINITE)
        if len(lost):
            raise UserError(
                f"the pretraining of {source.name} with {text} diverged with seed "
                f"{missing[lost[0]]}; declare a smaller lr"
            )
        kept.update(zip(missing, outcome.x, strict=True))
    return np.stack([kept[seed] for seed in seeds])
