"""Pairs with code of the user's, run by workers: what it does costs its own pairs alone.

Each thread of a study that meets such a pair borrows a worker and waits for it. The store, the
order of cells and all that is counted stay here.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optbench.catalog import finding
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.limits import MB, Limits
from optbench.define.lookup import Names
from optbench.define.machine_memory import available_memory
from optbench.rules import ownership, registry
from optbench.rules.guests.rule import GuestRule
from optbench.study.advancing import advance, first_identity
from optbench.study.cost import pair_costs
from optbench.study.orders import Order, content, read_folders
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.study_run import StudyRun
from optbench.study.supervising import Worker, worker
from optbench.study.tuning import TuningFacts, first_cell, keep

SHORT = 1.0
"""Seconds that a pair is expected to take, below which a worker sends all its cells together."""
MANY = 99
LEAST_SHARE = 1000.0
"""Megabytes that a worker has by default, however many there are and however little is free."""


def is_apart(pair: Pair, folders: Sequence[Path]) -> bool:
    """Say whether a worker runs a pair: whether code in it is the user's.

    A worker finds it by name. What no file or package declares at its top level, such as a problem
    that a script has made, runs in this process; so does what runs on a device.
    """
    if pair.device != "cpu" or not has_own_code(pair):
        return False
    own = [part for part in pair.optimizer.parts if ownership.is_own(part)]
    definition = pair.problem.definition
    is_own = finding.is_own(definition)
    rules, problems = registry.named(folders), finding.named(folders)
    return all(_is_named(part, rules) for part in own) and (
        not is_own or _is_named(definition, problems)
    )


def has_own_code(pair: Pair) -> bool:
    """Say whether something of a pair is the user's, wherever it is declared."""
    is_own = finding.is_own(pair.problem.definition)
    return is_own or any(map(ownership.is_own, pair.optimizer.parts))


def _is_named(thing: Any, names: Names[Any]) -> bool:
    """Say whether a look-up by name finds a definition, or what it is made of."""
    if isinstance(thing, GuestRule):
        return thing.by_name
    if isinstance(thing, ProblemDefinition | NetDefinition):
        bare = thing.name.partition("[")[0]
    else:
        bare = thing.name
    there = names.definitions.get(bare)
    return there is not None and there.place == thing.place


@functools.cache
def share_of_memory(workers: int) -> float:
    """Return the megabytes that each of several workers may take by default.

    It is found once, so that the next study finds the workers of the last one.
    """
    share: float = max(LEAST_SHARE, available_memory() / MB / workers)
    return share


class Isolation:
    """The pairs of a study that workers run.

    Parameters
    ----------
    pairs : iterable of Pair
        All pairs of the study.
    run : StudyRun
    workers : int
        How many there are at once, at most: the threads of the study.
    """

    def __init__(self, pairs: Iterable[Pair], run: StudyRun, workers: int) -> None:
        self.run = run
        self.keys = {pair.key for pair in pairs if is_apart(pair, run.folders)}
        self.folders = read_folders(run.folders) if self.keys else ()
        memory = run.limits.memory
        self.limits = Limits(run.limits.timeout, memory or share_of_memory(workers))
        self.resumes = bool(run.store.identities)

    def __contains__(self, pair: Pair) -> bool:
        return pair.key in self.keys

    def first_identity(self, pair: Pair) -> str:
        """Return the identity of the cell that any pair of the study begins with."""
        if pair not in self:
            return first_cell(pair, self.run.study).identity
        order = Order.of(pair, self.run.study, self.folders)
        with worker(self.limits.memory) as own:
            return own.call(
                first_identity, order, limits=self.limits, seconds=self.limits.seconds()
            )

    def content(self, pair: Pair) -> str:
        """Return the hash of what a pair is, its files included where workers run it."""
        own = content(pair)
        if pair not in self or not own:
            return own
        return "-".join((own, *(folder.digest for folder in self.folders)))

    def tune_and_score(self, pair: Pair, run: StudyRun) -> TuningFacts:
        """Run the cells of a pair in a worker; see `tuning.tune_and_score`.

        Raises
        ------
        UserCodeError
            If something of the pair raises, ends the worker, or takes too long or too much memory.
        StoppedError
            If the study was told to stop.
        """
        run.progress.begin_cell(pair, "running in a process of its own:")
        with worker(self.limits.memory) as own:
            return self._run(pair, own)

    def _run(self, pair: Pair, own: Worker) -> TuningFacts:
        """Have a worker compute the cells of a pair that the store lacks."""
        run, known = self.run, dict[str, Arrays]()
        order = Order.of(pair, run.study, self.folders)
        costs = [cost.seconds for cost in pair_costs(pair, run.study)]
        at_once = MANY if sum(costs) < SHORT else 1
        seconds = self.limits.seconds(sum(costs) if at_once == MANY else max(costs))
        cells = 0 if self.resumes else at_once
        while True:
            step = own.call(
                advance, replace(order, known=known, cells=cells), limits=self.limits,
                seconds=seconds, stop=run.stop,
            )  # fmt: skip
            for computed in step.computed:
                keep(computed, pair, run)
                known[computed.identity] = computed.arrays
            if step.facts is not None:
                return step.facts
            assert step.identity is not None and step.names is not None
            cells = at_once
            if run.store.has(step.identity):
                known[step.identity] = run.store.get(step.identity)[1]
                run.store.name(*step.names, step.identity, lambda: run.progress.add(pair, 0))
                cells = 0  # the next one may be stored, too
