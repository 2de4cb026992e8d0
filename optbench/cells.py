"""From a study to pairs and cells: what exactly is run, and what identifies it.

A *pair* is one optimizer setting on one problem in one dimension. A *cell* is a pair in one
instance and one phase, with all its rates and seeds; its identity is a hash of everything that
determines its numbers.
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optbench import catalog, study
from optbench.baselines import METHODS, Baseline
from optbench.declared import NetDefinition
from optbench.identity import contents
from optbench.instances import Problem
from optbench.making import make
from optbench.rules import compose, registry
from optbench.rules.schedules import factors

TUNING, SCORING = "tuning", "scoring"


@dataclass(frozen=True)
class Pair:
    """An optimizer setting on a problem in one dimension, with its budget.

    Attributes
    ----------
    optimizer : Optimizer or Baseline
    problem : Problem
        The canonical instance.
    budget : int
        Gradient evaluations of a lane; of mini-batches on data problems.
    device : {"cpu", "cuda"}
    fallback : bool
        Whether the CPU runs it where the device turns out not to.
    switch : cuda_switch.Switch or None
        A kernel that it shares with others.
    """

    optimizer: object
    problem: Problem
    budget: int
    device: str = "cpu"
    fallback: bool = False
    switch: object = None

    @property
    def steps(self):
        """Steps that the budget buys: SAM pays two evaluations, the full batch all examples."""
        return max(1, int(self.budget // self.evaluations_per_step))

    @property
    def evaluations_per_step(self):
        """Cost of a step in the units of the budget."""
        cost = float(self.optimizer.evaluations)
        if self.optimizer.rule.full_batch and self.problem.examples:
            examples, batch = self.problem.examples
            cost *= examples / batch
        return cost

    def grid(self, chosen):
        """Return the study's grid of rates, or the one rate that the optimizer was given."""
        if "lr" not in dict(self.optimizer.given):
            return chosen.lr
        return study.Grid(low=self.optimizer.lr, high=self.optimizer.lr, count=1)

    @property
    def label(self):
        """Optimizer and problem, for messages."""
        return f"{self.optimizer.label} on {self.problem.label}"


@dataclass(frozen=True)
class Cell:
    """A pair in one instance and phase, with its rates and seeds.

    A net in the first instance of its phase is `watched`: looked into, see `optbench.inside`.
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
        dim = None if canonical.net is not None else canonical.dim
        return make(canonical.definition, dim, self.instance)

    @property
    def lanes(self):
        """Number of lanes: every rate with every seed."""
        return len(self.rates) * self.seeds

    @functools.cached_property
    def identity(self):
        """Hash of everything that determines the cell's numbers."""
        optimizer = self.pair.optimizer
        facts = {
            "engine": engine_hash(),
            "optimizer": [part_hash(part) for part in optimizer.parts],
            "values": optimizer.values,
            "schedule": factors(optimizer.schedule, self.pair.steps).tobytes().hex(),
            "problem": self.problem.identity,
            "instance": self.instance,
            "phase": self.phase,
            "rates": [float(rate).hex() for rate in self.rates],
            "seeds": self.seeds,
            "steps": self.pair.steps,
            "dtype": self.dtype,
            "study_seed": self.study_seed,
            "stop_at_target": self.stop_at_target,
            **({"watched": True} if self.watched else {}),
            **({"device": self.pair.device} if self.pair.device != "cpu" else {}),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@functools.cache
def engine_hash():
    """Hash of the files that turn definitions into numbers."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(
        [*folder.glob("kernels/**/*.py"), *folder.glob("nets/**/*.py"), folder / "inside.py"]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def part_hash(part):
    """Hash of a rule's or wrapper's functions and declarations."""
    functions = [part.functions[kind] for kind in sorted(part.functions)]
    facts = (
        part.name, part.state, part.lane_state, part.iterate, part.evaluations, part.layerwise,
        sorted(part.functions),
    )  # fmt: skip
    return contents(part, functions, facts)


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
    skipped : list of (optimizer label, problem label, reason)

    Raises
    ------
    UserError
        If a name is unknown or a dimension does not exist.
    """
    optimizers = []
    for entry in chosen.optimizers:
        if entry in METHODS:
            optimizers.append(Baseline(entry))
            continue
        name, bracket, settings = entry.partition("[")
        for rule in study.select([name], list(registry.optimizers(folders)), "optimizer"):
            optimizers.append(compose.optimizer(rule + bracket + settings, folders))
    pairs, skipped = [], []
    for entry in chosen.problems:
        for problem in _problems(entry, folders):
            for optimizer in optimizers:
                reason = optimizer.wants(problem)
                if reason:
                    skipped.append((optimizer.label, problem.label, reason))
                else:
                    pairs.append(Pair(optimizer, problem, entry.steps or chosen.steps))
    return pairs, skipped


def _problems(entry, folders):
    known = catalog.problems(tuple(folders))
    for name in study.select([entry.name], list(known), "problem"):
        definition = known[name]
        if isinstance(definition, NetDefinition):
            yield make(definition)
        else:
            for dim in entry.dims or definition.dims:
                yield make(definition, dim)


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
