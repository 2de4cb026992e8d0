"""Fine-tuning: which parameters a net takes over from another one that was trained before."""

from optbench.catalog.net import NetInstance
from optbench.errors import DefinitionError
from optbench.nets import packing


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
            f"{place}: the layers of {source.name}, {source.net.net.sizes}, do not "
            "fit: all layers must have the same tensors, but for the last one with head = 'fresh'"
        )


def inherited(problem: NetInstance, net: NetInstance) -> list[tuple[int, str, int]]:
    """Return [(layer, name, length)] of the tensors of `net` that `problem` takes over.

    `net` is the pretrained net, or `problem` itself for where they go.
    """
    layers = net.net.net.architecture.layers
    declared = problem.definition.pretrained
    last = len(layers) + (declared is not None and declared.head == "kept")
    return [tensor for tensor in packing.tensors(layers) if tensor[0] < last]
