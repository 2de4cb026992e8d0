"""Fine-tuning: which parameters a net takes over from another one that was trained before."""

from dataclasses import dataclass

from optbench.catalog.instance import Problem
from optbench.errors import DefinitionError
from optbench.nets import packing
from optbench.rules.compose import Optimizer


@dataclass(frozen=True, eq=False)
class Source:
    """What is trained beforehand.

    Attributes
    ----------
    problem : Problem
        Another net, in the same instance: no example of the validation or test part is met.
    optimizer : Optimizer
    """

    problem: Problem
    optimizer: Optimizer


def check(problem):
    """Refuse a pretraining that does not fit the net.

    Raises
    ------
    DefinitionError
        If the rule is not for nets, or layers that are to be handed over differ.
    """
    source, place = problem.pretraining, f"{problem.definition.place}: net {problem.name}"
    reason = source.optimizer.wants(source.problem)
    if reason:
        raise DefinitionError(f"{place}: pretrained: {reason}")
    if handed_over(problem, source.problem) != handed_over(problem, problem):
        raise DefinitionError(
            f"{place}: the layers of {source.problem.name}, {source.problem.net.net.sizes}, do not "
            "fit: all layers must have the same tensors, but for the last one with head = 'fresh'"
        )


def handed_over(problem, net):
    """Return [(layer, name, length)] of the tensors of `net` that `problem` takes over.

    `net` is the pretrained net, or `problem` itself for where they go.
    """
    layers = net.net.net.architecture.layers
    last = len(layers) + (problem.definition.pretrained.head == "kept")
    return [tensor for tensor in packing.tensors(layers) if tensor[0] < last]
