"""All that the pairs of a study need is compiled before they run, so that times are told apart.

Numba compiles one function at a time in a process, and the kernels of nets take as long as all
others of a small study together: a process of its own compiles them while this one compiles all
else. What it compiles is handed on through the cache.
"""

import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np

from optbench.catalog import finding, plain
from optbench.catalog.net import NetInstance
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.lanes.simulating import compile_functions
from optbench.study.pairs import Pair, PairKey
from optbench.study.study_run import PairErrors, StudyRun
from optbench.study.trials import RATE, searched
from optbench.waiting import tell

CODE = """
import json, sys
from optbench.kernels.cpu.driver import driver
from optbench.nets.network import prepare
for dtype, names in json.loads(sys.argv[1]).items():
    for name in names:
        prepare(name, dtype)
    driver(dtype)
"""
"""What the other process runs; its argument is dtype -> names, see `network.prepare`."""
LONGEST = 300.0
"""Seconds after which a process that compiles is given up: it takes about ten."""


def compile_pairs(pairs: Sequence[Pair], run: StudyRun) -> list[Pair]:
    """Compile all that the pairs need; return those that compile, the others have failed."""
    began = time.perf_counter()
    nets = [pair for pair in pairs if pair.problem.kind == "net"]
    surfaces = [pair for pair in pairs if pair.problem.kind != "net"]
    with compile_nets_aside(nets):
        compiled = _compile_each(surfaces, run, 0, len(pairs))
        _compile_drivers(surfaces)
    compiled |= _compile_each(nets, run, len(compiled), len(pairs))
    _compile_drivers(nets)
    for dtype in {pair.dtype for pair in nets}:
        from optbench.nets import diagnosis

        tell("compiling nets")
        diagnosis.compiled(dtype)
    run.progress.compile_seconds = time.perf_counter() - began
    return [pair for pair in pairs if pair.key in compiled]


def _compile_drivers(pairs: Sequence[Pair]) -> None:
    """Compile the driver of every dtype that the pairs run in on the CPU."""
    from optbench.kernels.cpu.driver import driver

    for dtype in sorted({pair.dtype for pair in pairs if pair.device == "cpu"}):
        tell("compiling the driver")
        driver(np.dtype(dtype))


def _compile_each(pairs: Sequence[Pair], run: StudyRun, before: int, total: int) -> set[PairKey]:
    """Compile each pair; return the keys of those that compile.

    `before` of `total` pairs have been compiled, for the message.
    """
    compiled: set[PairKey] = set()
    for pair in pairs:
        tell(f"compiling {pair.label}", before + len(compiled) + 1, total)
        with PairErrors(pair, run) as outcome:
            _check_own(pair.problem.definition, pair.problem.dim)
            space = run.study.space
            by_lane = space != RATE and bool(searched(pair.optimizer, space).keys() - {RATE})
            compile_functions(pair.problem, pair.optimizer, pair.dtype, pair.device, by_lane)
        if outcome.failed:
            run.progress.pair_done(pair)
        else:
            compiled.add(pair.key)
    return compiled


@functools.cache
def _check_own(definition: ProblemDefinition | NetDefinition, dim: int) -> None:
    """Refuse a problem of the user's that reads beyond its coordinates or is not finite at once.

    Compiled code checks no bounds: it would run on numbers that are somebody else's.
    """
    if finding.is_own(definition):
        plain.check_at_start(definition, None if isinstance(definition, NetDefinition) else dim)


@contextlib.contextmanager
def compile_nets_aside(pairs: Sequence[Pair]) -> Iterator[None]:
    """Have another process compile the kernels that `pairs` of nets need, until the block ends.

    Nothing is done for what the cache has or cannot keep, nor on a single processor. A kernel that
    fails there is compiled again, and fails again, where it is used.
    """
    dtypes = {pair.dtype for pair in pairs} if (os.cpu_count() or 1) > 1 else set()
    missing = {dtype: _missing_kernels(pairs, dtype) for dtype in sorted(dtypes)}
    missing = {dtype: names for dtype, names in missing.items() if names}
    if not missing:
        yield
        return
    command = [sys.executable, "-c", CODE, json.dumps(missing)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:  # fmt: skip
        try:
            yield
            tell("waiting for the kernels of nets")
            with contextlib.suppress(subprocess.TimeoutExpired):  # then they are compiled here
                process.wait(LONGEST)
        finally:
            process.kill()


def _missing_kernels(pairs: Sequence[Pair], dtype: str) -> list[str]:
    """Return the names of the kernels of nets that have to be compiled."""
    nets = [
        pair.problem
        for pair in pairs
        if pair.device == "cpu" and pair.dtype == dtype and isinstance(pair.problem, NetInstance)
    ]
    if not nets:
        return []
    from optbench.nets import network

    operations = dict.fromkeys(name for problem in nets for name in problem.net.operations)
    names = network.names_of(operations, any(problem.net.training.adjusts for problem in nets))
    return [name for name in names if not network.is_kept(name, dtype)]
