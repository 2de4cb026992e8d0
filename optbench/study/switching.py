"""Which pairs of a study share a kernel on CUDA: those that differ in problem and rule alone."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optbench.catalog.building import make
from optbench.kernels.driver.tasks import Program
from optbench.lanes.simulating import program
from optbench.rules.compose import Optimizer
from optbench.study.pairs import Pair, PairKey

if TYPE_CHECKING:
    from optbench.kernels.cuda.surface import Fixed
    from optbench.kernels.cuda.switch import Switch


class _Member(NamedTuple):
    """A pair as a switch takes it: its program, what its kernel fixes, its coordinates."""

    key: PairKey
    program: Program
    fixed: "Fixed"
    d: int


def switches(pairs: Sequence[Pair]) -> "dict[PairKey, Switch]":
    """Return the kernels that pairs on CUDA share, by `Pair.key`.

    Parameters
    ----------
    pairs : sequence of Pair

    Returns
    -------
    dict
        A pair that shares its kernel with no other is not in it.
    """
    on_cuda = [pair for pair in pairs if pair.device == "cuda"]
    if not on_cuda:
        return {}
    from optbench.kernels.cuda.switch import Switch

    shared = {}
    for tile in _tiles([_member(pair) for pair in on_cuda]):
        if len(tile) > 1:
            switch = Switch([(member.program, member.fixed) for member in tile], tile[0].d)
            shared.update({member.key: switch for member in tile})
    return shared


def _member(pair: Pair) -> _Member:
    from optbench.kernels.cuda.launch import fixed_of

    problem = pair.problem
    if not problem.across:  # the canonical instance has no frame, others may have one
        problem = make(problem.definition, problem.dim, 1)
    assert isinstance(pair.optimizer, Optimizer)  # solvers run on the CPU only
    compiled = program(problem, pair.optimizer, np.dtype(pair.dtype), "cuda")
    exact, full_batch = problem.kind == "deterministic", pair.optimizer.full_batch
    fixed = fixed_of(compiled, problem.placement, exact, full_batch)
    return _Member(pair.key, compiled, fixed, problem.dim)


def _tiles(members: Sequence[_Member]) -> Collection[list[_Member]]:
    """Return lists of members of one kind: each up to so many problems and so many rules."""
    from optbench.kernels.cuda.switch import MOST, kind, layout_key

    tiles: dict[object, list[_Member]] = {}
    seen: dict[object, tuple[dict[object, int], dict[object, int]]] = {}
    for member in members:
        compiled = member.program
        if compiled.across:
            continue
        group = kind(member.fixed, compiled.dtype, member.d)
        problems, rules = seen.setdefault(group, ({}, {}))
        row = problems.setdefault(compiled.problem, len(problems)) // MOST
        column = rules.setdefault(layout_key(compiled.layout), len(rules)) // MOST
        tiles.setdefault((group, row, column), []).append(member)
    return tiles.values()
