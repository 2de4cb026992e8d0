"""What tells one problem's results from another's: the hash of all that determines its numbers."""

import functools
from typing import Any

from optbench.catalog.instance import Problem
from optbench.catalog.net import NetInstance, Pretraining
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.kernels.compiling.contents import definition_digest
from optbench.rules.identity import part_hash


@functools.lru_cache(maxsize=512)
def problem_identity(problem: Problem) -> str:
    """Return the hash of everything that determines a problem's numbers, seeds apart.

    Functions count with the helpers and constants that they refer to, as they are in this process;
    comments and the place in the file do not count.
    """
    placement, declared = problem.placement, problem.definition
    functions: tuple[Any, ...] = ()
    if isinstance(declared, NetDefinition):
        facts = _net_facts(declared)
        if isinstance(problem, NetInstance) and problem.pretraining is not None:
            facts += _pretraining_facts(problem.pretraining, declared)
    else:
        functions = declared.function, declared.metrics_function, declared.solver_function
        facts = _surface_facts(problem, declared)
    names = (problem.name, problem.family, problem.dim, problem.instance, problem.kind)
    constants = (placement.p, placement.q, placement.shift, placement.centre, placement.rotation)
    identity: str = definition_digest(declared, functions, names, facts, constants)
    return identity


def _surface_facts(problem: Problem, declared: ProblemDefinition) -> tuple[Any, ...]:
    """Return what determines a surface, besides its functions and constants."""
    return (
        problem.start, problem.box, problem.minimum, problem.f_min, declared.data,
        declared.batch, declared.targets, declared.scratch,
    )  # fmt: skip


def _net_facts(declared: NetDefinition) -> tuple[Any, ...]:
    """Return what determines a net, besides its constants."""
    return (
        declared.data, declared.sizes, declared.activation, declared.loss, declared.batch,
        declared.loss_target, declared.init, declared.gain, declared.options, declared.scaling,
        declared.training, declared.classes,
    )  # fmt: skip


def _pretraining_facts(pretraining: Pretraining, declared: NetDefinition) -> tuple[Any, ...]:
    """Return what determines the starts of a fine-tuned net, besides the net itself."""
    assert declared.pretrained is not None
    rule = tuple(part_hash(part) for part in pretraining.optimizer.parts)
    identity = problem_identity(pretraining.problem)
    steps, head = declared.pretrained.steps, declared.pretrained.head
    return identity, rule, pretraining.optimizer.label, steps, head
