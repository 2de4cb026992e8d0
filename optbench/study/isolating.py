"""Pairs with code of the user's, run by workers: what it does costs its own pairs alone.

Each thread of a study that meets such a pair borrows a worker and waits for it. The store, the
order of cells and all that is counted stay here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optbench.catalog import finding
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.limits import MB, Limits
from optbench.define.lookup import Names
from optbench.kernels.memory.capacity import available_memory
from optbench.rules import ownership, registry
from optbench.study.advancing import Step, advance, first_identity
from optbench.study.cost import pair_costs
from optbench.study.orders import Order, read_folders
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.study_run import StudyRun
from optbench.study.supervising import Worker, worker
from optbench.study.tuning import TuningFacts, first_cell, keep

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
    if isinstance(thing, ProblemDefinition | NetDefinition):
        bare = thing.name.partition("[")[0]
    else:
        bare = thing.name
    there = names.definitions.get(bare)
    return there is not None and there.place == thing.place


def share_of_memory(workers: int) -> float:
    """Return the megabytes that each of several workers may take by default."""
    return max(LEAST_SHARE, available_memory() / MB / workers)


def for_this_process(limits: Limits) -> Limits:
    """Return limits of what is met in forks of this process, one after another."""
    return Limits(limits.timeout, limits.memory or share_of_memory(1))


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

    def tune_and_score(self, pair: Pair, run: StudyRun) -> TuningFacts:
        """Run the cells of a pair in a worker; see `tuning.tune_and_score`.

        Raises
        ------
        UserCodeError
            If something of the pair raises, ends the worker, or takes too long or too much memory.
        StoppedError
            If the study was told to stop.
        """
        with worker(self.limits.memory) as own:
            return self._run(pair, own)

    def _run(self, pair: Pair, own: Worker) -> TuningFacts:
        run = self.run
        known: dict[str, Arrays] = {}
        order = Order.of(pair, run.study, self.folders)
        expected = max(cost.seconds for cost in pair_costs(pair, run.study))
        step = self._step(own, order, 0.0)
        while step.facts is None:
            assert step.identity is not None and step.names is not None
            identity, wanted = step.identity, None
            if run.store.has(identity):
                known[identity] = run.store.get(identity)[1]
                run.store.name(*step.names, identity, lambda: run.progress.add(pair, 0))
            else:
                wanted = identity
            step = self._step(own, replace(order, known=known, wanted=wanted), expected)
            if step.computed is not None:
                keep(step.computed, pair, run)
                known[identity] = step.computed.arrays
        return step.facts

    def _step(self, own: Worker, order: Order, expected: float) -> Step:
        """Have a worker take a step that is expected to last so many seconds."""
        return own.call(
            advance, order, limits=self.limits, seconds=self.limits.seconds(expected),
            stop=self.run.stop,
        )  # fmt: skip
