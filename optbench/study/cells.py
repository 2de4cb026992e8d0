"""From a study to pairs and cells: what exactly is run, and what identifies it.

A *pair* is one optimizer setting on one problem in one dimension. A *cell* is a pair in one
instance and one phase, with all its rates and seeds; its identity is a hash of everything that
determines its numbers.
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optbench.catalog import finding
from optbench.catalog.building import make
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.define.definitions import NetDefinition
from optbench.errors import DefinitionError
from optbench.lanes.runnable import Runnable
from optbench.lanes.solvers import METHODS, Solver
from optbench.lanes.targets import success
from optbench.rules import compose, registry
from optbench.rules.identity import part_hash
from optbench.rules.schedules import factors
from optbench.study.fields import StudyError
from optbench.study.grid import Grid
from optbench.study.numeric_code import numeric_code

TUNING, SCORING = "tuning", "scoring"
NO_RATE = 1.0
"""Stands for the rate of a solver, which has none, and is not tuned."""


@dataclass(frozen=True)
class Pair:
    """An optimizer setting on a problem in one dimension, with its budget.

    Attributes
    ----------
    optimizer : Optimizer or Solver
    problem : Problem
        The canonical instance.
    budget : int
        Gradient evaluations of a lane; of mini-batches on data problems.
    device : {"cpu", "cuda"}
    fallback : bool
        Whether the CPU runs it where the device turns out not to.
    switch : kernels.cuda.switch.Switch or None
        A kernel that it shares with others.
    several_budgets : bool
        Whether the study runs the problem with other budgets too.
    """

    optimizer: Runnable
    problem: Problem
    budget: int
    device: str = "cpu"
    fallback: bool = False
    switch: object = None
    several_budgets: bool = False

    @property
    def steps(self):
        """Steps that the budget buys: SAM pays two evaluations, the full batch all examples."""
        return max(1, int(self.budget // self.evaluations_per_step))

    @property
    def evaluations_per_step(self):
        """Cost of a step in the units of the budget."""
        cost = float(self.optimizer.evaluations)
        if self.optimizer.full_batch and self.problem.examples:
            examples, batch = self.problem.examples
            cost *= examples / batch
        return cost

    def grid(self, chosen):
        """Return the study's grid of rates, or the one rate of an optimizer that is not tuned."""
        rate = self.optimizer.fixed_rate if self.optimizer.has_rate else NO_RATE
        return chosen.lr if rate is None else Grid(low=rate, high=rate, count=1)

    @property
    def problem_label(self):
        """Problem and dimension, and the budget where it tells two pairs apart."""
        budget = f", {self.budget} steps" if self.several_budgets else ""
        return self.problem.label + budget

    @property
    def key(self):
        """What tells the pair from all others of a study: labels of optimizer and problem."""
        return self.optimizer.label, self.problem_label

    @property
    def label(self):
        """Optimizer and problem, for messages."""
        return f"{self.optimizer.label} on {self.problem_label}"


