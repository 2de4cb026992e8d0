"""All that the pairs of a study need is compiled before they run, so that times are told apart.

It is known before anything is compiled, so that several processes share it, the longest first (see
`lanes.pool`); then each pair takes what it needs from the cache.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from optbench.catalog import finding, plain
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.kernels.cpu.driver import driver
from optbench.lanes import units
from optbench.lanes.pool import Unit, compile_all
from optbench.lanes.runnable import Runnable
from optbench.lanes.simulating import compile_functions
from optbench.rules import ownership
from optbench.rules.compose import Optimizer
from optbench.study.pairs import Pair
from optbench.study.study_run import PairErrors, StudyRun
from optbench.study.trials import RATE, Space, searched, space_of


def compile_pairs(
    pairs: Sequence[Pair], run: StudyRun, processes: int, for_workers: Sequence[Pair] = ()
) -> list[Pair]:
    """Compile all that the pairs need; return those that compile, the others have failed.

    Parameters
    ----------
    pairs : sequence of Pair
    run : StudyRun
    processes : int
        How many may compile at once.
    for_workers : sequence of Pair
        Pairs that workers run and compile: what of them is ours is in the cache then.
    """
    began = time.perf_counter()
    checked = [pair for pair in pairs if _passes(pair, run, check_pair)]
    space = run.study.space
    wanted = units_of_pairs(checked, space)
    for pair in for_workers:
        with contextlib.suppress(Exception):  # the pair fails, with the reason, where it runs
            wanted += _our_units(pair, space)
    compile_all(wanted, processes)
    # The general driver first: where this process has it, it does what the small one would.
    by_driver = sorted(checked, key=lambda pair: not _needs_general(pair))
    compiled = functools.partial(compile_pair, space=space)
    failed = [pair for pair in by_driver if not _passes(pair, run, compiled)]
    run.progress.compile_seconds = time.perf_counter() - began
    return [pair for pair in checked if pair not in failed]


def units_of_pairs(pairs: Iterable[Pair], space: Space) -> list[Unit]:
    """Return what pairs on the CPU need, and statistics of nets; several times what several need.

    Where one needs the general driver, it is that of all. What cannot be told of a pair because
    something of it is wrong is left out: it fails, with the reason, where it is compiled.
    """
    return units.without_spare(_units_of_each(pairs, space))


def _units_of_each(pairs: Iterable[Pair], space: Space) -> Iterator[Unit]:
    """Yield what each pair needs by itself."""
    for pair in pairs:
        if pair.device == "cpu":
            by_lane = _is_by_lane(pair.optimizer, space)
            with contextlib.suppress(Exception):
                yield from units.units_of(pair.problem, pair.optimizer, pair.dtype, by_lane)
        if pair.problem.kind == "net":
            from optbench.lanes import net_units

            yield net_units.slopes_unit(pair.dtype)


def _our_units(pair: Pair, space: Space) -> Iterator[Unit]:
    """Yield what a pair with code of the user's needs beside that code."""
    optimizer, definition = pair.optimizer, pair.problem.definition
    if isinstance(optimizer, Optimizer):
        products = bool(optimizer.hessian_every)
        yield units.driver_unit(pair.dtype, _needs_general(pair), products)
        if not any(map(ownership.is_own, optimizer.parts)):
            by_lane = _is_by_lane(optimizer, space) and not pair.problem.across
            yield from units.rule_units(optimizer, pair.dtype, by_lane)
    has_code = not isinstance(definition, NetDefinition) or not isinstance(definition.loss, str)
    if not (has_code and finding.is_own(definition)):
        yield from units.problem_units(pair.problem, pair.dtype)


def _needs_general(pair: Pair) -> bool:
    """Say whether a pair needs the general driver of lanes."""
    return isinstance(pair.optimizer, Optimizer) and units.needs_general(
        pair.problem, pair.optimizer
    )


def _is_by_lane(optimizer: Runnable, space: Space) -> bool:
    """Say whether lanes of a tuning differ in more than the rate."""
    own = space_of(optimizer, space)
    return own != RATE and bool(searched(optimizer, own).keys() - {RATE})


def _passes(pair: Pair, run: StudyRun, step: Callable[[Pair], object]) -> bool:
    """Take a step with a pair; say whether it went well, if not the pair has failed."""
    with PairErrors(pair, run) as outcome:
        step(pair)
    if outcome.failed:
        run.progress.pair_done(pair)
    return not outcome.failed


def compile_pair(pair: Pair, space: Space) -> None:
    """Compile, or load, what a pair needs in this process."""
    by_lane = _is_by_lane(pair.optimizer, space)
    compile_functions(pair.problem, pair.optimizer, pair.dtype, pair.device, by_lane)
    if pair.device == "cpu" and isinstance(pair.optimizer, Optimizer):
        driver(np.dtype(pair.dtype), _needs_general(pair))
    if pair.problem.kind == "net":
        from optbench.nets import diagnosis

        diagnosis.compiled(pair.dtype)


def check_pair(pair: Pair) -> None:
    """Refuse what must not run as compiled code; see `_check_own`."""
    _check_own(pair.problem.definition, pair.problem.dim)


@functools.cache
def _check_own(definition: ProblemDefinition | NetDefinition, dim: int) -> None:
    """Refuse a problem of the user's that reads beyond its coordinates or is not finite at once.

    Compiled code checks no bounds: it would run on numbers that are somebody else's.
    """
    if finding.is_own(definition):
        plain.check_at_start(definition, None if isinstance(definition, NetDefinition) else dim)
