"""What tells one problem's results from another's: the hash of all that determines its numbers.

Of a definition it is found once: code is walked. What differs by instance is hashed by its bytes,
except for data of the catalog's names: those are hashed once, an instance by its choice of rows.
"""

import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Problem
from optbench.catalog.net import NetInstance, Pretraining
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.kernels.compiling.contents import definition_digest
from optbench.kernels.memory.operations import FIRST_LOSS
from optbench.nets import data, datasets, packing, scaling
from optbench.rules.identity import part_hash

Functions = tuple[Any, ...]

_DATA_CODE = b"".join(Path(str(part.__file__)).read_bytes() for part in (data, scaling))
"""What makes the numbers of an instance from a data set and rows of it, as it was at import."""


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
    numbers = (f_min, float(placement.scale).hex(), placement.work_size)
    digest.update(repr((names, numbers)).encode())
    low, high = problem.box or (None, None)
    _add(digest, problem.start, low, high, problem.minimum)
    _add(digest, _integers(problem), placement.shift, placement.centre, placement.rotation)
    if declared.data in datasets.NAMES:
        digest.update(_data_digest(declared.data, problem.instance))
    else:
        _add(digest, placement.p)
    if isinstance(problem, NetInstance) and problem.pretraining is not None:
        digest.update(repr(_pretraining_facts(problem.pretraining, problem.definition)).encode())
    return digest.hexdigest()


def _integers(problem: Problem) -> NDArray[np.int64]:
    """Return the integers of a problem that are the same in every process."""
    q: NDArray[np.int64] = problem.placement.q
    if isinstance(problem.definition, NetDefinition) and not isinstance(
        problem.definition.loss, str
    ):
        q = q.copy()
        q[packing.LOSS] = FIRST_LOSS  # which loss it is, its function says
    return q


def _add(digest: "hashlib._Hash", *arrays: NDArray[Any] | None) -> None:
    """Add arrays to a digest, and where each begins; None is none."""
    for array in arrays:
        if array is None:
            digest.update(b"none;")
        else:
            digest.update(f"{array.dtype.str}{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).data)


def _functions(declared: ProblemDefinition | NetDefinition) -> Functions:
    """Return an author's functions; decorators may add some after the definition is made."""
    if isinstance(declared, NetDefinition):
        return () if isinstance(declared.loss, str) else (declared.loss,)
    return declared.function, declared.metrics_function, declared.solver_function


@functools.lru_cache(maxsize=1024)
def _definition_identity(declared: ProblemDefinition | NetDefinition, functions: Functions) -> str:
    """Return the hash of what all instances have in common."""
    if isinstance(declared, NetDefinition):
        facts = _net_facts(declared)
    else:
        facts = _surface_facts(declared)
    digest: str = definition_digest(declared, functions, facts)
    return digest


@functools.lru_cache(maxsize=4096)
def _data_digest(name: str, instance: int) -> bytes:
    """Return a digest of a named data set and of its split in an instance."""
    drawn = datasets.load(name, instance=instance).drawn
    digest = hashlib.sha256(_set_digest(name, instance if drawn else 0))
    _add(digest, *data.split_indices(name, instance))
    return digest.digest()


@functools.lru_cache(maxsize=128)
def _set_digest(name: str, instance: int) -> bytes:
    """Return a digest of a named data set and of the code that scales and packs it."""
    raw = datasets.load(name, instance=instance)
    digest = hashlib.sha256(_DATA_CODE)
    digest.update(repr((raw.scaling, raw.scaled_answers, raw.classes, raw.labels)).encode())
    _add(digest, raw.X, raw.y)
    return digest.digest()


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