@dataclass(frozen=True)
class Cell:
    """A pair in one instance and phase, with its rates and seeds.

    A net in the first instance of its phase is `watched`: looked into, see `probing`.
    """

    pair: Pair
    instance: int
    phase: str
    rates: tuple
    seeds: int
    dtype: str
    study_seed: int
    stop_at_target: bool
    target: float
    watched: bool = False

    @functools.cached_property
    def problem(self):
        """The instance that this cell runs."""
        canonical = self.pair.problem
        dim = None if canonical.kind == "net" else canonical.dim
        return make(canonical.definition, dim, self.instance)

    @property
    def scoring(self):
        """Whether its lanes are scored, not tuned on."""
        return self.phase == SCORING

    @property
    def names(self):
        """How the store names it: labels of optimizer and problem, phase, instance."""
        return (*self.pair.key, self.phase, self.instance)

    @property
    def lanes(self):
        """Number of lanes: every rate with every seed."""
        return len(self.rates) * self.seeds

    @functools.cached_property
    def identity(self):
        """Hash of everything that determines the cell's numbers.

        The CPU is kept beside: the same bytes come from the same processor, and elsewhere results
        are statistically equal, so that a run may go on on another machine.
        """
        optimizer = self.pair.optimizer
        facts = {
            "code": numeric_code(),
            "optimizer": [part_hash(part) for part in optimizer.parts],
            "values": optimizer.values,
            "schedule": factors(optimizer.schedule, self.pair.steps).tobytes().hex(),
            "problem": problem_identity(self.problem),
            "instance": self.instance,
            "phase": self.phase,
            "rates": [float(rate).hex() for rate in self.rates],
            "seeds": self.seeds,
            "steps": self.pair.steps,
            "dtype": self.dtype,
            "study_seed": self.study_seed,
            "stop_at_target": self.stop_at_target,
            "target": float(success(self.problem, self.target).target).hex(),
            "watched": self.watched,
            "device": self.pair.device,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def expand(chosen, folders=()):
    """Expand a study into pairs.

    Parameters
    ----------
    chosen : Study
    folders : tuple of path
        The user's own folders of problems and optimizers.

    Returns
    -------
    pairs : list of Pair
    skipped : list of LeftOut
        Those whose problem is defined wrongly are `Failed`.

    Raises
    ------
    UserError
        If a name is unknown, a dimension does not exist, or something is asked for twice.
    """
    optimizers = _once("optimizer", _optimizers(chosen, folders), lambda one: one.label)
    entries = [
        (problem, entry.steps or chosen.steps, entry.name)
        for number, entry in enumerate(chosen.problems)
        for problem in _problems(chosen, number, folders)
    ]
    problems = _once(
        "problem",
        [((problem, steps), name) for problem, steps, name in entries],
        lambda one: f"{one[0].label} with {one[1]} steps",
    )
    labels = [problem.label for problem, _ in problems]
    pairs, skipped = [], []
    for problem, steps in problems:
        if isinstance(problem, _Broken):
            skipped += [Failed(one.label, problem.label, problem.reason) for one in optimizers]
            continue
        several = labels.count(problem.label) > 1
        for optimizer in optimizers:
            pair = Pair(optimizer, problem, steps, several_budgets=several)
            reason = optimizer.wants(problem)
            if reason:
                skipped.append(LeftOut(*pair.key, reason))
            else:
                pairs.append(pair)
    return pairs, skipped


class LeftOut(NamedTuple):
    """A pair that is not run, and why."""

    optimizer: str
    label: str
    reason: str


class Failed(LeftOut):
    """A pair that cannot be run since something of it is defined wrongly."""


class _Broken(NamedTuple):
    """Stands for a problem whose definition turned out to be wrong when it was made."""

    label: str
    reason: str


def listed_optimizers(chosen, folders=()):
    """Return the optimizers that a study names; see `expand`."""
    return [one for one, _ in _optimizers(chosen, folders)]


def listed_problems(chosen, folders=()):
    """Return an entry for each problem that a study names, settings kept."""
    return [
        entry.model_copy(update={"name": name})
        for number, entry in enumerate(chosen.problems)
        for name in _problem_names(chosen, number, folders)
    ]


def _optimizers(chosen, folders):
    """Yield (optimizer, the entry that asks for it)."""
    for number, entry in enumerate(chosen.optimizers):
        name, bracket, settings = entry.partition("[")
        with chosen.locating("optimizers", number):
            for one in registry.named(folders).select(name):
                if one in METHODS and not bracket:
                    yield Solver(one), entry
                else:
                    yield compose.optimizer(one + bracket + settings, folders), entry


def _once(word, asked, label):
    """Return what is asked for; refuse what two entries ask for, naming both."""
    entries = {}
    for one, entry in asked:
        first = entries.setdefault(label(one), (one, entry))[1]
        if entries[label(one)][0] is not one:
            raise StudyError(
                f"the {word} {label(one)} is asked for twice, by {first!r} and by {entry!r}; "
                "remove one of them"
            )
    return [one for one, _ in entries.values()]


def _problem_names(chosen, number, folders):
    with chosen.locating("problems", number):
        return finding.named(folders).select(chosen.problems[number].name)


def _problems(chosen, number, folders):
    """Yield the problems of an entry of a study in all its dimensions."""
    entry, names = chosen.problems[number], finding.named(folders)
    for definition in map(names.find, _problem_names(chosen, number, folders)):
        dims = (None,) if isinstance(definition, NetDefinition) else entry.dims or definition.dims
        for dim in dims:
            try:
                with chosen.locating("problems", number):
                    problem = make(definition, dim)
            except DefinitionError as error:  # harms its own pairs, and no other's
                size = "" if dim is None else f" (d={dim})"
                problem = _Broken(definition.name + size, str(error))
            yield problem


def cells(pair, chosen, phase, rates):
    """Return the cells of a pair in one phase."""
    tuning = phase == TUNING
    instances = chosen.tuning_instances if tuning else chosen.scoring_instances
    return [
        Cell(
            pair,
            instance,
            phase,
            tuple(np.asarray(rates).tolist()),
            chosen.seeds,
            chosen.dtype,
            chosen.study_seed,
            chosen.stop_at_target and not tuning,
            chosen.target,
            pair.problem.kind == "net" and instance == instances[0],
        )  # fmt: skip
        for instance in instances
    ]
