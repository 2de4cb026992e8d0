"""Fine-tuning: which parameters a net takes over from another one that was trained before."""

import math

from optbench.catalog.net import NetInstance
from optbench.errors import DefinitionError


def check(problem: NetInstance) -> None:
    """Refuse a pretraining that does not fit the net.

    Raises
    ------
    DefinitionError
        If the rule is not for nets, or layers that are to be handed over differ.
    """
    pretraining, place = problem.pretraining, f"{problem.definition.place}: net {problem.name}"
    if pretraining is None:
        return
    source = pretraining.problem
    reason = pretraining.optimizer.wants(source)
    if reason:
        raise DefinitionError(f"{place}: pretrained: {reason}")
    if inherited(problem, source) != inherited(problem, problem):
        raise DefinitionError(
            f"{place}: the layers of {source.name}, {source.net.net.shown()}, do not "
            "fit: all layers must have the same tensors, but for the last one with head = 'fresh'"
        )


def inherited(problem: NetInstance, net: NetInstance) -> list[tuple[int, str, int]]:
    """Return [(layer, name, length)] of the tensors of `net` that `problem` takes over.

    `net` is the pretrained net, or `problem` itself for where they go.
    """
    declared = problem.definition.pretrained
    last = net.net.net.layer_count + (declared is not None and declared.head == "kept")
    return [
        (layer, name, math.prod(shape))
        for layer, name, shape in net.net.net.tensors
        if layer < last
    ]
