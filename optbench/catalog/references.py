"""The reference values of problems, and the minimisers of data problems."""

import functools
import math
import weakref
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from optbench.catalog import convex, solved
from optbench.catalog.building import make
from optbench.catalog.instance import Floats, Problem
from optbench.define.definitions import ProblemDefinition
from optbench.kernels.memory.capacity import processors


class Reference(NamedTuple):
    """The value that gaps are measured from, NaN if it is unknown, and where it is from."""

    value: float
    source: Literal["declared", "solver", "none"]


_WHAT = f"reference value {solved.code(convex.__file__)}"
_SOLVED: weakref.WeakKeyDictionary[Problem, float] = weakref.WeakKeyDictionary()
"""What this process has solved or read."""


def reference(problem: Problem) -> Reference:
    """Return the declared minimum, else a solver's, else (NaN, "none"), as of nets.

    A solver's is looked up where earlier processes kept it, see `catalog.solved`.
    """
    return reference_values([problem])[0]


def reference_values(problems: Iterable[Problem], threads: int | None = None) -> list[Reference]:
    """Return the `reference` of each problem; those to be solved are solved side by side.

    Parameters
    ----------
    problems : iterable of Problem
    threads : int, optional
        By default the number of processors.

    Raises
    ------
    UserError
        If a solver finds no minimiser.
    """
    problems = [_with_this_least_value(problem) for problem in problems]
    missing = []
    for problem in dict.fromkeys(filter(_needs_solver, problems)):
        if problem not in _SOLVED:
            value = solved.stored(_WHAT, problem)
            if value is None:
                missing.append(problem)
            else:
                _SOLVED[problem] = value
    if missing:
        values = dict(zip(missing, _solve(missing, threads or processors()), strict=True))
        _SOLVED.update(values)
        solved.store(_WHAT, values)
    return [_reference(problem) for problem in problems]


def _with_this_least_value(problem: Problem) -> Problem:
    """Return the plain instance of a problem whose objective no perturbation changes."""
    definition = problem.definition
    if not isinstance(definition, ProblemDefinition) or definition.base is None:
        return problem
    if any(one.perturbation.changes_objective for one in definition.perturbations):
        return problem
    return make(definition.base, problem.dim, problem.instance)


def _needs_solver(problem: Problem) -> bool:
    """Say whether a problem has no declared minimum, but one that can be found."""
    return problem.f_min is None and problem.kind == "data" and "convex" in problem.tags


def _reference(problem: Problem) -> Reference:
    """Return the reference of a problem that was solved if it had to be."""
    if problem.f_min is not None:
        return Reference(float(problem.f_min), "declared")
    if problem in _SOLVED:
        return Reference(_SOLVED[problem], "solver")
    return Reference(math.nan, "none")


def _solve(problems: list[Problem], threads: int) -> list[float]:
    """Return the least value of each problem."""
    if len(problems) == 1 or threads == 1:
        return list(map(_least_value, problems))
    problems[0].compiled(np.float64)  # once, not by all threads
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(_least_value, problems))


def _least_value(problem: Problem) -> float:
    return float(problem.value(solution(problem)))


@functools.lru_cache(maxsize=512)
def solution(problem: Problem) -> Floats:
    """Return the minimiser [d] of a convex data problem, as a solver finds it.

    Raises
    ------
    UserError
        If none is found.
    """
    assert isinstance(problem.definition, ProblemDefinition) and problem.start is not None
    solver = problem.definition.solver_function
    if solver is not None:
        return np.asarray(solver(problem.placement.p, problem.placement.q))
    return convex.smooth_convex(problem.value_and_grad, problem.start)
