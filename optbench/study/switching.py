"""Which pairs of a study share a kernel on CUDA: those that differ in problem and rule alone."""

from dataclasses import replace

import numpy as np

from optbench.catalog.building import make
from optbench.lanes.simulating import program


def switched(pairs, dtype):
    """Give the pairs on CUDA their switches (see `kernels.cuda.switch`).

    Parameters
    ----------
    pairs : list of Pair
    dtype : str

    Returns
    -------
    list of Pair
        In the same order; a pair that is alone in its switch stays without one.
    """
    chosen = {index: pair for index, pair in enumerate(pairs) if pair.device == "cuda"}
    if not chosen:
        return pairs
    from optbench.kernels.cuda.switch import Switch

    members = {index: _member(pair, np.dtype(dtype)) for index, pair in chosen.items()}
    result = list(pairs)
    for together in _tiles(members):
        if len(together) > 1:
            switch = Switch([members[i][:2] for i in together], members[together[0]][2])
            for index in together:
                result[index] = replace(pairs[index], switch=switch)
    return result


def _member(pair, dtype):
    """Return (program, what is fixed, coordinates) of a pair."""
    from optbench.kernels.cuda.launch import fixed_of

    problem = pair.problem
    if not problem.across:  # the canonical instance has no frame, others may have one
        problem = make(problem.definition, problem.dim, 1)
    compiled = program(problem, pair.optimizer, dtype, "cuda")
    exact, full_batch = problem.kind == "deterministic", pair.optimizer.full_batch
    return compiled, fixed_of(compiled, problem.placement, exact, full_batch), problem.dim


def _tiles(members):
    """Yield lists of pairs of one kind: each up to so many problems and so many rules."""
    from optbench.kernels.cuda.switch import MOST, kind, layout_key

    tiles, seen = {}, {}
    for index, (compiled, fixed, d) in members.items():
        if compiled.across:
            continue
        sort = kind(fixed, compiled.dtype, d)
        problems, rules = seen.setdefault(sort, ({}, {}))
        row = problems.setdefault(compiled.problem, len(problems)) // MOST
        column = rules.setdefault(layout_key(compiled.layout), len(rules)) // MOST
        tiles.setdefault((sort, row, column), []).append(index)
    return tiles.values()
