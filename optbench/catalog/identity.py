"""What tells one problem's results from another's: the hash of all that determines its numbers.

Of a definition it is found once: code is walked. What differs by instance is hashed by its bytes,
except for data of the catalog's names: those are hashed once, an instance by its choice of rows.
"""

import functools
import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Problem
from optbench.catalog.net import NetInstance, Pretraining
from optbench.catalog.stages import function_of
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.kernels.authors.perturbed import Perturbed
from optbench.kernels.compiling.contents import add_arrays, definition_digest
from optbench.kernels.memory.operations import FIRST_LOSS
from optbench.rules.identity import part_hash

Functions = tuple[Any, ...]


@functools.lru_cache(maxsize=16384)
def problem_identity(problem: Problem) -> str:
    """Return the hash of everything that determines a problem's numbers, seeds apart.

    Functions count with the helpers and constants that they refer to, as they are in this process;
    comments and the place in the file do not count.

    Raises
    ------
    DefinitionError
        If a function uses a value whose content is not known.
    """
    placement, declared = problem.placement, problem.definition
    digest = hashlib.sha256(_definition_identity(declared, _functions(declared)).encode())
    names = (problem.name, problem.family, problem.dim, problem.instance, problem.kind)
    f_min = None if problem.f_min is None else float(problem.f_min).hex()
    numbers: tuple[Any, ...] = (f_min, float(placement.scale).hex(), placement.work_size)
    if placement.kept:
        numbers = (*numbers, placement.kept)
    digest.update(repr((names, numbers)).encode())
    low, high = problem.box or (None, None)
    add_arrays(digest, problem.start, low, high, problem.minimum)
    add_arrays(digest, _integers(problem), placement.shift, placement.centre, placement.rotation)
    data = None if declared.data is None else _data_digest(declared.data, problem.instance)
    if data is None:
        add_arrays(digest, placement.p)
    else:
        digest.update(data)
    if isinstance(problem, NetInstance) and problem.pretraining is not None:
        digest.update(repr(_pretraining_facts(problem.pretraining, problem.definition)).encode())
    return digest.hexdigest()


def _data_digest(name: str, instance: int) -> bytes | None:
    """Return what `data_identity.data_digest` does, or None of data that the catalog has not."""
    from optbench.catalog import data_identity  # with all of data, which surfaces do without

    return data_identity.data_digest(name, instance)


def _integers(problem: Problem) -> NDArray[np.int64]:
    """Return the integers of a problem that are the same in every process."""
    q: NDArray[np.int64] = problem.placement.q
    if isinstance(problem.definition, NetDefinition) and not isinstance(
        problem.definition.loss, str
    ):
        from optbench.nets import packing

        q = q.copy()
        q[packing.LOSS] = FIRST_LOSS  # which loss it is, its function says
    return q


def _functions(declared: ProblemDefinition | NetDefinition) -> Functions:
    """Return an author's functions and those that perturb.

    Decorators may add some after the definition is made.
    """
    if isinstance(declared, NetDefinition):
        return () if isinstance(declared.loss, str) else (declared.loss,)
    function = function_of(declared)
    stages = function.stage_functions if isinstance(function, Perturbed) else ()
    return declared.function, declared.metrics_function, declared.solver_function, *stages


@functools.lru_cache(maxsize=1024)
def _definition_identity(declared: ProblemDefinition | NetDefinition, functions: Functions) -> str:
    """Return the hash of what all instances have in common."""
    if isinstance(declared, NetDefinition):
        facts = _net_facts(declared)
    else:
        facts = _surface_facts(declared)
    digest: str = definition_digest(declared, functions, facts)
    return digest


def _surface_facts(declared: ProblemDefinition) -> tuple[Any, ...]:
    """Return what determines all instances of a surface, besides its functions."""
    return declared.data, declared.batch, declared.targets, declared.scratch


def _net_facts(declared: NetDefinition) -> tuple[Any, ...]:
    """Return what determines all instances of a net."""
    loss = declared.loss if isinstance(declared.loss, str) else "an author's"
    layered = (repr(declared.layers), declared.input) if declared.layers else ()
    return (
        declared.data, declared.sizes, declared.activation, loss, declared.batch,
        declared.loss_target, declared.init, declared.gain, declared.options, declared.scaling,
        declared.training, declared.classes, *layered,
    )  # fmt: skip


def _pretraining_facts(pretraining: Pretraining, declared: NetDefinition) -> tuple[Any, ...]:
    """Return what determines the starts of a fine-tuned net, besides the net itself."""
    assert declared.pretrained is not None
    rule = tuple(part_hash(part) for part in pretraining.optimizer.parts)
    identity = problem_identity(pretraining.problem)
    steps, head = declared.pretrained.steps, declared.pretrained.head
    return identity, rule, pretraining.optimizer.label, steps, head
