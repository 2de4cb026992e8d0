"""What tells one problem's results from another's: the hash of all that determines its numbers."""

import functools

from optbench.kernels.compiling.contents import definition_digest
from optbench.rules.identity import part_hash


@functools.lru_cache(maxsize=512)
def problem_identity(problem):
    """Return the hash of everything that determines a problem's numbers, seeds apart.

    Functions count with the helpers and constants that they refer to, as they are in this process;
    comments and the place in the file do not count.
    """
    placement, declared = problem.placement, problem.definition
    if problem.net is None:
        functions = declared.function, declared.metrics_function, declared.solver_function
        facts = (
            problem.start, problem.box, problem.minimum, problem.f_min, declared.data,
            declared.batch,            declared.targets, declared.scratch,
        )  # fmt: skip
    else:
        functions = ()
        facts = (
            declared.data, declared.sizes, declared.activation, declared.loss, declared.batch,
            declared.loss_target, declared.init, declared.gain, declared.options, declared.scaling,
            declared.training, declared.classes,
        )  # fmt: skip
        if declared.pretrained:
            facts += _pretraining(problem)
    names = (problem.name, problem.family, problem.dim, problem.instance, problem.kind)
    constants = (placement.p, placement.q, placement.shift, placement.centre, placement.rotation)
    return definition_digest(declared, functions, names, facts, constants)


def _pretraining(problem):
    """Return what determines the starts of a fine-tuned net, besides the net itself."""
    source, declared = problem.pretraining, problem.definition.pretrained
    rule = tuple(part_hash(part) for part in source.optimizer.parts)
    identity = problem_identity(source.problem)
    return identity, rule, source.optimizer.label, declared.steps, declared.head
